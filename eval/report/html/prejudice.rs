//! What the model makes of a name alone.

use std::collections::BTreeMap;

use super::section::{Section, beside, explanation, folded, name, notes, subsection, with_aside};
use super::table::Table;
use crate::probe::prejudice::{self, Row, Spread, Standing};
use crate::report::difference::{Unit, signed};
use crate::report::element::{Element, element};
use crate::report::plot::Axis;
use crate::report::wording::{self, count, counted, percent, plain};

const READING: &str = "The model read every actor in sentences of news that say nothing for or against anyone, the same for all \
                       actors of a type; every answer but neutral is a mistake. Balance: the probability of favor less that of \
                       against, from −1 to 1. Deviation: how much kinder (+) or harsher (−) the balance is than toward the other \
                       actors of the type in the same sentences. Line: its 95 % interval over sentences; of many such intervals \
                       one in twenty misses by chance.";

/// A subsection for each type of actor.
pub(super) fn prejudice(table: &prejudice::Table) -> Section {
    let readings = format!(
        "{}; {} of each actor in each language.",
        counted(table.readings, "reading"),
        counted(table.templates, "sentence")
    );
    let ends = table.actors.iter().flat_map(|row| row.interval.unwrap_or([row.deviation; 2]));
    let axis = Axis::around_zero(Unit::Plain, ends);
    let types = table.by_type.iter().map(|(kind, spread)| {
        let rows: Vec<&Row> = table.actors.iter().filter(|row| row.kind.to_string() == *kind).collect();
        of_type(kind, spread, &rows, &axis)
    });
    Section::new("prejudice", "Prejudice")
        .with(explanation(READING))
        .with(explanation(&readings))
        .with_all(notes(table.note.as_slice()))
        .with_all(types)
}

fn of_type(kind: &str, spread: &Spread, rows: &[&Row], axis: &Axis) -> Element {
    let heading = wording::actors(kind);
    let moved = element("p")
        .text("Mean absolute deviation ")
        .with(element("strong").text(plain(Some(spread.mean_absolute_deviation))))
        .text(format!("; mean balance {}; ", signed(Some(spread.mean_balance), 3)))
        .text(counted(spread.actors, "actor"));
    let all = format!("{heading}: all {}", count(rows.len() as u64));
    let by_language = format!("{heading}: by language");
    subsection(heading)
        .with(moved)
        .with(beside([
            standings("Most favoured", &spread.most_favoured, rows, axis),
            standings("Least favoured", &spread.least_favoured, rows, axis),
        ]))
        .with(folded(element("span").text(&all)).with(actors(&all, rows, axis)))
        .with(folded(element("span").text(&by_language)).with(languages(&by_language, rows)))
}

fn standings(caption: &str, standings: &[Standing], rows: &[&Row], axis: &Axis) -> Element {
    let mut table = Table::new(caption).column("part", "actor").column("plot", axis.scale());
    table = table.numbers("deviation");
    for standing in standings {
        let known = rows.iter().find(|row| row.id == standing.id);
        let actor = known.map_or(standing.id.as_str(), |row| &row.name);
        let drawing = drawing(axis, actor, standing.deviation, standing.interval);
        let deviation = Unit::Plain.value(Some(standing.deviation));
        let deviation = with_aside(&deviation, &Unit::Plain.interval(standing.interval));
        table.row([name(actor).into(), drawing.into(), deviation.into()]);
    }
    table.element()
}

/// All of them, the most favoured first.
fn actors(caption: &str, rows: &[&Row], axis: &Axis) -> Element {
    let mut table = Table::new(caption).column("part", "actor").column("plot", axis.scale());
    for heading in ["deviation", "interval", "balance", "not neutral", "n"] {
        table = table.numbers(heading);
    }
    for row in in_order(rows) {
        table.row([
            name(&row.name).into(),
            drawing(axis, &row.name, row.deviation, row.interval).into(),
            Unit::Plain.value(Some(row.deviation)).into(),
            Unit::Plain.interval(row.interval).into(),
            signed(Some(row.figures.mean_balance), 3).into(),
            percent(Some(row.figures.non_neutral)).into(),
            count(row.figures.n).into(),
        ]);
    }
    table.element()
}

fn drawing(axis: &Axis, actor: &str, deviation: f64, interval: Option<[f64; 2]>) -> Element {
    let title = format!("{actor}: deviation {}", Unit::Plain.value(Some(deviation)));
    axis.interval(&title, Some(deviation), interval, Some(0.0))
}

fn in_order<'a>(rows: &[&'a Row]) -> Vec<&'a Row> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| b.deviation.total_cmp(&a.deviation));
    rows
}

/// The deviation in each language. All actors of a type are read in the same sentences of a language, so that it is the balance less
/// the mean of all.
fn languages(caption: &str, rows: &[&Row]) -> Element {
    let mut balances: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (language, figures) in rows.iter().flat_map(|row| &row.by_language) {
        balances.entry(language).or_default().push(figures.mean_balance);
    }
    let usual: BTreeMap<&str, f64> = balances
        .into_iter()
        .map(|(language, balances)| (language, balances.iter().sum::<f64>() / balances.len() as f64))
        .collect();
    let mut table = Table::new(format!("{caption}: deviation")).column("part", "actor");
    for language in usual.keys() {
        table = table.column("tinted", name(language));
    }
    for row in in_order(rows) {
        let deviation = |(language, usual): (&&str, &f64)| Some(row.by_language.get(*language)?.mean_balance - usual);
        let cells = usual.iter().map(deviation).map(|deviation| tinted(deviation).into());
        table.cells(std::iter::once(name(&row.name).into()).chain(cells));
    }
    table.element()
}

/// A deviation, the darker the farther from 0.
fn tinted(deviation: Option<f64>) -> Element {
    let share = deviation.filter(|deviation| deviation.is_finite()).map_or(0.0, f64::abs).min(1.0);
    let side = if deviation < Some(0.0) { "harsher" } else { "kinder" };
    element("div").class(side).set("style", format!("--share:{share:.3}")).text(signed(deviation, 2))
}
