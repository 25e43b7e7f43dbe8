//! One class against the others, and which is taken for which.

use super::table::Table;
use crate::metrics::Metrics;
use crate::report::element::{Element, element};
use crate::report::wording::{count, percent, plain};

/// How each class fares.
pub(super) fn classes(metrics: &Metrics) -> Element {
    let mut table = Table::new("One class against the others").words("class").numbers("gold");
    for heading in ["precision", "recall", "F1", "AUROC", "AP", "ECE"] {
        table = table.numbers(heading);
    }
    for class in &metrics.per_class {
        table.row([
            class.label.into(),
            count(class.support).into(),
            percent(Some(class.precision)).into(),
            percent(Some(class.recall)).into(),
            percent(Some(class.f1)).into(),
            plain(class.auroc).into(),
            plain(class.auprc).into(),
            percent(class.ece).into(),
        ]);
    }
    table.element()
}

/// Counts of gold and answers, darker where more of the row is.
pub(super) fn confusion(metrics: &Metrics) -> Element {
    let labels = metrics.per_class.each_ref().map(|class| class.label);
    let mut table =
        Table::new("Gold in rows, answers in columns: counts, and shares of the row").words("gold ╲ answer");
    for label in labels {
        table = table.column("heat", label);
    }
    for (label, row) in labels.into_iter().zip(&metrics.confusion) {
        let gold: u64 = row.iter().sum();
        let [first, second, third] = row.map(|cell| heat(cell, gold));
        table.row([label.into(), first.into(), second.into(), third.into()]);
    }
    table.element()
}

fn heat(cell: u64, row: u64) -> Element {
    let share = (row > 0).then(|| cell as f64 / row as f64);
    let heat = element("div").set("style", format!("--share:{:.3}", share.unwrap_or(0.0)));
    let words = share.map_or("no gold".to_owned(), |share| percent(Some(share)));
    heat.with(element("b").text(count(cell))).text(" ").with(element("small").text(words))
}
