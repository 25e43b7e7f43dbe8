//! Several systems on the same examples, as a page.

mod differences;
mod disagreements;
mod parts;
mod systems;

use super::section::{Section, folded, name, notes, subsection};
use super::{about, page};
use crate::compare::{Comparison, Pair, QuestionComparison};
use crate::report::About;
use crate::report::element::{Element, element};
use crate::report::wording::{counted, question};

/// `comparison` as a page.
pub(in crate::report) fn page(comparison: &Comparison, about: &About) -> String {
    let title = format!("Comparison of {}", comparison.systems.join(", "));
    let heading = comparison.systems.iter().enumerate().fold(element("h1"), |heading, (index, system)| {
        heading.text(if index == 0 { "" } else { ", " }).with(name(system))
    });
    let header = about::about("Comparison", heading, about);
    page::page(&title, header, sections(comparison, about.draws), "comparison.json")
}

/// What the page consists of, in reading order.
fn sections(comparison: &Comparison, draws: usize) -> Vec<Section> {
    let left_out = comparison.left_out as u64;
    let left_out = (left_out > 0).then(|| format!("{} left out, not answered by all", counted(left_out, "example")));
    let mut systems = Section::new("systems", "Systems").with(systems::reading()).with_all(notes(left_out.as_slice()));
    if comparison.questions.is_empty() {
        return vec![systems.with(element("p").text("There is no example that all systems answer."))];
    }
    let of_systems = |asked: &QuestionComparison| vec![systems::systems(&comparison.systems, asked, draws)];
    systems = systems.with_all(by_question(comparison, of_systems));
    if comparison.questions.iter().all(|asked| asked.pairs.is_empty()) {
        return vec![systems];
    }
    let differences = Section::new("differences", "Differences").with(differences::reading());
    let parts = Section::new("parts", "By part").with(parts::reading());
    let disagreements = Section::new("disagreements", "Disagreements").with(disagreements::reading());
    vec![
        systems,
        differences.with_all(by_question(comparison, differences::differences)),
        parts.with_all(by_question(comparison, |asked| of_pairs(asked, parts::parts))),
        disagreements.with_all(by_question(comparison, |asked| of_pairs(asked, disagreements::disagreements))),
    ]
}

/// What `content` makes of each question, below its name.
fn by_question(comparison: &Comparison, content: impl Fn(&QuestionComparison) -> Vec<Element>) -> Vec<Element> {
    let of_question = |asked: &QuestionComparison| subsection(question(asked.question)).with_all(content(asked));
    comparison.questions.iter().map(of_question).collect()
}

/// What `content` makes of each pair, behind a summary.
fn of_pairs(asked: &QuestionComparison, content: impl Fn(&Pair) -> (String, Vec<Element>)) -> Vec<Element> {
    let of_pair = |pair: &Pair| {
        let (summary, content) = content(pair);
        folded(versus(pair).text(" · ").text(summary)).with_all(content)
    };
    asked.pairs.iter().map(of_pair).collect()
}

/// The one and the other.
fn versus(pair: &Pair) -> Element {
    element("span").with(name(&pair.one)).text(" versus ").with(name(&pair.other))
}
