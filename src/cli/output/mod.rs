//! Reports as text: one file a format.

mod csv;
mod jsonl;
mod table;

use regard::{Document, Report};

pub(crate) use csv::Csv;
pub(crate) use jsonl::Jsonl;
pub(crate) use table::Table;

/// Something that writes reports in one format.
pub(crate) trait Writer {
    /// Write what was found in one document.
    fn write(&mut self, document: &Document, report: &Report<'_>) -> std::io::Result<()>;

    /// Hand on what is still buffered.
    fn flush(&mut self) -> std::io::Result<()>;
}
