//! What an evaluation or a comparison found, as files: JSON, the source of truth, and two views of it, HTML and Markdown.

mod comparison;
mod difference;
mod element;
mod html;
mod markdown;
mod plot;
mod wording;

use std::fs;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

pub use comparison::{ComparisonReport, comparison_html, comparison_markdown, write_comparison};
pub use html::html;
pub use markdown::markdown;

use crate::evaluation::{Evaluation, Parts};
use crate::metrics::Metrics;
use crate::mistakes::Mistake;
use crate::probe::Outcome;
use crate::probe::prejudice::Table;
use crate::{Error, Replacement};

/// Everything that one evaluation found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The checkpoint, or the file of predictions.
    pub system: String,
    /// On what it was measured, and how.
    pub about: About,
    /// Over all and by part.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// What to read first.
    pub mistakes: Vec<Mistake>,
    /// What changed sentences change in the answers; empty where that was not asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<Outcome>,
    /// What a name alone does to the answer; `None` where that was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prejudice: Option<Table>,
}

/// On what was measured, and how.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    /// Version of the program.
    pub regard: &'static str,
    /// Labelled files.
    pub data: Vec<DataFile>,
    /// Draws of the bootstrap, and of the randomisation test where systems are compared.
    pub draws: usize,
    /// Their seed.
    pub seed: u64,
}

impl About {
    fn examples(&self) -> u64 {
        self.data.iter().map(|file| file.examples as u64).sum()
    }
}

/// A labelled file.
#[derive(Debug, Clone, Serialize)]
pub struct DataFile {
    /// As it was given.
    pub path: String,
    /// Examples in it that could be used.
    pub examples: usize,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
}

impl DataFile {
    /// The file at `path`, of which `examples` could be used.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn new(path: &Path, examples: usize) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(regard::Error::io(path))?;
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { path: path.display().to_string(), examples, sha256 })
    }
}

impl Parts {
    /// What was measured of each part where it was asked `question`.
    fn asked(&self, question: &str) -> impl Iterator<Item = (&str, &Metrics)> {
        self.0.iter().filter_map(move |(part, evaluation)| {
            let (_, metrics) = evaluation.questions().find(|(asked, _)| *asked == question)?;
            Some((&**part, metrics))
        })
    }
}

/// Write `evaluation.json`, `report.html` and `report.md` into `directory`, which is made where there is none. A file is there whole or
/// not at all.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(report: &Report, directory: &Path) -> Result<(), Error> {
    write_files(directory, "evaluation.json", report, [("report.html", html(report)), ("report.md", markdown(report))])
}

/// `source` as JSON in the file called `name`, and the views of it in theirs.
fn write_files(directory: &Path, name: &str, source: &impl Serialize, views: [(&str, String); 2]) -> Result<(), Error> {
    fs::create_dir_all(directory).map_err(regard::Error::io(directory))?;
    let path = directory.join(name);
    let json = serde_json::to_string_pretty(source).map_err(|error| regard::Error::io(&path)(error.into()))?;
    replace(&path, &(json + "\n"))?;
    views.iter().try_for_each(|(name, view)| replace(&directory.join(name), view))
}

fn replace(path: &Path, content: &str) -> Result<(), Error> {
    let mut file = Replacement::create(path)?;
    file.write(content)?;
    file.keep()
}
