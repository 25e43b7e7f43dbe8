//! Labelled data sets: read, checked, split, counted. All sentences are invented.

mod columns;
mod forms;
mod leakage;
mod split;
mod stats;
mod validate;

use std::error::Error;
use std::path::Path;

use regard_eval::dataset::{Form, Reading, convert};
use regard_eval::{Example, Gold};

type Outcome = Result<(), Box<dyn Error>>;

/// Write `bytes` to `name`, read it as `form`, and give the examples, or what was wrong, one a record.
fn converted(
    form: Form,
    name: &str,
    bytes: &[u8],
    reading: &Reading,
) -> Result<Vec<Result<Example, String>>, Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    std::fs::write(&path, bytes)?;
    let examples = convert(&path, form, reading)?.examples;
    Ok(examples.into_iter().map(|example| example.map_err(|error| error.to_string())).collect())
}

/// A stance example in English whose group is its own.
fn example(id: &str, text: &str, target: &str, label: regard::Stance, group: &str) -> Example {
    let start = text.find(target);
    Example {
        id: id.into(),
        dataset: "own".into(),
        language: "en".into(),
        text: text.into(),
        target: Some(target.into()),
        target_type: None,
        mention: start.and_then(|start| regard::Span::new(text, start, start + target.len())),
        gold: Gold::Stance(label),
        group: group.into(),
        meta: serde_json::Map::new(),
    }
}
