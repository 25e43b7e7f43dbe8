//! CSV and TSV.

use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use serde_json::Value;

use super::Table;
use crate::Error;
use crate::dataset::row::Row;

pub(super) fn read(path: &Path, bytes: &[u8], delimiter: u8, quoting: bool) -> Result<Table, Error> {
    let failed = |error: csv::Error| Error::File { path: path.to_owned(), message: error.to_string() };
    // Flexible: a record of another length is ours to report, with its line.
    let mut reader = ReaderBuilder::new().delimiter(delimiter).quoting(quoting).flexible(true).from_reader(bytes);
    let columns: Vec<String> = reader.headers().map_err(failed)?.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(twice) = (1..columns.len()).find(|&index| columns[..index].contains(&columns[index])) {
        let message = format!("expected each column once, found {:?} twice", columns[twice]);
        return Err(Error::File { path: path.to_owned(), message });
    }
    let mut lines = Lines { bytes, passed: 0, line: 1 };
    let mut rows = Vec::new();
    for record in reader.into_byte_records() {
        let record = record.map_err(failed)?;
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        rows.push(row(&columns, &record, line).map_err(|message| Error::Line { path: path.to_owned(), line, message }));
    }
    // A quotation mark that nothing closes makes one record of all that follows it.
    if quoting && bytes.iter().filter(|&&byte| byte == b'"').count() % 2 == 1 {
        let line = rows.pop().map_or(1, |row| row.map_or_else(|_| lines.line, |row: Row| row.line));
        let message = "expected a closing quotation mark, found the end of the file".to_owned();
        rows.push(Err(Error::Line { path: path.to_owned(), line, message }));
    }
    Ok(Table { columns, rows })
}

/// Counts lines from one record to the next. csv's own count stays on the blank lines and half line breaks that it
/// passes over.
struct Lines<'a> {
    bytes: &'a [u8],
    passed: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the record that csv says begins at byte `start`, which must not lie before the last one.
    fn at(&mut self, start: u64) -> usize {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        while let Some(&byte) = self.bytes.get(self.passed) {
            if self.passed >= start && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += usize::from(byte == b'\n');
            self.passed += 1;
        }
        self.line
    }
}

fn row(columns: &[String], record: &ByteRecord, line: usize) -> Result<Row, String> {
    if record.len() != columns.len() {
        return Err(format!("expected {} fields, found {}", columns.len(), record.len()));
    }
    let mut values = serde_json::Map::new();
    for (column, bytes) in columns.iter().zip(record) {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            format!("{column}: expected UTF-8, found another byte at offset {}", error.valid_up_to())
        })?;
        values.insert(column.clone(), Value::from(text));
    }
    Ok(Row { line, values })
}
