//! What the command line says in place of the file: `optimizer.lr=5e-5`.

use toml::{Table, Value};

/// One `KEY=VALUE`.
pub(super) struct Override {
    /// As it was typed.
    pub(super) said: String,
    /// The key's parts, from the outside in; a number is an index of a list.
    pub(super) key: Vec<String>,
    value: Value,
}

impl Override {
    /// Reads `KEY=VALUE`; a value that is no TOML is a string.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as optimizer.lr=5e-5, found no =")?;
        let key: Vec<String> = key.split('.').map(|part| part.trim().to_owned()).collect();
        if key.iter().any(String::is_empty) {
            return Err("expected a key before the =, its parts joined by dots".into());
        }
        let value = value.trim();
        let value = value.parse().unwrap_or_else(|_| Value::String(value.to_owned()));
        Ok(Self { said: text.to_owned(), key, value })
    }

    /// Put the value into `experiment`.
    pub(super) fn apply(&self, experiment: &mut Table) -> Result<(), String> {
        let Some((first, rest)) = self.key.split_first() else { return Ok(()) };
        let mut at = experiment.entry(first.as_str()).or_insert_with(|| empty(rest.first()));
        for (index, part) in rest.iter().enumerate() {
            at = child(at, part, rest.get(index + 1))?;
        }
        *at = self.value.clone();
        Ok(())
    }
}

/// What `part` names in `at`; made where it is not there, with room for `next`.
fn child<'a>(at: &'a mut Value, part: &str, next: Option<&String>) -> Result<&'a mut Value, String> {
    // A path alone is short for a table with a path.
    if let Value::String(path) = at {
        *at = Value::Table(Table::from_iter([("path".to_owned(), Value::String(std::mem::take(path)))]));
    }
    match at {
        Value::Table(table) => Ok(table.entry(part).or_insert_with(|| empty(next))),
        Value::Array(list) => {
            let count = list.len();
            let index = part.parse().ok().filter(|&index: &usize| index <= count);
            let index = index.ok_or_else(|| format!("expected an index from 0 to {count}, found {part}"))?;
            if index == count {
                list.push(empty(next));
            }
            Ok(&mut list[index])
        }
        other => Err(format!("expected a table above {part}, found {} {other}", other.type_str())),
    }
}

fn empty(next: Option<&String>) -> Value {
    match next {
        Some(part) if part.parse::<usize>().is_ok() => Value::Array(Vec::new()),
        _ => Value::Table(Table::new()),
    }
}
