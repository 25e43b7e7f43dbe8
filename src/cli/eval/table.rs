//! Evaluations as tables for people.

use std::fmt::Write;

use comfy_table::Table;
use regard_eval::compare::{Comparison, Pair};
use regard_eval::metrics::{Figure, Metrics};
use regard_eval::report::Report;
use regard_eval::{Evaluation, OverRuns};

use crate::figures::{DASH, percent, table};

/// Figures with a column of their own, after macro-F1 with its interval.
const SHOWN: [Figure; 4] = [Figure::F1Pn, Figure::Accuracy, Figure::Nll, Figure::Ece];

pub(super) fn of_report(report: &Report) -> String {
    let mut table = table(["", "question", "n", "macro-F1", "95 %", "F1(PN)", "accuracy", "NLL", "ECE"], 1);
    rows(&mut table, "all", &report.evaluation);
    let mut dimensions: Vec<_> = report.evaluation.by.iter().collect();
    // The longest list comes last.
    dimensions.sort_by_key(|(dimension, _)| **dimension == "actor");
    for (&dimension, parts) in dimensions {
        let said: Vec<_> = parts.0.iter().filter(|(_, part)| dimension != "actor" || is_sure(part)).collect();
        if !said.is_empty() {
            table.add_row([String::new()]);
            table.add_row([format!("by {}", dimension.replace('_', " "))]);
        }
        said.into_iter().for_each(|(name, part)| rows(&mut table, &format!("  {name}"), part));
    }
    let mut text = format!("{}\n\n{table}\n\n", report.system);
    for (question, metrics) in report.evaluation.questions() {
        for note in &metrics.notes {
            let _ = writeln!(text, "{question}: {note}");
        }
        for threshold in metrics.abstention.iter().flat_map(|abstention| &abstention.thresholds) {
            // Neither share nor confidence is rounded: both are there to be typed again.
            let wanted = threshold.precision;
            let _ = match threshold.min_confidence {
                Some(confidence) => {
                    let kept = 100.0 * threshold.coverage;
                    writeln!(
                        text,
                        "{question}: {wanted} right among the {kept:.1} % of confidence {confidence} or more"
                    )
                }
                None => writeln!(text, "{question}: {wanted} right at no confidence"),
            };
        }
    }
    if report.evaluation.unanswered > 0 {
        let _ = writeln!(text, "{} examples without an answer", report.evaluation.unanswered);
    }
    for outcome in &report.probes {
        let share =
            |share: Option<f64>| share.map_or_else(|| DASH.to_owned(), |share| format!("{:.0} %", 100.0 * share));
        let drop = outcome.drop.map_or_else(|| DASH.to_owned(), |drop| format!("{:+.1}", -100.0 * drop));
        let (probe, question, flipped) = (outcome.probe, outcome.question, share(outcome.flipped));
        let _ =
            writeln!(text, "probe {probe}, {question}: {flipped} of {} answers changed, macro-F1 {drop}", outcome.n);
    }
    for (kind, spread) in report.prejudice.iter().flat_map(|table| &table.by_type) {
        let deviation = spread.mean_absolute_deviation;
        let _ = writeln!(text, "prejudice, {kind}: the name alone moves the answer by {deviation:.3} on average");
    }
    text
}

/// Whether there are enough of it to say how sure the figures are.
fn is_sure(part: &Evaluation) -> bool {
    part.questions().any(|(_, metrics)| metrics.figures.interval(Figure::MacroF1).is_some())
}

fn rows(table: &mut Table, name: &str, evaluation: &Evaluation) {
    for (question, metrics) in evaluation.questions() {
        table.add_row([name.to_owned(), question.to_owned()].into_iter().chain(cells(metrics)));
    }
}

/// `n`, macro-F1 with its interval, and the other figures.
fn cells(metrics: &Metrics) -> impl Iterator<Item = String> {
    let interval = metrics.figures.interval(Figure::MacroF1);
    let first = [metrics.n.to_string(), cell(metrics, Figure::MacroF1), range(Figure::MacroF1, interval)];
    first.into_iter().chain(SHOWN.map(|figure| cell(metrics, figure)))
}

/// Per cent but for NLL; a dash where the figure is not defined.
fn cell(metrics: &Metrics, figure: Figure) -> String {
    metrics.value(figure).map_or_else(|| DASH.to_owned(), |value| number(figure, value))
}

fn range(figure: Figure, interval: Option<[f64; 2]>) -> String {
    interval
        .map_or_else(|| DASH.to_owned(), |[low, high]| format!("{} to {}", number(figure, low), number(figure, high)))
}

fn number(figure: Figure, value: f64) -> String {
    if figure == Figure::Nll { format!("{value:.3}") } else { percent(value) }
}

pub(super) fn of_runs(over_runs: &OverRuns) -> String {
    let mut table = table(["mean of runs", "figure", "runs", "mean", "deviation", "95 %"], 1);
    for (question, spreads) in [("stance", &over_runs.stance), ("sentiment", &over_runs.sentiment)] {
        for (figure, spread) in spreads.iter().flat_map(|spreads| &spreads.0) {
            let number = |value| number(*figure, value);
            table.add_row([
                question.to_owned(),
                figure.name().to_owned(),
                spread.runs.to_string(),
                number(spread.mean),
                spread.deviation.map_or_else(|| DASH.to_owned(), number),
                range(*figure, spread.interval),
            ]);
        }
    }
    match over_runs.left_out {
        0 => format!("{table}\n"),
        count => format!("{table}\n\n{count} examples that not all runs answer are left out\n"),
    }
}

pub(super) fn of_comparison(comparison: &Comparison) -> String {
    let mut text = String::new();
    for question in &comparison.questions {
        let mut systems = table(["", "n", "macro-F1", "95 %", "F1(PN)", "accuracy", "NLL", "ECE"], 1);
        for (name, metrics) in comparison.systems.iter().zip(&question.metrics) {
            systems.add_row(std::iter::once(name.clone()).chain(cells(metrics)));
        }
        let mut pairs = table(["", "macro-F1", "95 %", "randomisation", "bootstrap", "McNemar", "wins", "losses"], 1);
        for pair in &question.pairs {
            pairs.add_row(row(pair));
        }
        let adjusted = match question.pairs.len() {
            1 => String::new(),
            pairs => format!(", adjusted by Holm for {pairs} pairs"),
        };
        let name = question.question;
        let _ = writeln!(text, "{name}\n\n{systems}\n\np of no difference{adjusted}\n\n{pairs}");
    }
    if comparison.left_out > 0 {
        let _ = writeln!(text, "{} examples that not all systems answer are left out", comparison.left_out);
    }
    text
}

fn row(pair: &Pair) -> [String; 8] {
    let p = |p: Option<f64>| match p {
        Some(p) if p < 1e-4 => "< 0.0001".to_owned(),
        Some(p) => format!("{p:.4}"),
        None => DASH.to_owned(),
    };
    let macro_f1 = pair.differences.iter().find(|difference| difference.figure == Figure::MacroF1);
    let difference = macro_f1.and_then(|macro_f1| macro_f1.difference);
    [
        format!("{} less {}", pair.one, pair.other),
        difference.map_or_else(|| DASH.to_owned(), |value| format!("{:+.1}", 100.0 * value)),
        range(Figure::MacroF1, macro_f1.and_then(|macro_f1| macro_f1.interval)),
        p(pair.p_holm.randomisation),
        p(pair.p_holm.bootstrap),
        p(pair.p_holm.mcnemar),
        pair.wins.to_string(),
        pair.losses.to_string(),
    ]
}
