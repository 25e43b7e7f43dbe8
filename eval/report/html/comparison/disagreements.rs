//! What to read: where one system is right and the other wrong.

use crate::compare::{Disagreement, Pair};
use crate::report::element::{Element, element};
use crate::report::html::example::{examples, label, text};
use crate::report::html::section::{explanation, name};
use crate::report::wording::{count, counted};

/// How to read the lists.
pub(super) fn reading() -> Element {
    explanation(
        "Where only one of two systems is right, the widest apart first. The target’s mention is marked. Some are errors of the \
         label, not of a system.",
    )
}

/// How many there are, and the clearest.
pub(super) fn disagreements(pair: &Pair) -> (String, Vec<Element>) {
    let right = [("first", pair.only_one_right), ("second", pair.only_other_right)];
    let [first, second] = right.map(|(which, n)| format!("only the {which} right in {}", count(n)));
    let summary = format!("{first}, {second}");
    if pair.examples.is_empty() {
        return (summary, vec![element("p").text("None.")]);
    }
    let lists = pair.examples.chunk_by(|a, b| (a.one == a.gold) == (b.one == b.gold)).map(|shown| {
        let system = if shown[0].one == shown[0].gold { &pair.one } else { &pair.other };
        let heading = element("h4").text("Only ").with(name(system)).text(" right: ");
        let heading = heading.text(counted(shown.len() as u64, "example"));
        element("section").with(heading).with(examples(shown.iter().map(|shown| disagreement(shown, pair))))
    });
    (summary, lists.collect())
}

fn disagreement(shown: &Disagreement, pair: &Pair) -> Element {
    let mut source = element("p").class("source").text("gold ").with(label(shown.gold));
    for (system, answer) in [(&pair.one, shown.one), (&pair.other, shown.other)] {
        source = source.text(" · ").with(name(system)).text(" ").with(label(answer));
    }
    if let Some(target) = &shown.target {
        source = source.text(" · toward ").with(name(target));
    }
    let source = source.text(" · ").with(element("code").with(name(&shown.id)));
    element("li").with(text(&shown.text, &shown.language, shown.mention)).with(source)
}
