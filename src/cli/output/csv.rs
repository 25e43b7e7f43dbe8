//! One row a sentence and actor; sentences that name no actor have one row without.

use std::io::{BufWriter, Result, Stdout};

use regard::{CodePoints, Document, Label, Regarded, Report, Scores, Sentence, Sentiment, Stance};

use super::{Writer, label};

const HEADER: [&str; 18] = [
    "document",
    "sentence",
    "language",
    "start",
    "end",
    "text",
    "sentiment",
    "negative",
    "neutral_sentiment",
    "positive",
    "actor",
    "name",
    "type",
    "mentions",
    "stance",
    "against",
    "neutral",
    "favor",
];

pub(crate) struct Csv {
    out: csv::Writer<BufWriter<Stdout>>,
    headed: bool,
    min_confidence: f32,
}

impl Csv {
    pub(crate) fn new(out: BufWriter<Stdout>, min_confidence: f32) -> Self {
        Self { out: csv::Writer::from_writer(out), headed: false, min_confidence }
    }
}

impl Writer for Csv {
    fn write(&mut self, document: &Document, report: &Report<'_>) -> Result<()> {
        if !std::mem::replace(&mut self.headed, true) {
            self.out.write_record(HEADER)?;
        }
        let points = CodePoints::new(&document.text);
        for (index, sentence) in report.sentences.iter().enumerate() {
            let (start, end) = points.of(sentence.span);
            let mut shared = vec![document.id.clone(), index.to_string(), report.language.to_string()];
            shared.extend([start.to_string(), end.to_string(), sentence.span.of(&document.text).to_owned()]);
            shared.extend(answer::<Sentiment>(sentence.sentiment, self.min_confidence));
            for actor in rows(sentence) {
                self.out.write_record(shared.iter().cloned().chain(columns(actor, document, self.min_confidence)))?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

fn rows<'a, 'b>(sentence: &'b Sentence<'a>) -> Vec<Option<&'b Regarded<'a>>> {
    if sentence.actors.is_empty() { vec![None] } else { sentence.actors.iter().map(Some).collect() }
}

fn columns(regarded: Option<&Regarded<'_>>, document: &Document, min_confidence: f32) -> Vec<String> {
    let Some(regarded) = regarded else { return vec![String::new(); 8] };
    let mentions: Vec<&str> = regarded.mentions.iter().map(|mention| mention.of(&document.text)).collect();
    let mut columns = match regarded.actor {
        Some(actor) => vec![actor.id.to_string(), actor.name.clone(), actor.kind.to_string()],
        None => vec![String::new(), mentions.first().copied().unwrap_or_default().to_owned(), String::new()],
    };
    columns.push(mentions.join("; "));
    columns.extend(answer::<Stance>(regarded.stance, min_confidence));
    columns
}

/// Label and probabilities; empty where the model does not answer.
fn answer<L: Label>(scores: Option<Scores>, min_confidence: f32) -> [String; 4] {
    match scores {
        Some(scores) => {
            let [first, second, third] = scores.0.map(|score| format!("{score:.6}"));
            [label::<L>(scores, min_confidence).to_owned(), first, second, third]
        }
        None => Default::default(),
    }
}
