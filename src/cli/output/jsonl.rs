//! One line of JSON a sentence; offsets in code points of the document.

use std::io::{BufWriter, Result, Stdout, Write};

use regard::actor::Actor;
use regard::{CodePoints, Document, Label, Regarded, Report, Scores, Sentiment, Span, Stance, summary};
use serde_json::{Map, Value, json};

use super::{Writer, label};

pub(crate) struct Jsonl {
    out: BufWriter<Stdout>,
    summary: bool,
    min_confidence: f32,
}

impl Jsonl {
    pub(crate) fn new(out: BufWriter<Stdout>, summary: bool, min_confidence: f32) -> Self {
        Self { out, summary, min_confidence }
    }
}

impl Writer for Jsonl {
    fn write(&mut self, document: &Document, report: &Report<'_>) -> Result<()> {
        let points = CodePoints::new(&document.text);
        for (index, sentence) in report.sentences.iter().enumerate() {
            let actors: Vec<Value> =
                sentence.actors.iter().map(|actor| self.regarded(actor, document, &points)).collect();
            let line = json!({
                "document": document.id,
                "sentence": index,
                "language": report.language,
                "span": offsets(sentence.span, &points),
                "text": sentence.span.of(&document.text),
                "sentiment": sentence.sentiment.map(|scores| self.answer::<Sentiment>(scores)),
                "actors": actors,
                "truncated_tokens": sentence.truncated_tokens,
            });
            writeln!(self.out, "{line}")?;
        }
        if self.summary {
            let actors: Vec<Value> = summary(report, self.min_confidence)
                .iter()
                .map(|actor| {
                    let [against, neutral, favor] = actor.stances;
                    json!({
                        "id": actor.actor.id,
                        "sentences": actor.sentences,
                        "against": against,
                        "neutral": neutral,
                        "favor": favor,
                        "uncertain": actor.uncertain,
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

impl Jsonl {
    fn regarded(&self, regarded: &Regarded<'_>, document: &Document, points: &CodePoints<'_>) -> Value {
        let mentions = regarded.mentions.iter().map(|mention| {
            let (start, end) = points.of(*mention);
            json!({"start": start, "end": end, "text": mention.of(&document.text)})
        });
        let (id, name, kind) = match regarded.actor {
            Some(Actor { id, name, kind, .. }) => (json!(id), json!(name), json!(kind)),
            None => {
                (Value::Null, json!(regarded.mentions.first().map(|mention| mention.of(&document.text))), Value::Null)
            }
        };
        json!({
            "id": id,
            "name": name,
            "type": kind,
            "mentions": mentions.collect::<Vec<_>>(),
            "stance": regarded.stance.map(|scores| self.answer::<Stance>(scores)),
        })
    }

    /// The label and the probability of each.
    fn answer<L: Label>(&self, scores: Scores) -> Value {
        let named = L::NAMES.iter().zip(scores.0);
        let scores_by_name: Map<String, Value> =
            named.map(|(name, score)| ((*name).to_owned(), json!(rounded(f64::from(score))))).collect();
        json!({"label": label::<L>(scores, self.min_confidence), "scores": scores_by_name})
    }
}

/// Six digits: more than the model means, few enough to read.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
