//! A record as its file holds it: named values and the line where they stand.

use serde_json::{Map, Value};

/// One record of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Where it begins, counted from 1: the line of a text file, the row of a Parquet file.
    pub(super) line: usize,
    pub(super) values: Map<String, Value>,
}

impl Row {
    /// The value of `column` as text without white space around it; `None` where the record leaves it out.
    ///
    /// # Errors
    /// Where it is no plain value.
    pub(super) fn text(&self, column: &str) -> Result<Option<String>, String> {
        Ok(self.raw(column)?.map(|text| text.trim().to_owned()))
    }

    /// [`Row::text`] with the white space that offsets count.
    pub(super) fn raw(&self, column: &str) -> Result<Option<String>, String> {
        let text = match self.values.get(column) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Bool(value)) => Some(value.to_string()),
            Some(Value::Number(number)) => Some(match whole(number.as_f64()) {
                // Tables that were once floats say 2.0 for 2.
                Some(whole) => whole.to_string(),
                None => number.to_string(),
            }),
            Some(other) => return Err(format!("{column}: expected a string or a number, found {other}")),
        };
        Ok(text.filter(|text| !text.trim().is_empty()))
    }

    /// The value of `column` as a count of code points.
    ///
    /// # Errors
    /// Where it is no whole number from 0.
    pub(super) fn offset(&self, column: &str) -> Result<Option<usize>, String> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        let number =
            text.parse().ok().or_else(|| whole(text.parse().ok()).and_then(|whole| usize::try_from(whole).ok()));
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(format!("{column}: expected an offset in code points, found {text:?}")),
        }
    }
}

/// `number` where it is whole and small enough to be exact.
fn whole(number: Option<f64>) -> Option<i64> {
    number.filter(|number| number.fract() == 0.0 && number.abs() < 9e15).map(|number| number as i64)
}
