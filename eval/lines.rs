//! Files with one JSON value a line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::de::DeserializeOwned;

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
        let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| index == 0).unwrap_or(&line);
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let number = index + 1;
        let record = parse(line);
        let error = |message| Error::Line { path: path.to_owned(), line: number, message };
        records.push((number, record.map_err(error)));
    }
    Ok(records)
}

/// The JSON of one line; the message names the field, what was expected and what was found.
pub(crate) fn json<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let place = error.path().to_string();
        let message = within_line(error.inner());
        if matches!(&*place, "." | "?") { message } else { format!("{place}: {message}") }
    })?;
    deserializer.end().map_err(|error| within_line(&error))?;
    Ok(value)
}

/// The message without "at line 1": it is the file's line that counts.
fn within_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}
