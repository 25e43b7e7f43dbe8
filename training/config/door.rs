//! Reading an experiment: unknown keys, wrong types and values that make no sense are refused before anything starts.

use std::path::Path;

use serde_path_to_error::Segment;
use toml::de::{DeTable, DeValue};

use super::overrides::Override;
use super::{Config, Wrong, wording};
use crate::Error;

impl Config {
    /// Read and check the experiment in `path`, with `overrides` such as `optimizer.lr=5e-5` in place of what it says.
    ///
    /// # Errors
    /// Where the file cannot be read, has an unknown key, or a value makes no sense.
    pub fn open(path: &Path, overrides: &[String]) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(regard::Error::io(path))?;
        Self::parse(&text, path, overrides)
    }

    /// [`Config::open`] of the experiment that `text` tells; `path` is for messages.
    ///
    /// # Errors
    /// As [`Config::open`].
    pub fn parse(text: &str, path: &Path, overrides: &[String]) -> Result<Self, Error> {
        let mut table: toml::Table = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let place = format!("{}:{}", path.display(), line(text, start));
            regard::Error::invalid(place, wording::of(error.message()).1)
        })?;
        let mut said = Vec::new();
        for text in overrides {
            let refuse = |message: String| regard::Error::invalid(format!("--set {text}"), message);
            let one = Override::parse(text).map_err(refuse)?;
            one.apply(&mut table).map_err(refuse)?;
            said.push(one);
        }
        let read = deserialize(table).and_then(|config| config.check().map(|()| config));
        Ok(read.map_err(|wrong| {
            let (place, message) = located(&wrong, text, path, &said);
            regard::Error::invalid(place, message)
        })?)
    }
}

fn deserialize(table: toml::Table) -> Result<Config, Wrong> {
    serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|error| {
        let segment = |segment: &Segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        let mut key: Vec<String> = error.path().iter().filter_map(segment).collect();
        let (below, message) = wording::of(error.inner().message());
        key.extend(below);
        Wrong { key: key.join("."), message }
    })
}

/// Where a wrong value was said, on the command line or in the file, and the message without what the place tells already.
fn located(wrong: &Wrong, text: &str, path: &Path, overrides: &[Override]) -> (String, String) {
    let key: Vec<&str> = wrong.key.split('.').collect();
    let within = |one: &&Override| key.iter().zip(&one.key).all(|(key, said)| key == said);
    let path = path.display();
    if let Some(one) = overrides.iter().rev().filter(within).find(|one| one.key.len() <= key.len()) {
        let place = format!("--set {}", one.said);
        return match one.key.len() == key.len() {
            true => (place, wrong.message.clone()),
            false => (place, wrong.to_string()),
        };
    }
    let (depth, start) = find(text, &key);
    // A section that only the command line names.
    let above = overrides.iter().rev().find(within).filter(|_| depth == 0);
    match above {
        Some(one) => (format!("--set {}", one.said), wrong.to_string()),
        None if depth == 0 => (path.to_string(), wrong.to_string()),
        None => (format!("{path}:{}", line(text, start)), wrong.to_string()),
    }
}

/// How much of `key` the experiment in `text` has, and where that begins.
fn find(text: &str, key: &[&str]) -> (usize, usize) {
    let Ok(document) = DeTable::parse(text) else { return (0, 0) };
    let (mut depth, mut start) = (0, 0);
    let mut at = &DeValue::Table(document.into_inner());
    for segment in key {
        let next = match at {
            DeValue::Table(table) => {
                table.get_key_value(*segment).map(|(key, value)| (key.span().start, value.get_ref()))
            }
            DeValue::Array(array) => {
                let index = segment.parse::<usize>().ok();
                index.and_then(|index| array.get(index)).map(|value| (value.span().start, value.get_ref()))
            }
            _ => None,
        };
        let Some((place, value)) = next else { break };
        (depth, start, at) = (depth + 1, place, value);
    }
    (depth, start)
}

/// The line of byte `start`, counted from 1.
fn line(text: &str, start: usize) -> usize {
    1 + text.bytes().take(start).filter(|&byte| byte == b'\n').count()
}
