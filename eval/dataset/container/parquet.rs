//! Parquet, row by row.

use std::fmt::Display;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Map, Value};

use super::Table;
use crate::Error;
use crate::dataset::row::Row;

/// Read the records of `path`. The library panics on some damaged files (59.3: a column that begins at byte -1); that is
/// an error like another.
pub(super) fn read(path: &Path) -> Result<Table, Error> {
    // What the panic leaves behind is dropped.
    catch_unwind(AssertUnwindSafe(|| rows(path))).unwrap_or_else(|_| Err(refused(path, "it is damaged")))
}

fn refused(path: &Path, reason: impl Display) -> Error {
    Error::File { path: path.to_owned(), message: format!("expected a Parquet file: {reason}") }
}

fn rows(path: &Path) -> Result<Table, Error> {
    let file = File::open(path).map_err(regard::Error::io(path))?;
    let reader = SerializedFileReader::new(file).map_err(|error| refused(path, error))?;
    let schema = reader.metadata().file_metadata().schema().get_fields();
    let columns = schema.iter().map(|field| field.name().to_owned()).collect();
    let mut rows = Vec::new();
    for (index, row) in reader.get_row_iter(None).map_err(|error| refused(path, error))?.enumerate() {
        let line = index + 1;
        match row {
            Ok(row) => rows.push(Ok(Row { line, values: object(row.into_columns()) })),
            Err(error) => {
                rows.push(Err(Error::Line { path: path.to_owned(), line, message: error.to_string() }));
                // The iterator cannot go on behind a page that does not decode.
                break;
            }
        }
    }
    Ok(Table { columns, rows })
}

fn object(columns: Vec<(String, Field)>) -> Map<String, Value> {
    columns.into_iter().map(|(name, field)| (name, value(field))).collect()
}

fn value(field: Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => value.into(),
        Field::Byte(value) => value.into(),
        Field::Short(value) => value.into(),
        Field::Int(value) => value.into(),
        Field::Long(value) => value.into(),
        Field::UByte(value) => value.into(),
        Field::UShort(value) => value.into(),
        Field::UInt(value) => value.into(),
        Field::ULong(value) => value.into(),
        Field::Float(value) => value.into(),
        Field::Double(value) => value.into(),
        Field::Str(value) => value.into(),
        // Strings without the annotation that would say so, as old writers left them; or pictures, which are no concern
        // of ours.
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).map_or(Value::Null, Value::from),
        Field::Group(row) => Value::Object(object(row.into_columns())),
        Field::ListInternal(list) => list.elements().iter().cloned().map(value).collect(),
        // Dates, decimals, maps: nothing that a labelled example is made of, but meta may keep them.
        other => other.to_string().into(),
    }
}
