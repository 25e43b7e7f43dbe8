//! What `classify` reads: text files, standard input, and JSONL with one document a line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use regard::{CodePoints, Document, Language, Span};
use serde::Deserialize;

/// A document, or why a record is not one.
pub(crate) type Record = Result<Document, String>;

/// What some editors write before the text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The documents of one input, one after the other: a JSONL file is never held whole.
pub(crate) fn documents(input: &str) -> Box<dyn Iterator<Item = Record>> {
    let path = Path::new(input);
    if input == "-" {
        return Box::new(std::iter::once(text("stdin", std::io::stdin().lock())));
    }
    let opened = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(std::io::ErrorKind::IsADirectory.into()),
        false => Ok(file),
    });
    match opened {
        Err(error) => Box::new(std::iter::once(Err(format!("{input}: {error}")))),
        Ok(file) if path.extension().is_some_and(|extension| extension == "jsonl") => lines(input.to_owned(), file),
        Ok(file) => Box::new(std::iter::once(text(input, file))),
    }
}

fn text(place: &str, mut input: impl Read) -> Record {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|error| format!("{place}: {error}"))?;
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).map(<[u8]>::to_vec).unwrap_or(bytes);
    let text = String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        format!("{place}: expected UTF-8, found another byte at offset {byte}")
    })?;
    filled(place, Document::new(place, text))
}

fn filled(place: &str, document: Document) -> Record {
    match document.text.trim().is_empty() {
        true => Err(format!("{place}: expected text, found none")),
        false => Ok(document),
    }
}

fn lines(place: String, file: File) -> Box<dyn Iterator<Item = Record>> {
    let mut empty = true;
    let ended = place.clone();
    let records = BufReader::new(file).split(b'\n').enumerate().filter_map(move |(index, line)| {
        let place = format!("{place}:{}", index + 1);
        match line {
            Err(error) => Some(Err(format!("{place}: {error}"))),
            Ok(line) if line.iter().all(u8::is_ascii_whitespace) => None,
            Ok(line) => Some(record(&place, line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line))),
        }
    });
    let mut records = records;
    Box::new(std::iter::from_fn(move || match records.next() {
        Some(record) => {
            empty = false;
            Some(record)
        }
        None => std::mem::take(&mut empty).then(|| Err(format!("{ended}: expected records, found none"))),
    }))
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Option<serde_json::Value>,
    text: String,
    #[serde(default, alias = "lang")]
    language: Option<String>,
    #[serde(default)]
    targets: Option<Vec<Target>>,
}

/// Code points, end exclusive.
#[derive(Deserialize)]
struct Target {
    start: usize,
    end: usize,
}

fn record(place: &str, line: &[u8]) -> Record {
    let line: Line = serde_json::from_slice(line).map_err(|error| format!("{place}: {error}"))?;
    let targets = match &line.targets {
        Some(targets) => Some(spans(&line.text, targets).map_err(|message| format!("{place}: {message}"))?),
        None => None,
    };
    let language = match line.language.as_deref() {
        Some(tag) => {
            let refuse = || format!("{place}: language: expected a BCP 47 tag such as ar, found {tag:?}");
            Some(Language::new(tag).ok_or_else(refuse)?)
        }
        None => None,
    };
    let id = match line.id {
        Some(serde_json::Value::String(id)) => id,
        Some(id @ serde_json::Value::Number(_)) => id.to_string(),
        None | Some(serde_json::Value::Null) => place.to_owned(),
        Some(other) => return Err(format!("{place}: id: expected a string, found {other}")),
    };
    filled(place, Document { language, targets, ..Document::new(id, line.text) })
}

fn spans(text: &str, targets: &[Target]) -> Result<Vec<Span>, String> {
    let points = CodePoints::new(text);
    let span = |(index, target): (usize, &Target)| {
        let span = points.span(target.start, target.end).filter(|span| !span.of(text).trim().is_empty());
        span.ok_or_else(|| {
            let length = points.at(text.len());
            format!(
                "targets[{index}]: expected a range of text within {length} code points, found {}..{}",
                target.start, target.end
            )
        })
    };
    targets.iter().enumerate().map(span).collect()
}
