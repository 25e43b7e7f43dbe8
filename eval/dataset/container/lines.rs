//! JSONL: one object a line.

use std::path::Path;

use serde_json::{Map, Value};

use super::Table;
use crate::Error;
use crate::dataset::row::Row;

pub(super) fn read(path: &Path, bytes: &[u8]) -> Table {
    let mut columns: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let line_number = index + 1;
        let row = match serde_json::from_slice::<Map<String, Value>>(line) {
            Ok(values) => {
                let new: Vec<_> = values.keys().filter(|key| !columns.contains(key)).cloned().collect();
                columns.extend(new);
                Ok(Row { line: line_number, values })
            }
            Err(error) => {
                let message = format!("expected a JSON object: {error}");
                Err(Error::Line { path: path.to_owned(), line: line_number, message })
            }
        };
        rows.push(row);
    }
    Table { columns, rows }
}
