//! Two reports beside each other: what moved by more than it moves by itself?

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::report::{Report, median};
use crate::Error;

/// Figures, and whether more of each is better.
const FIGURES: [(&str, bool); 14] = [
    ("load_ms", false),
    ("first_answer_ms", false),
    ("sentences_per_s", true),
    ("pairs_per_s", true),
    ("tokens_per_s", true),
    ("gflops", true),
    ("p50_ms", false),
    ("p95_ms", false),
    ("p99_ms", false),
    ("batch_p50_ms", false),
    ("batch_p95_ms", false),
    ("batch_p99_ms", false),
    ("joules", false),
    ("peak_mb", false),
];

/// What is measured once has no spread; below this share, a difference says nothing.
const ONCE: f64 = 0.05;

/// Two benchmarks, figure by figure.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// What else is not the same about them.
    pub differs: Vec<Difference>,
    /// Names of the figures that changed.
    pub changed: Vec<&'static str>,
    /// All that both have.
    pub figures: Vec<Change>,
}

/// A machine, model, setting or work that is not the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Where the reports have it, `settings.threads`.
    pub field: String,
    /// In the first.
    pub one: Value,
    /// In the second.
    pub other: Value,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} and {})", self.field, self.one, self.other)
    }
}

/// One figure in both.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// Its name in a report.
    pub figure: &'static str,
    /// In the first.
    pub one: Range,
    /// In the second.
    pub other: Range,
    /// The second's median by the first's.
    pub ratio: f64,
    /// Whether the ranges of the rounds have nothing in common; of what is measured once, whether it differs by more than 5 %.
    pub changed: bool,
    /// Whether the second is the better one.
    pub better: bool,
}

/// A figure over the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// The middle.
    pub median: f64,
    /// The least.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

/// Set two reports beside each other, whether or not they are of the same thing: see [`Comparison::like`].
///
/// # Errors
/// Where a report cannot be made JSON, as one with infinite numbers.
pub fn compare(one: &Report, other: &Report) -> Result<Comparison, Error> {
    let json = |report: &Report| serde_json::to_value(report).map_err(|error| regard::Error::invalid("report", error));
    let (one, other) = (json(one)?, json(other)?);
    let mut differs = Vec::new();
    for part in ["machine", "model", "settings", "work"] {
        differences(part, &one[part], &other[part], &mut differs);
    }
    // The same file may lie elsewhere.
    differs.retain(|difference| difference.field != "model.name");
    let figures: Vec<Change> =
        FIGURES.iter().filter_map(|&(figure, more)| change(figure, more, &one, &other)).collect();
    let changed = figures.iter().filter(|change| change.changed).map(|change| change.figure).collect();
    Ok(Comparison { differs, changed, figures })
}

impl Comparison {
    /// The comparison, where nothing but the program differs.
    ///
    /// # Errors
    /// Where machine, model, settings or work do; all are named.
    pub fn like(self, paths: [PathBuf; 2]) -> Result<Self, Error> {
        if self.differs.is_empty() {
            return Ok(self);
        }
        let [one, other] = paths;
        let named: Vec<String> = self.differs.iter().map(ToString::to_string).collect();
        let message =
            format!("expected the same machine, model, settings and work as in {}, which differ in ", one.display());
        Err(Error::File { path: other, message: message + &named.join(", ") })
    }
}

fn differences(place: &str, one: &Value, other: &Value, found: &mut Vec<Difference>) {
    match (one.as_object(), other.as_object()) {
        (Some(fields), Some(others)) => {
            let mut names: Vec<&String> = fields.keys().chain(others.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let value = |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
                differences(&format!("{place}.{name}"), &value(fields), &value(others), found);
            }
        }
        _ if one != other => found.push(Difference { field: place.to_owned(), one: one.clone(), other: other.clone() }),
        _ => {}
    }
}

fn change(figure: &'static str, more: bool, one: &Value, other: &Value) -> Option<Change> {
    let (one, other) = (range(one, figure)?, range(other, figure)?);
    let ratio = other.median / one.median;
    let once = |range: &Range| range.low == range.high;
    let changed = match once(&one) && once(&other) {
        true => (ratio - 1.0).abs() > ONCE,
        false => one.high < other.low || other.high < one.low,
    };
    Some(Change { figure, one, other, ratio, changed, better: (ratio > 1.0) == more && ratio != 1.0 })
}

/// A figure's range in a report; `None` where it lacks it.
fn range(report: &Value, figure: &str) -> Option<Range> {
    let several = ["rounds", "loads"].iter().filter_map(|list| report[list].as_array()).flatten();
    let mut values: Vec<f64> = several.filter_map(|round| round[figure].as_f64()).collect();
    if values.is_empty() {
        values.push(report[figure].as_f64()?);
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(Range { median: median(values.into_iter()), low, high })
}
