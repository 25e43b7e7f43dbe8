//! JSONL: one object a line.

use std::path::Path;

use serde_json::{Map, Value};

use super::Table;
use crate::dataset::row::Row;
use crate::{Error, lines};

pub(super) fn read(path: &Path) -> Result<Table, Error> {
    let mut columns: Vec<String> = Vec::new();
    let object = |line: &[u8]| {
        let values: Map<String, Value> =
            lines::json(line).map_err(|error| format!("expected a JSON object: {error}"))?;
        let new: Vec<_> = values.keys().filter(|key| !columns.contains(key)).cloned().collect();
        columns.extend(new);
        Ok(values)
    };
    let rows = lines::read(path, object)?.into_iter();
    let rows = rows.map(|(line, values)| values.map(|values| Row { line, values })).collect();
    Ok(Table { columns, rows })
}
