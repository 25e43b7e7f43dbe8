//! How good each system is.

use crate::compare::QuestionComparison;
use crate::metrics::{Figure, Metrics};
use crate::report::element::Element;
use crate::report::html::section::{explanation, name, with_aside};
use crate::report::html::table::Table;
use crate::report::plot::Axis;
use crate::report::wording::{self, counted, title};

const FIGURES: [Figure; 6] = [Figure::MacroF1, Figure::F1Pn, Figure::Accuracy, Figure::Nll, Figure::Brier, Figure::Ece];

/// How to read the tables.
pub(super) fn reading() -> Element {
    explanation(
        "Only of examples that all systems answer. Below each figure is its 95 % interval; ↑ more is better, ↓ less is.",
    )
}

/// A row each.
pub(super) fn systems(names: &[String], asked: &QuestionComparison, draws: usize) -> Element {
    let measured = asked.metrics.first().map_or((0, 0), |metrics| (metrics.n, metrics.groups));
    let (examples, groups) = (counted(measured.0, "example"), counted(measured.1, "group"));
    let mut table = Table::new(format!("{examples} in {groups}"));
    table = table.column("part", "system").column("plot", Axis::SHARE.scale());
    for figure in FIGURES {
        table = table.numbers(format!("{} {}", title(figure), if figure.rises() { "↑" } else { "↓" }));
    }
    for (system, metrics) in names.iter().zip(&asked.metrics) {
        let value = wording::value(Figure::MacroF1, metrics.value(Figure::MacroF1));
        let interval = metrics.figures.interval(Figure::MacroF1);
        let words = format!("{system}: macro-F1 {value}");
        let drawing = Axis::SHARE.interval(&words, metrics.value(Figure::MacroF1), interval, None);
        let figures = FIGURES.map(|figure| figure_of(metrics, figure, draws).into());
        table.cells([name(system).into(), drawing.into()].into_iter().chain(figures));
    }
    table.element()
}

fn figure_of(metrics: &Metrics, figure: Figure, draws: usize) -> Element {
    let interval = match metrics.figures.interval(figure) {
        Some(_) => wording::interval(figure, metrics.figures.interval(figure)),
        None => wording::without_interval(metrics, figure, draws).to_owned(),
    };
    let value = wording::value(figure, metrics.value(figure));
    with_aside(&value, &interval)
}
