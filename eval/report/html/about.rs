//! Who was measured on what, and how.

use super::section::{folded, name};
use super::table::Table;
use crate::report::Report;
use crate::report::element::{Element, element};
use crate::report::wording::{count, counted};

/// Digits of a hash that tell files apart.
const HASH_DIGITS: usize = 12;

/// The head of the page.
pub(super) fn about(report: &Report) -> Element {
    let about = &report.about;
    let examples: usize = about.data.iter().map(|file| file.examples).sum();
    let (files, examples) = (counted(about.data.len() as u64, "file"), counted(examples as u64, "example"));
    let draws = match about.draws {
        0 => "none drawn".to_owned(),
        draws => format!("95 %, bootstrap of whole groups, {}, seed {}", counted(draws as u64, "draw"), about.seed),
    };
    let facts = [
        ("Measured", format!("{examples} in {files}")),
        ("Intervals", draws),
        ("Program", format!("regard {}", about.regard)),
    ];
    let fact = |(term, text): (&str, String)| [element("dt").text(term), element("dd").text(text)];
    element("header")
        .with(element("p").class("kind").text("Evaluation"))
        .with(element("h1").with(name(&about.system)))
        .with(element("dl").class("facts").with_all(facts.into_iter().flat_map(fact)))
        .with(folded(element("span").text(format!("{files}, with hashes"))).with(data(report)))
}

fn data(report: &Report) -> Element {
    let mut table = Table::new("Labelled files").words("file").numbers("examples").words("SHA-256");
    for file in &report.about.data {
        let hash: String = file.sha256.chars().take(HASH_DIGITS).collect();
        let hash = element("code").set("title", &file.sha256).text(hash);
        table.row([name(&file.path).into(), count(file.examples as u64).into(), hash.into()]);
    }
    table.element()
}
