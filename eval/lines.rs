//! Files with one JSON value a line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::Error;

/// Some editors write it before the text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The number of a line, counted from 1, and what it holds or why it cannot be used.
pub(crate) type Numbered<T> = (usize, Result<T, Error>);

/// What `parse` makes of every line of a file that is not blank, with the line's number, counted from 1. A line that it cannot use
/// gives an error that names the line, and the rest goes on.
///
/// # Errors
/// Where the file cannot be read.
pub(crate) fn read<T>(
    path: &Path,
    mut parse: impl FnMut(&[u8]) -> Result<T, String>,
) -> Result<Vec<Numbered<T>>, Error> {
    let file = File::open(path).map_err(regard::Error::io(path))?;
    let mut records = Vec::new();
    for (index, line) in BufReader::new(file).split(b'\n').enumerate() {
        let line = line.map_err(regard::Error::io(path))?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let number = index + 1;
        let record = parse(line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line));
        let error = |message| Error::Line { path: path.to_owned(), line: number, message };
        records.push((number, record.map_err(error)));
    }
    Ok(records)
}
