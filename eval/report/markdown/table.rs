//! Tables, and text that means itself.

use crate::metrics::{Figure, Metrics};
use crate::report::wording::{self, UNDEFINED};

/// `rows` below a header: columns of words, then of numbers.
pub(super) fn table(words: &[&str], numbers: &[&str], rows: Vec<String>) -> String {
    let header = cells(words.iter().chain(numbers).copied());
    let rule = cells(words.iter().map(|_| "---").chain(numbers.iter().map(|_| "---:")));
    [header, rule].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// A row.
pub(super) fn cells<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

/// A figure of `metrics` with its interval.
pub(super) fn with_interval(metrics: &Metrics, figure: Figure) -> String {
    let interval = wording::interval(figure, metrics.figures.interval(figure));
    bracketed(wording::value(figure, metrics.value(figure)), &interval)
}

/// `value` with its interval, where there is one.
pub(super) fn bracketed(value: String, interval: &str) -> String {
    if interval == UNDEFINED { value } else { format!("{value} [{interval}]") }
}

/// `text` on one line, none of it taken for markup.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' => escaped.extend(['\\', character]),
            _ if character.is_whitespace() || character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}
