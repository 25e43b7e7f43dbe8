//! What a comparison of systems found, as files: JSON, the source of truth, and two views of it.

use std::path::Path;

use serde::Serialize;

use super::{DataFile, Measuring, html, markdown, write_files};
use crate::Error;
use crate::compare::Comparison;

/// On what systems were compared, and how.
#[derive(Debug, Clone, Serialize)]
pub struct ComparisonAbout {
    /// Version of the program.
    pub regard: &'static str,
    /// Labelled files.
    pub data: Vec<DataFile>,
    /// Draws of the bootstrap and of the randomisation test.
    pub draws: usize,
    /// Their seed.
    pub seed: u64,
}

impl ComparisonAbout {
    pub(super) fn measuring(&self) -> Measuring<'_> {
        Measuring { regard: self.regard, data: &self.data, draws: self.draws, seed: self.seed }
    }
}

/// As it stands in the file.
#[derive(Serialize)]
struct Json<'a> {
    about: &'a ComparisonAbout,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// Write `comparison.json`, `comparison.html` and `comparison.md` into `directory`, which is made where there is none. A file is there
/// whole or not at all.
///
/// # Errors
/// Where a file cannot be written.
pub fn write_comparison(comparison: &Comparison, about: &ComparisonAbout, directory: &Path) -> Result<(), Error> {
    let views = [
        ("comparison.html", comparison_html(comparison, about)),
        ("comparison.md", comparison_markdown(comparison, about)),
    ];
    write_files(directory, "comparison.json", &Json { about, comparison }, views)
}

/// `comparison` as a page.
pub fn comparison_html(comparison: &Comparison, about: &ComparisonAbout) -> String {
    html::comparison::page(comparison, about)
}

/// `comparison` in short.
pub fn comparison_markdown(comparison: &Comparison, about: &ComparisonAbout) -> String {
    markdown::comparison::comparison(comparison, about)
}
