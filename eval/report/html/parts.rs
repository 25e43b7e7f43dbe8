//! For whom it is worse: the parts of each dimension, drawn and in numbers.

use super::section::{Section, explanation, folded, name, notes};
use super::table::{Cell, Table};
use crate::evaluation::{Evaluation, Parts};
use crate::metrics::{Figure, Metrics};
use crate::report::Report;
use crate::report::element::{Element, element};
use crate::report::plot::Axis;
use crate::report::wording::{self, count, counted};

/// More rows than this are shown on demand.
const ROWS: usize = 24;

/// More notes than this are shown on demand.
const NOTES: usize = 6;

/// How to read the tables; said once.
const READING: &str = "Dot: macro-F1, hollow where there is too little to say how sure it is; line: its 95 % interval; upright \
                       line: macro-F1 over all. The scale runs from 0 to 100 %.";

/// A section for each dimension.
pub(super) fn dimensions(report: &Report) -> Vec<Section> {
    let mut dimensions: Vec<(&str, &Parts)> = report.evaluation.by.iter().map(|(name, parts)| (*name, parts)).collect();
    dimensions.sort_by_key(|(name, _)| wording::dimension(name).0);
    let mut reading = Some(explanation(READING));
    let section = |(name, parts): (&str, &Parts)| {
        Section::new(&format!("by-{name}"), wording::dimension(name).1)
            .with_all(reading.take())
            .with_all(questions(&report.evaluation, parts, report.about.draws))
            .with_all(footnotes(parts, report.evaluation.parts_left_out.get(name).copied().unwrap_or(0)))
    };
    dimensions.into_iter().map(section).collect()
}

/// A table for each question that was asked of any part.
fn questions(whole: &Evaluation, parts: &Parts, draws: usize) -> Vec<Element> {
    let mut tables = Vec::new();
    for (question, metrics) in whole.questions() {
        let rows: Vec<(&str, &Metrics)> = parts.asked(question).collect();
        if rows.is_empty() {
            continue;
        }
        let heading = wording::question(question);
        let table = table(heading, &rows, metrics.value(Figure::MacroF1), draws);
        let summary = format!("{heading}: {}", counted(rows.len() as u64, "part"));
        tables.push(match rows.len() {
            0..=ROWS => table,
            _ => folded(element("span").text(summary)).with(table),
        });
    }
    tables
}

fn table(caption: &str, rows: &[(&str, &Metrics)], whole: Option<f64>, draws: usize) -> Element {
    let mut table = Table::new(caption).column("part", "part").column("plot", Axis::SHARE.scale());
    for heading in ["macro-F1", "interval", "n", "groups", "F1(PN)", "accuracy", "ECE"] {
        table = table.numbers(heading);
    }
    for (part, metrics) in rows {
        let interval = metrics.figures.interval(Figure::MacroF1);
        let range: Cell = match interval {
            Some(_) => wording::interval(Figure::MacroF1, interval).into(),
            None => {
                let why = wording::without_interval(metrics, Figure::MacroF1, draws);
                element("span").class("undefined").text(why).into()
            }
        };
        let value = |figure| wording::value(figure, metrics.value(figure));
        let title = format!("{part}: macro-F1 {}", value(Figure::MacroF1));
        table.row([
            name(part).into(),
            Axis::SHARE.interval(&title, metrics.value(Figure::MacroF1), interval, whole).into(),
            value(Figure::MacroF1).into(),
            range,
            count(metrics.n).into(),
            count(metrics.groups).into(),
            value(Figure::F1Pn).into(),
            value(Figure::Accuracy).into(),
            value(Figure::Ece).into(),
        ]);
    }
    table.element()
}

/// What else must be known of parts: their notes, each with whom it is about, and what is not in the tables.
fn footnotes(parts: &Parts, left_out: usize) -> Vec<Element> {
    let mut about: Vec<(String, Vec<&str>)> = Vec::new();
    let mut add = |note: String, part| match about.iter_mut().find(|(known, _)| *known == note) {
        Some((_, parts)) => parts.push(part),
        None => about.push((note, vec![part])),
    };
    for (part, evaluation) in &parts.0 {
        let ambiguous = evaluation.questions().count() > 1;
        for (question, metrics) in evaluation.questions() {
            let named = |note: &String| if ambiguous { format!("{question}: {note}") } else { note.clone() };
            metrics.notes.iter().for_each(|note| add(named(note), part));
        }
        if evaluation.unanswered > 0 {
            add(format!("{} without an answer", counted(evaluation.unanswered, "example")), part);
        }
    }
    let not_shown = format!("{} not shown", counted(left_out as u64, "smaller part"));
    let items: Vec<Element> = about.iter().map(|(note, parts)| footnote(note, parts)).collect();
    let summary = element("span").text(counted(items.len() as u64, "note"));
    let about = match items.len() {
        0 => None,
        1..=NOTES => Some(element("ul").class("notes").with_all(items)),
        _ => Some(folded(summary).with(element("ul").class("notes").with_all(items))),
    };
    notes(&[not_shown]).filter(|_| left_out > 0).into_iter().chain(about).collect()
}

fn footnote(note: &str, parts: &[&str]) -> Element {
    let mut item = element("li");
    for (index, part) in parts.iter().enumerate() {
        item = item.text(if index == 0 { "" } else { ", " }).with(name(part));
    }
    item.text(": ").text(note)
}
