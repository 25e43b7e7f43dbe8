//! What serde says of a value that does not fit, in the words of the house.

/// The key that `message` speaks of, where it is one below the place that serde tells, and what was expected and found.
pub(super) fn of(message: &str) -> (Option<String>, String) {
    // serde names keys and variants between backticks.
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match names.split_first() {
        Some((found, known)) if message.starts_with("unknown field") => (None, unknown(found, known)),
        Some((found, known)) if message.starts_with("unknown variant") => (None, not_one_of(found, known)),
        Some((key, _)) if message.starts_with("missing field") => {
            (Some((*key).to_owned()), "expected a value, found none".into())
        }
        _ => (None, mismatch(message).unwrap_or_else(|| message.trim().replace('\n', "; "))),
    }
}

/// A key that is none of `known`.
pub(super) fn unknown(found: &str, known: &[&str]) -> String {
    match nearest(found, known) {
        Some(name) => format!("unknown key, did you mean {name}?"),
        None => format!("unknown key, expected one of {}", known.join(", ")),
    }
}

/// A value that is none of `known`.
pub(super) fn not_one_of(found: &str, known: &[&str]) -> String {
    let hint = nearest(found, known).map(|name| format!(", did you mean {name}?")).unwrap_or_default();
    format!("expected one of {}, found {found:?}{hint}", known.join(", "))
}

/// The name that `found` was most likely meant to be.
fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |name: &str| strsim::damerau_levenshtein(&found.to_lowercase(), name);
    let near = known.iter().copied().min_by_key(|name| distance(name))?;
    (distance(near) <= 1 + found.chars().count() / 3).then_some(near)
}

/// `invalid type: string "x", expected f64`, for those who do not write Rust.
fn mismatch(message: &str) -> Option<String> {
    let (found, expected) = message.strip_prefix("invalid ")?.rsplit_once(", expected ")?;
    let found = found.trim_start_matches("type: ").trim_start_matches("value: ");
    let found = match found.split_once(' ') {
        Some(("integer" | "floating" | "boolean", _)) => found.split('`').nth(1).unwrap_or(found),
        _ if found == "map" => "a table",
        _ if found == "sequence" => "a list",
        _ => found,
    };
    let expected = match expected.trim_end() {
        "f64" => "a number".to_owned(),
        "usize" | "u64" => "a whole number from 0".to_owned(),
        "a sequence" => "a list".to_owned(),
        "path string" => "a path".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.replace("an array of length", "a list of"),
    };
    Some(format!("expected {expected}, found {found}"))
}
