//! What changed sentences change, in short.

use super::table::{bracketed, cells, table};
use crate::probe::Outcome;
use crate::report::difference::Unit;
use crate::report::wording::{self, count, percent};

const READING: &str = "Macro-F1 before and after the change, its drop in points; flipped: answers with another label than before; \
                       polar kept: of the answers other than neutral.";

/// A row each; `None` without any.
pub(super) fn probes(outcomes: &[Outcome]) -> Option<String> {
    let numbers = ["n", "before", "after", "drop", "flipped", "polar kept", "both right"];
    let table = table(&["probe", "question", "a good model"], &numbers, outcomes.iter().map(row).collect());
    (!outcomes.is_empty()).then(|| format!("## Probes\n\n{READING}\n\n{table}"))
}

fn row(outcome: &Outcome) -> String {
    let of = |share, n| match share {
        Some(_) => format!("{} of {}", percent(share), count(n)),
        None => percent(None),
    };
    let numbers = [
        count(outcome.n),
        percent(outcome.macro_f1_before),
        percent(outcome.macro_f1_after),
        Unit::Points.value(outcome.drop),
        bracketed(percent(outcome.flipped), &wording::shares(outcome.flipped_interval)),
        percent(outcome.polar_kept),
        of(outcome.both_right, outcome.both_right_n),
    ];
    let words = [wording::probe(outcome.probe), outcome.question, outcome.expected];
    cells(words.into_iter().chain(numbers.iter().map(String::as_str)))
}
