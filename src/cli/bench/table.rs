//! Benchmarks as tables for people.

use std::fmt::Write;

use regard_eval::bench::{Comparison, Figures, Load, Range, Report};

use crate::figures::{percent, table};

/// A figure: its heading, and where it is.
type Named<T> = (&'static str, fn(&T) -> f64);

/// One benchmark in full, or a row each of several.
pub(super) fn of(reports: &[Report]) -> String {
    let Some(report) = reports.first() else { return String::new() };
    let mut text = about(report);
    match reports {
        [report] => text += &of_one(report),
        reports => {
            let headings = ["batches", "length", "tokens/s", "low", "high", "pairs/s", "p50 ms", "p99 ms"];
            let mut table = table(headings, 0);
            for report in reports {
                let tokens = || report.rounds.iter().map(|round| round.tokens_per_s);
                let Figures { tokens_per_s, pairs_per_s, p50_ms, p99_ms, .. } = report.figures;
                let (low, high) = (tokens().fold(tokens_per_s, f64::min), tokens().fold(tokens_per_s, f64::max));
                let place = [report.settings.batch_tokens, report.work.longest].map(|count| count.to_string());
                let numbers = [tokens_per_s, low, high, pairs_per_s, p50_ms, p99_ms].map(number);
                table.add_row(place.into_iter().chain(numbers));
            }
            let _ = writeln!(text, "{table}");
        }
    }
    text
}

fn about(report: &Report) -> String {
    let Report { model, settings, work, machine, .. } = report;
    let cpu = machine.cpu.as_deref().unwrap_or(&machine.arch);
    format!(
        "{}: {}, {} layers of {}\n{} on {}, {} threads, {cpu}\n{} sequences, {} pairs, {} tokens, the longest {}; batches of {} tokens\n\n",
        model.name,
        model.answers,
        model.layers,
        model.hidden,
        settings.dtype,
        settings.device,
        settings.threads,
        work.sequences,
        work.pairs,
        work.tokens,
        work.longest,
        settings.batch_tokens,
    )
}

fn of_one(report: &Report) -> String {
    let mut table = table(["", "median", "low", "high"], 1);
    let mut row = |name: &str, values: Vec<f64>, median: f64| {
        let low = values.iter().copied().fold(median, f64::min);
        let high = values.iter().copied().fold(median, f64::max);
        table.add_row([name.to_owned(), number(median), number(low), number(high)]);
    };
    let loads: [Named<Load>; 2] =
        [("load, ms", |load| load.load_ms), ("first answer, ms", |load| load.first_answer_ms)];
    for (name, field) in loads {
        row(name, report.loads.iter().map(field).collect(), field(&report.load));
    }
    let rounds: [Named<Figures>; 10] = [
        ("sentences/s", |round| round.sentences_per_s),
        ("actor pairs/s", |round| round.pairs_per_s),
        ("tokens/s", |round| round.tokens_per_s),
        ("GFLOP/s", |round| round.gflops),
        ("one sentence, p50 ms", |round| round.p50_ms),
        ("one sentence, p95 ms", |round| round.p95_ms),
        ("one sentence, p99 ms", |round| round.p99_ms),
        ("one batch, p50 ms", |round| round.batch_p50_ms),
        ("one batch, p95 ms", |round| round.batch_p95_ms),
        ("one batch, p99 ms", |round| round.batch_p99_ms),
    ];
    for (name, field) in rounds {
        row(name, report.rounds.iter().map(field).collect(), field(&report.figures));
    }
    if let Some(joules) = report.figures.joules {
        row("joules a round", report.rounds.iter().filter_map(|round| round.joules).collect(), joules);
    }
    let mut text = format!("{table}\n");
    if let Some(peak) = report.peak_mb {
        let _ = writeln!(text, "peak memory {peak:.0} MB");
    }
    if let (Some(peak), Some(share)) = (report.peak_gflops, report.share_of_peak) {
        let _ = writeln!(text, "{} % of the {peak:.0} GFLOP/s of a matrix product alone", percent(share));
    }
    text
}

pub(super) fn of_comparison(comparison: &Comparison) -> String {
    let mut table = table(["", "before", "low", "high", "after", "low", "high", "ratio", ""], 1);
    for change in &comparison.figures {
        let verdict = match (change.changed, change.better) {
            (false, _) => "",
            (true, true) => "better",
            (true, false) => "worse",
        };
        let numbers = |range: Range| [range.median, range.low, range.high].map(number);
        let row = [change.figure.to_owned()].into_iter().chain(numbers(change.one)).chain(numbers(change.other));
        table.add_row(row.chain([format!("{:.3}", change.ratio), verdict.to_owned()]));
    }
    let changed = match comparison.changed.as_slice() {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    };
    format!("{table}\n\nchanged beyond the spread: {changed}")
}

/// With three digits that say something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
