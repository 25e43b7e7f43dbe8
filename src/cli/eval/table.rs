//! Evaluations as tables for people.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use regard_eval::compare::{Comparison, Pair};
use regard_eval::metrics::{Figure, Metrics};
use regard_eval::report::Report;
use regard_eval::{Evaluation, OverRuns};

/// Figures with a column of their own.
const SHOWN: [Figure; 5] = [Figure::MacroF1, Figure::F1Pn, Figure::Accuracy, Figure::Nll, Figure::Ece];

pub(super) fn of_report(report: &Report) -> String {
    let mut table = table(["", "question", "n", "macro-F1", "F1(PN)", "accuracy", "NLL", "ECE"]);
    rows(&mut table, "all", &report.evaluation);
    for (dimension, parts) in &report.evaluation.by {
        for (name, part) in &parts.0 {
            rows(&mut table, &format!("{dimension} {name}"), part);
        }
    }
    let mut text = format!("{}\n{table}\n", report.about.system);
    for (question, metrics) in report.evaluation.questions() {
        for note in &metrics.notes {
            let _ = writeln!(text, "{question}: {note}");
        }
        for threshold in metrics.abstention.iter().flat_map(|abstention| &abstention.thresholds) {
            let wanted = 100.0 * threshold.precision;
            let _ = match threshold.min_confidence {
                Some(confidence) => {
                    let kept = 100.0 * threshold.coverage;
                    writeln!(
                        text,
                        "{question}: {wanted:.0} % right from confidence {confidence:.3} on, {kept:.0} % of the answers"
                    )
                }
                None => writeln!(text, "{question}: {wanted:.0} % right at no confidence"),
            };
        }
    }
    text
}

fn rows(table: &mut Table, name: &str, evaluation: &Evaluation) {
    for (question, metrics) in evaluation.questions() {
        let row = [name.to_owned(), question.to_owned(), metrics.n.to_string()];
        table.add_row(row.into_iter().chain(SHOWN.map(|figure| cell(metrics, figure))));
    }
}

/// `76.2 (73.1 to 79.0)`: per cent but for NLL; a dash where a figure is not defined.
fn cell(metrics: &Metrics, figure: Figure) -> String {
    match metrics.value(figure) {
        Some(value) => {
            number(figure, value)
                + &metrics.figures.interval(figure).map_or_else(String::new, |ends| range(figure, ends))
        }
        None => "–".to_owned(),
    }
}

fn range(figure: Figure, [low, high]: [f64; 2]) -> String {
    format!(" ({} to {})", number(figure, low), number(figure, high))
}

fn number(figure: Figure, value: f64) -> String {
    if figure == Figure::Nll { format!("{value:.3}") } else { format!("{:.1}", 100.0 * value) }
}

pub(super) fn of_runs(over_runs: &OverRuns) -> String {
    let mut table = table(["mean of runs", "figure", "runs", "mean", "deviation", "95 %"]);
    for (question, spreads) in [("stance", &over_runs.stance), ("sentiment", &over_runs.sentiment)] {
        for (figure, spread) in spreads.iter().flat_map(|spreads| &spreads.0) {
            let number = |value| number(*figure, value);
            table.add_row([
                question.to_owned(),
                figure.name().to_owned(),
                spread.runs.to_string(),
                number(spread.mean),
                spread.deviation.map_or_else(|| "–".to_owned(), number),
                spread.interval.map_or_else(|| "–".to_owned(), |ends| range(*figure, ends)),
            ]);
        }
    }
    format!("{table}\n")
}

pub(super) fn of_comparison(comparison: &Comparison) -> String {
    let mut text = String::new();
    for question in &comparison.questions {
        let mut systems = table(["", "n", "macro-F1", "F1(PN)", "accuracy", "NLL", "ECE"]);
        for (name, metrics) in comparison.systems.iter().zip(&question.metrics) {
            let row = [name.clone(), metrics.n.to_string()];
            systems.add_row(row.into_iter().chain(SHOWN.map(|figure| cell(metrics, figure))));
        }
        let mut pairs = table(["", "macro-F1", "randomisation", "bootstrap", "McNemar", "wins", "losses"]);
        for pair in &question.pairs {
            pairs.add_row(row(pair));
        }
        let _ = writeln!(
            text,
            "{}\n{systems}\n\np adjusted by Holm for {} pairs\n{pairs}",
            question.question,
            question.pairs.len()
        );
    }
    if comparison.left_out > 0 {
        let _ = writeln!(text, "{} examples that not all systems answer are left out", comparison.left_out);
    }
    text
}

fn row(pair: &Pair) -> [String; 7] {
    let p = |p: Option<f64>| p.map_or_else(|| "–".to_owned(), |p| format!("{p:.4}"));
    let difference = pair.differences.iter().find(|difference| difference.figure == Figure::MacroF1);
    let points = difference.and_then(|difference| Some((difference.difference?, difference.interval)));
    [
        format!("{} less {}", pair.one, pair.other),
        points.map_or_else(String::new, |(value, ends)| {
            format!("{:+.1}{}", 100.0 * value, ends.map_or_else(String::new, |ends| range(Figure::MacroF1, ends)))
        }),
        p(pair.p_holm.randomisation),
        p(pair.p_holm.bootstrap),
        p(pair.p_holm.mcnemar),
        pair.wins.to_string(),
        pair.losses.to_string(),
    ]
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(header);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
