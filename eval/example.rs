//! Labelled examples, one JSON object a line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use regard::{CodePoints, Label, Sentiment, Span, Stance};
use serde::Deserialize;

use crate::Error;

/// The right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gold {
    /// Toward the example's target.
    Stance(Stance),
    /// Of the whole text.
    Sentiment(Sentiment),
}

/// One text, one question, one answer.
#[derive(Debug, Clone)]
pub struct Example {
    /// Unique in its data set.
    pub id: String,
    /// The data set that it comes from.
    pub dataset: String,
    /// BCP-47.
    pub language: String,
    /// The sentence.
    pub text: String,
    /// The target as it is named, in stance examples.
    pub target: Option<String>,
    /// Where the text names it; `None` for topics that it need not name.
    pub mention: Option<Span>,
    /// The right answer.
    pub gold: Gold,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    dataset: String,
    lang: String,
    text: String,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    target_start: Option<usize>,
    #[serde(default)]
    target_end: Option<usize>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    sentiment: Option<String>,
}

impl Line {
    fn into_example(self) -> Result<Example, String> {
        let gold = match (&self.label, &self.sentiment) {
            (Some(label), _) => Gold::Stance(named("label", label)?),
            (None, Some(label)) => Gold::Sentiment(named("sentiment", label)?),
            (None, None) => return Err("expected a field label or sentiment, found neither".into()),
        };
        let mention = match (self.target_start, self.target_end) {
            (Some(start), Some(end)) => {
                let points = CodePoints::new(&self.text);
                let span = points.span(start, end).filter(|span| !span.is_empty());
                Some(span.ok_or_else(|| {
                    let length = points.at(self.text.len());
                    format!(
                        "target_start, target_end: expected a range within {length} code points, found {start}..{end}"
                    )
                })?)
            }
            (None, None) => None,
            _ => return Err("target_start, target_end: expected both or neither, found one".into()),
        };
        let Self { id, dataset, lang: language, text, target, .. } = self;
        Ok(Example { id, dataset, language, text, target, mention, gold })
    }
}

fn named<L: Label>(field: &str, name: &str) -> Result<L, String> {
    L::named(name).ok_or_else(|| format!("{field}: expected one of {}, found {name:?}", L::NAMES.join(", ")))
}

/// Read the examples of a JSONL file; a line that is not one gives an error that names it, and the rest goes on.
///
/// # Errors
/// Where the file cannot be read.
pub fn read(path: &Path) -> Result<Vec<Result<Example, Error>>, Error> {
    let file = File::open(path).map_err(regard::Error::io(path))?;
    let mut examples = Vec::new();
    for (index, line) in BufReader::new(file).split(b'\n').enumerate() {
        let line = line.map_err(regard::Error::io(path))?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        // Some editors write a byte order mark before the text.
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line);
        let parsed = serde_json::from_slice::<Line>(line).map_err(|error| error.to_string());
        let example = parsed.and_then(Line::into_example);
        examples.push(example.map_err(|message| Error::Line { path: path.to_owned(), line: index + 1, message }));
    }
    Ok(examples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_or_named() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("examples.jsonl");
        let good = r#"{"id":"1","dataset":"d","lang":"ko","text":"한국이 옳다","target":"한국","target_start":0,"target_end":2,"label":"favor"}"#;
        let feeling = r#"{"id":"2","dataset":"d","lang":"en","text":"Sad.","sentiment":"negative"}"#;
        let beyond =
            r#"{"id":"3","dataset":"d","lang":"en","text":"abc","target_start":2,"target_end":4,"label":"favor"}"#;
        let label = r#"{"id":"4","dataset":"d","lang":"en","text":"abc","label":"good"}"#;
        std::fs::write(&path, [good, "", feeling, beyond, label, "{", "\u{0}"].join("\n"))?;
        let examples = read(&path)?;
        let [Ok(first), Ok(second), rest @ ..] = examples.as_slice() else { return Err("two good lines".into()) };
        assert_eq!(first.mention.map(|span| span.of(&first.text)), Some("한국"));
        assert_eq!(second.gold, Gold::Sentiment(Sentiment::Negative));
        let lines: Vec<String> =
            rest.iter().filter_map(|example| example.as_ref().err().map(ToString::to_string)).collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].contains(":4: target_start, target_end: expected a range within 3 code points, found 2..4"));
        assert!(lines[1].contains(":5: label: expected one of against, neutral, favor, found \"good\""));
        Ok(())
    }
}
