//! The files that hold tables: CSV, TSV, Parquet, JSONL. Read whole: labelled sets are small.

mod delimited;
mod lines;
mod parquet;

use std::path::Path;

use super::row::Row;
use crate::Error;

/// How a file holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Csv,
    Tsv,
    /// Tabs without quoting, in UTF-8 or else in Windows-1252, as shared tasks gave them out.
    PlainTsv,
    Parquet,
    Jsonl,
}

/// The records of one file.
#[derive(Debug)]
pub(super) struct Table {
    /// The columns that are there, in the order of the file.
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Result<Row, Error>>,
}

/// Read the records of `path`; one that cannot be read gives an error that names it, and the rest goes on.
///
/// # Errors
/// Where the file cannot be read as what `container` says.
pub(super) fn read(path: &Path, container: Container) -> Result<Table, Error> {
    match container {
        Container::Parquet => return parquet::read(path),
        Container::Jsonl => return lines::read(path),
        Container::Csv | Container::Tsv | Container::PlainTsv => {}
    }
    let bytes = std::fs::read(path).map_err(regard::Error::io(path))?;
    // Some editors write a byte order mark before the text.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    match container {
        Container::Tsv => delimited::read(path, bytes, b'\t', true),
        Container::PlainTsv => match std::str::from_utf8(bytes) {
            Ok(_) => delimited::read(path, bytes, b'\t', false),
            Err(_) => delimited::read(path, windows_1252(bytes).as_bytes(), b'\t', false),
        },
        _ => delimited::read(path, bytes, b',', true),
    }
}

/// What Windows-1252 has in place of Latin-1's control characters 0x80 to 0x9F, per
/// <https://encoding.spec.whatwg.org/>.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(bytes: &[u8]) -> String {
    let decode = |&byte: &u8| match byte {
        0x80..=0x9F => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    };
    bytes.iter().map(decode).collect()
}
