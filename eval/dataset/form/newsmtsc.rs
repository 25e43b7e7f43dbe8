//! NewsMTSC (Hamborg and Donnay, EACL 2021): <https://github.com/fhamborg/NewsMTSC>.
//!
//! The repository nests targets under a sentence, with polarities 2, 4 and 6; the form for the hub has one target a
//! line, with polarities -1, 0 and 1. Offsets are code points, end exclusive.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Field, HOUSE, Published};
use crate::Error;
use crate::dataset::container::Table;
use crate::dataset::row::Row;

pub(super) const FORM: Published = Published {
    required: &[
        (Field::Text, "sentence"),
        (Field::Target, "mention"),
        (Field::Start, "from"),
        (Field::End, "to"),
        (Field::Label, "polarity"),
        (Field::Id, "id"),
    ],
    optional: &[(Field::Meta, "primary_gid"), (Field::Meta, "further_mentions")],
    labels: &[("2", 0), ("4", 1), ("6", 2), ("-1", 0), ("0", 1), ("1", 2)],
    language: Some("en"),
    dataset: Some("newsmtsc"),
    flatten,
    ..HOUSE
};

/// One row a target, under the names of the flattened form.
pub(super) fn flatten(table: Table, path: &Path) -> Table {
    if !table.columns.iter().any(|column| column == "targets") {
        return table;
    }
    let flat = |row: Result<Row, Error>| match row {
        Ok(row) => {
            let line = row.line;
            match targets(row) {
                Ok(rows) => rows.into_iter().map(Ok).collect(),
                Err(message) => vec![Err(Error::Line { path: path.to_owned(), line, message })],
            }
        }
        Err(error) => vec![Err(error)],
    };
    let rows: Vec<_> = table.rows.into_iter().flat_map(flat).collect();
    let mut columns: Vec<String> = Vec::new();
    for row in rows.iter().flatten() {
        let new: Vec<_> = row.values.keys().filter(|key| !columns.contains(key)).cloned().collect();
        columns.extend(new);
    }
    Table { columns, rows }
}

fn targets(mut row: Row) -> Result<Vec<Row>, String> {
    let targets = row.values.remove("targets");
    let Some(Value::Array(targets)) = targets else {
        return Err(format!("targets: expected a list, found {}", targets.unwrap_or_default()));
    };
    if let Some(sentence) = row.values.remove("sentence_normalized") {
        row.values.insert("sentence".into(), sentence);
    }
    let one = |(index, target): (usize, Value)| match target {
        Value::Object(target) => {
            let mut values: Map<String, Value> = row.values.clone();
            values.extend(target.into_iter().map(|(key, value)| match key.as_str() {
                "Input.gid" => ("id".to_owned(), value),
                _ => (key, value),
            }));
            Ok(Row { line: row.line, values })
        }
        other => Err(format!("targets[{index}]: expected an object, found {other}")),
    };
    targets.into_iter().enumerate().map(one).collect()
}
