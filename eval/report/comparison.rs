//! What a comparison of systems found, as files: JSON, the source of truth, and two views of it.

use std::path::Path;

use serde::Serialize;

use super::{About, html, markdown, write_files};
use crate::Error;
use crate::compare::Comparison;

/// Everything that one comparison found.
#[derive(Debug, Clone, Serialize)]
pub struct ComparisonReport {
    /// On what systems were compared, and how.
    pub about: About,
    /// Who is better.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// Write `comparison.json`, `comparison.html` and `comparison.md` into `directory`, which is made where there is none. A file is there
/// whole or not at all.
///
/// # Errors
/// Where a file cannot be written.
pub fn write_comparison(report: &ComparisonReport, directory: &Path) -> Result<(), Error> {
    let views = [("comparison.html", comparison_html(report)), ("comparison.md", comparison_markdown(report))];
    write_files(directory, "comparison.json", report, views)
}

/// `report` as a page.
pub fn comparison_html(report: &ComparisonReport) -> String {
    html::comparison::page(&report.comparison, &report.about)
}

/// `report` in short.
pub fn comparison_markdown(report: &ComparisonReport) -> String {
    markdown::comparison::comparison(&report.comparison, &report.about)
}
