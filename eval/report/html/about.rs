//! Who was measured on what, and how.

use super::section::{folded, name};
use super::table::Table;
use crate::report::element::{Element, element};
use crate::report::wording::{count, counted};
use crate::report::{About, DataFile};

/// Digits of a hash that tell files apart.
const HASH_DIGITS: usize = 12;

/// The head of a page of one `kind`; `heading` names what was measured.
pub(super) fn about(kind: &str, heading: Element, measured: &About) -> Element {
    let files = counted(measured.data.len() as u64, "file");
    let draws = match measured.draws {
        0 => "none drawn".to_owned(),
        draws => format!("95 %, bootstrap of whole groups, {}, seed {}", counted(draws as u64, "draw"), measured.seed),
    };
    let facts = [
        ("Measured", format!("{} in {files}", counted(measured.examples(), "example"))),
        ("Intervals", draws),
        ("Program", format!("regard {}", measured.regard)),
    ];
    let fact = |(term, text): (&str, String)| [element("dt").text(term), element("dd").text(text)];
    element("header")
        .with(element("p").class("kind").text(kind))
        .with(heading)
        .with(element("dl").class("facts").with_all(facts.into_iter().flat_map(fact)))
        .with(folded(element("span").text(format!("{files}, with hashes"))).with(data(&measured.data)))
}

fn data(files: &[DataFile]) -> Element {
    let mut table = Table::new("Labelled files").words("file").numbers("examples").words("SHA-256");
    for file in files {
        let hash: String = file.sha256.chars().take(HASH_DIGITS).collect();
        let hash = element("code").set("title", &file.sha256).text(hash);
        table.row([name(&file.path).into(), count(file.examples as u64).into(), hash.into()]);
    }
    table.element()
}
