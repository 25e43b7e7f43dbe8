//! Whether the model judges the name or the sentence: what changed sentences change in the answers.

use super::example::{examples, label, text};
use super::section::{Section, explanation, folded, name, notes, subsection, with_aside};
use super::table::{Cell, Table};
use crate::probe::{Flip, Outcome};
use crate::report::difference::Unit;
use crate::report::element::{Element, element};
use crate::report::wording::{self, count, counted, percent, question};

const READING: &str = "Labelled examples, changed in one known way and asked again. The drop of macro-F1 is in points, before less \
                       after; flipped answers have another label than before, with their 95 % interval; polar answers are those \
                       other than neutral before the change. Both right: of the sentences with two labelled targets of different \
                       labels. A masked or replaced name takes away more than the name: what both show is the name’s doing.";

/// A table for each question, and the clearest flips.
pub(super) fn probes(outcomes: &[Outcome]) -> Section {
    let asked = ["stance", "sentiment"].map(|name| (name, of_question(outcomes, name)));
    let asked = asked.into_iter().filter(|(_, outcomes)| !outcomes.is_empty());
    let questions = asked.map(|(name, outcomes)| {
        let flips = outcomes.iter().filter(|outcome| !outcome.examples.is_empty()).map(|outcome| flips(outcome));
        let note = |outcome: &&Outcome| Some(format!("{}: {}", wording::probe(outcome.probe), outcome.note.as_ref()?));
        let known: Vec<String> = outcomes.iter().filter_map(note).collect();
        subsection(question(name)).with(table(name, &outcomes)).with_all(notes(&known)).with_all(flips)
    });
    Section::new("probes", "Probes").with(explanation(READING)).with_all(questions)
}

fn of_question<'a>(outcomes: &'a [Outcome], question: &str) -> Vec<&'a Outcome> {
    outcomes.iter().filter(|outcome| outcome.question == question).collect()
}

fn table(name: &str, outcomes: &[&Outcome]) -> Element {
    let caption = format!("{}, before and after", question(name));
    let mut table = Table::new(caption).column("part", "probe").column("prose", "a good model");
    for heading in ["n", "before", "after", "drop", "flipped", "polar kept", "both right"] {
        table = table.numbers(heading);
    }
    for outcome in outcomes {
        table.row([
            wording::probe(outcome.probe).into(),
            outcome.expected.into(),
            count(outcome.n).into(),
            percent(outcome.macro_f1_before).into(),
            percent(outcome.macro_f1_after).into(),
            Unit::Points.value(outcome.drop).into(),
            share(outcome.flipped, &wording::shares(outcome.flipped_interval)),
            share(outcome.polar_kept, &format!("of {}", count(outcome.polar_n))),
            share(outcome.both_right, &format!("of {}", count(outcome.both_right_n))),
        ]);
    }
    table.element()
}

/// A share, and where it is defined what is to be known of it.
fn share(share: Option<f64>, aside: &str) -> Cell {
    match share {
        Some(_) => with_aside(&percent(share), aside).into(),
        None => percent(None).into(),
    }
}

fn flips(outcome: &Outcome) -> Element {
    let summary =
        format!("{}: {}", wording::probe(outcome.probe), counted(outcome.examples.len() as u64, "clear flip"));
    folded(element("span").text(summary)).with(examples(outcome.examples.iter().map(flip)))
}

fn flip(flip: &Flip) -> Element {
    let state = |when: &str, answer: &str, target: &Option<String>| {
        let state = element("p").class("source").text(when).text(" ").with(label(answer));
        match target {
            Some(target) => state.text(" · toward ").with(name(target)),
            None => state,
        }
    };
    let before = state("before", flip.label_before, &flip.target);
    let after = state("after", flip.label_after, &flip.target_after);
    let item = element("li").with(before).with(text(&flip.before, "", None)).with(after);
    // Where the target alone is another, the text need not be read twice.
    let changed = (flip.after != flip.before).then(|| text(&flip.after, "", None));
    item.with_all(changed).with(element("p").class("source").with(element("code").with(name(&flip.id))))
}
