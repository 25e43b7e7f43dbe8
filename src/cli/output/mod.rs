//! Reports as text: one file a format.

mod csv;
mod jsonl;
mod table;

use regard::{Document, Label, Report, Scores};

pub(crate) use csv::Csv;
pub(crate) use jsonl::Jsonl;
pub(crate) use table::Table;

/// What an answer is called that is less sure than `--min-confidence` asks.
const UNCERTAIN: &str = "uncertain";

/// The name of the answer.
fn label<L: Label>(scores: Scores, min_confidence: f32) -> &'static str {
    scores.confident::<L>(min_confidence).map_or(UNCERTAIN, L::name)
}

/// Something that writes reports in one format.
pub(crate) trait Writer {
    /// Write what was found in one document.
    fn write(&mut self, document: &Document, report: &Report<'_>) -> std::io::Result<()>;

    /// Hand on what is still buffered.
    fn flush(&mut self) -> std::io::Result<()>;
}
