//! One line of JSON a sentence; offsets in code points of the document.

use std::io::{BufWriter, Result, Stdout, Write};

use regard::actor::Actor;
use regard::{CodePoints, Document, Label, Regarded, Report, Scores, Sentiment, Span, Stance, summary};
use serde_json::{Map, Value, json};

use super::Writer;

pub(crate) struct Jsonl {
    out: BufWriter<Stdout>,
    summary: bool,
}

impl Jsonl {
    pub(crate) fn new(out: BufWriter<Stdout>, summary: bool) -> Self {
        Self { out, summary }
    }
}

impl Writer for Jsonl {
    fn write(&mut self, document: &Document, report: &Report<'_>) -> Result<()> {
        let points = CodePoints::new(&document.text);
        for (index, sentence) in report.sentences.iter().enumerate() {
            let actors: Vec<Value> = sentence.actors.iter().map(|actor| regarded(actor, document, &points)).collect();
            let line = json!({
                "document": document.id,
                "sentence": index,
                "language": report.language,
                "span": offsets(sentence.span, &points),
                "text": sentence.span.of(&document.text),
                "sentiment": sentence.sentiment.map(answer::<Sentiment>),
                "actors": actors,
                "truncated_tokens": sentence.truncated_tokens,
            });
            writeln!(self.out, "{line}")?;
        }
        if self.summary {
            let actors: Vec<Value> = summary(report)
                .iter()
                .map(|actor| {
                    let [against, neutral, favor] = actor.stances;
                    json!({
                        "id": actor.actor.id,
                        "sentences": actor.sentences,
                        "against": against,
                        "neutral": neutral,
                        "favor": favor,
                        "mean_score": rounded(actor.mean_score),
                    })
                })
                .collect();
            writeln!(self.out, "{}", json!({"document": document.id, "summary": actors}))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

fn offsets(span: Span, points: &CodePoints<'_>) -> Value {
    let (start, end) = points.of(span);
    json!({"start": start, "end": end})
}

fn regarded(regarded: &Regarded<'_>, document: &Document, points: &CodePoints<'_>) -> Value {
    let mentions = regarded.mentions.iter().map(|mention| {
        let (start, end) = points.of(*mention);
        json!({"start": start, "end": end, "text": mention.of(&document.text)})
    });
    let (id, name, kind) = match regarded.actor {
        Some(Actor { id, name, kind, .. }) => (json!(id), json!(name), json!(kind)),
        None => (Value::Null, json!(regarded.mentions.first().map(|mention| mention.of(&document.text))), Value::Null),
    };
    json!({
        "id": id,
        "name": name,
        "type": kind,
        "mentions": mentions.collect::<Vec<_>>(),
        "stance": regarded.stance.map(answer::<Stance>),
    })
}

/// The label and the probability of each.
fn answer<L: Label>(scores: Scores) -> Value {
    let named = L::NAMES.iter().zip(scores.0);
    let scores_by_name: Map<String, Value> =
        named.map(|(name, score)| ((*name).to_owned(), json!(rounded(f64::from(score))))).collect();
    json!({"label": scores.label::<L>().name(), "scores": scores_by_name})
}

/// Six digits: more than the model means, few enough to read.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
