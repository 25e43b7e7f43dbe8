//! The figures to quote, a question each.

use super::section::{Section, beside, notes};
use crate::metrics::{Figure, Metrics};
use crate::report::Report;
use crate::report::element::{Element, element};
use crate::report::plot;
use crate::report::wording::{self, count, counted};

/// All questions.
pub(super) fn headline(report: &Report) -> Section {
    let questions: Vec<Element> =
        report.evaluation.questions().map(|(name, metrics)| question(name, metrics, report.about.draws)).collect();
    let section = Section::new("in-short", "In short");
    let section = match questions.is_empty() {
        true => section.with(element("p").text("Nothing was asked, or nothing was answered.")),
        false => section.with(beside(questions)),
    };
    let unanswered = report.evaluation.unanswered;
    let without = format!(
        "{} without an answer: the text does not name the target, or the system does not answer the question",
        counted(unanswered, "example")
    );
    section.with_all((unanswered > 0).then_some(without).and_then(|note| notes(&[note])))
}

fn question(name: &str, metrics: &Metrics, draws: usize) -> Element {
    let interval = metrics.figures.interval(Figure::MacroF1);
    let title = wording::title(Figure::MacroF1);
    let value = wording::value(Figure::MacroF1, metrics.value(Figure::MacroF1));
    let range = match interval {
        Some(_) => format!("95 % interval {}", wording::interval(Figure::MacroF1, interval)),
        None => format!("95 % interval: {}", wording::without_interval(metrics, Figure::MacroF1, draws)),
    };
    let bar = plot::Axis::SHARE.interval(
        &format!("{title} {value}, {range}"),
        metrics.value(Figure::MacroF1),
        interval,
        None,
    );
    let primary = element("p").class("primary").with(element("span").text(title)).with(element("strong").text(value));
    let figures = [Figure::F1Pn, Figure::Accuracy, Figure::Ece].map(|figure| {
        let interval =
            metrics.figures.interval(figure).map(|_| wording::interval(figure, metrics.figures.interval(figure)));
        let aside = interval.unwrap_or_else(|| wording::without_interval(metrics, figure, draws).to_owned());
        fact(wording::title(figure), &wording::value(figure, metrics.value(figure)), &aside)
    });
    let examples = fact("examples", &count(metrics.n), &format!("in {}", counted(metrics.groups, "group")));
    element("article")
        .with(element("h3").text(wording::question(name)))
        .with(primary)
        .with(bar)
        .with(plot::Axis::SHARE.scale())
        .with(element("p").class("range").text(range))
        .with(element("dl").class("headline").with_all(figures).with(examples))
        .with_all(notes(&metrics.notes))
}

fn fact(term: &str, value: &str, aside: &str) -> Element {
    let value = element("dd").text(value).text(" ").with(element("small").text(aside));
    element("div").with(element("dt").text(term)).with(value)
}
