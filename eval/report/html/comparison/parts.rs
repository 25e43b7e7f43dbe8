//! For whom which of two systems is better.

use crate::compare::{Pair, PartDifference};
use crate::metrics::Figure;
use crate::report::difference::{Unit, Verdict};
use crate::report::element::{Element, element};
use crate::report::html::section::{explanation, name};
use crate::report::html::table::Table;
use crate::report::plot::Axis;
use crate::report::wording::{self, count, counted};

/// How to read the tables.
pub(super) fn reading() -> Element {
    explanation(
        "Macro-F1 of the first system less that of the second in each part, in points. A win or a loss is a part whose 95 % \
         interval lies on one side of 0; it is marked. The intervals are not adjusted for the number of parts: of many, one in \
         twenty misses by chance.",
    )
}

/// Wins and losses in a word, and a table for each dimension.
pub(super) fn parts(pair: &Pair) -> (String, Vec<Element>) {
    let (wins, losses) = (count(pair.wins as u64), pair.losses as u64);
    let losses = format!("{} {}", count(losses), if losses == 1 { "loss" } else { "losses" });
    let wins = format!("{wins} {}", if pair.wins == 1 { "win" } else { "wins" });
    let summary = format!("{wins}, {losses} in {}", counted(pair.by.len() as u64, "part"));
    let mut dimensions: Vec<&[PartDifference]> = pair.by.chunk_by(|a, b| a.dimension == b.dimension).collect();
    dimensions.sort_by_key(|parts| wording::dimension(parts[0].dimension).0);
    let ends = pair.by.iter().flat_map(|part| part.interval.unwrap_or([part.difference; 2]));
    let axis = Axis::around_zero(Unit::Points, ends);
    (summary, dimensions.into_iter().map(|parts| table(parts, &axis)).collect())
}

fn table(parts: &[PartDifference], axis: &Axis) -> Element {
    let (_, caption) = wording::dimension(parts[0].dimension);
    let mut table = Table::new(caption).column("part", "part").column("plot", axis.scale());
    for heading in ["difference", "interval"] {
        table = table.numbers(heading);
    }
    table = table.words("beyond it");
    for heading in ["first", "second", "n"] {
        table = table.numbers(heading);
    }
    for part in parts {
        let told = Unit::Points.value(Some(part.difference));
        let interval = match part.interval {
            Some(_) => element("span").text(Unit::Points.interval(part.interval)),
            None => element("span").class("undefined").text("too little to say"),
        };
        let words = format!("{}: {told}", part.part);
        table.row([
            name(&part.part).into(),
            axis.interval(&words, Some(part.difference), part.interval, Some(0.0)).into(),
            told.into(),
            interval.into(),
            beyond(part.interval).into(),
            wording::value(Figure::MacroF1, Some(part.one)).into(),
            wording::value(Figure::MacroF1, Some(part.other)).into(),
            count(part.n).into(),
        ]);
    }
    table.element()
}

fn beyond(interval: Option<[f64; 2]>) -> Element {
    match Verdict::of_interval(interval) {
        Verdict::OneBetter => element("span").class("label win").text("▲ win"),
        Verdict::OtherBetter => element("span").class("label loss").text("▼ loss"),
        Verdict::NotShown | Verdict::NotTested => element("span").class("undefined").text(wording::UNDEFINED),
    }
}
