//! What changed sentences change, in short.

use super::table::{bracketed, cells, escaped, table};
use crate::probe::Outcome;
use crate::report::difference::Unit;
use crate::report::wording::{self, count, percent};

const READING: &str = "Macro-F1 before and after the change, its drop in points; flipped: answers with another label than before; \
                       polar kept: of the answers other than neutral.";

/// A row each; `None` without any.
pub(super) fn probes(outcomes: &[Outcome]) -> Option<String> {
    let numbers = ["n", "before", "after", "drop", "flipped", "polar kept", "both right"];
    let table = table(&["probe", "question", "a good model"], &numbers, outcomes.iter().map(row).collect());
    let note = |outcome: &Outcome| {
        let (name, question) = (wording::probe(outcome.probe), outcome.question);
        Some(format!("- {name}, {question}: {}", escaped(outcome.note.as_ref()?)))
    };
    let notes: Vec<String> = outcomes.iter().filter_map(note).collect();
    let sections = ["## Probes".to_owned(), READING.to_owned(), table].into_iter();
    let sections = sections.chain((!notes.is_empty()).then(|| notes.join("\n")));
    (!outcomes.is_empty()).then(|| sections.collect::<Vec<_>>().join("\n\n"))
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
