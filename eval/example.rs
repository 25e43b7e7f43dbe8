//! Labelled examples, one JSON object a line: the schema of `eval/README.md`, in and out.

use std::path::Path;

use regard::{CodePoints, Label, Sentiment, Span, Stance};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::Error;
use crate::lines::{self, Numbered};

/// The right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gold {
    /// Toward the example's target.
    Stance(Stance),
    /// Of the whole text.
    Sentiment(Sentiment),
}

impl Gold {
    /// The label's index, 0 to 2.
    pub fn index(self) -> usize {
        match self {
            Self::Stance(label) => label as usize,
            Self::Sentiment(label) => label as usize,
        }
    }

    /// The label's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stance(label) => label.name(),
            Self::Sentiment(label) => label.name(),
        }
    }
}

/// One text, one question, one answer. Serialized as a line of the schema.
#[derive(Debug, Clone, PartialEq)]
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
    /// What sort of thing the target is: person, country, topic …
    pub target_type: Option<String>,
    /// Where the text names it; `None` for topics that it need not name.
    pub mention: Option<Span>,
    /// The right answer.
    pub gold: Gold,
    /// Sentence or document that it belongs to: splits share none, and figures are resampled by it. The text where the line
    /// names none.
    pub group: String,
    /// What else its source says of it, in the source's words.
    pub meta: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
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
    target_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sentiment: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meta: Option<Map<String, Value>>,
}

impl Line {
    fn into_example(self) -> Result<Example, String> {
        let gold = match (&self.label, &self.sentiment) {
            (Some(_), _) if self.target.as_ref().is_none_or(|target| target.trim().is_empty()) => {
                return Err("target: expected whom the label is about, found nobody".into());
            }
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
        let Self { id, dataset, lang: language, text, target, target_type, .. } = self;
        let group = self.group.unwrap_or_else(|| text.clone());
        let meta = self.meta.unwrap_or_default();
        Ok(Example { id, dataset, language, text, target, target_type, mention, gold, group, meta })
    }
}

impl Serialize for Example {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let offsets = self.mention.map(|mention| CodePoints::new(&self.text).of(mention));
        let (label, sentiment) = match self.gold {
            Gold::Stance(label) => (Some(label.name().to_owned()), None),
            Gold::Sentiment(label) => (None, Some(label.name().to_owned())),
        };
        let line = Line {
            id: self.id.clone(),
            dataset: self.dataset.clone(),
            lang: self.language.clone(),
            text: self.text.clone(),
            target: self.target.clone(),
            target_start: offsets.map(|(start, _)| start),
            target_end: offsets.map(|(_, end)| end),
            target_type: self.target_type.clone(),
            label,
            sentiment,
            group: Some(self.group.clone()),
            meta: (!self.meta.is_empty()).then(|| self.meta.clone()),
        };
        line.serialize(serializer)
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
    Ok(read_numbered(path)?.into_iter().map(|(_, example)| example).collect())
}

/// [`read`], with the line that each stands on, counted from 1.
pub(crate) fn read_numbered(path: &Path) -> Result<Vec<Numbered<Example>>, Error> {
    lines::read(path, |line| lines::json::<Line>(line)?.into_example())
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
        let beyond = r#"{"id":"3","dataset":"d","lang":"en","text":"abc","target":"c","target_start":2,"target_end":4,"label":"favor"}"#;
        let label = r#"{"id":"4","dataset":"d","lang":"en","text":"abc","target":"a","label":"good"}"#;
        std::fs::write(&path, [good, "", feeling, beyond, label, "{", "\u{0}"].join("\n"))?;
        let examples = read(&path)?;
        let [Ok(first), Ok(second), rest @ ..] = examples.as_slice() else { return Err("two good lines".into()) };
        assert_eq!(first.mention.map(|span| span.of(&first.text)), Some("한국"));
        assert_eq!(second.gold, Gold::Sentiment(Sentiment::Negative));
        let again: Line = serde_json::from_str(&serde_json::to_string(first)?)?;
        assert_eq!(&again.into_example()?, first, "what is written is what was read");
        let lines: Vec<String> =
            rest.iter().filter_map(|example| example.as_ref().err().map(ToString::to_string)).collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].contains(":4: target_start, target_end: expected a range within 3 code points, found 2..4"));
        assert!(lines[1].contains(":5: label: expected one of against, neutral, favor, found \"good\""));
        Ok(())
    }
}
