//! The report in short, for a README or a model card.

use super::Report;
use super::wording::{self, UNDEFINED, count, counted, percent, plain};
use crate::metrics::{Figure, Metrics};

/// Dimensions that are told in short.
const DIMENSIONS: [&str; 2] = ["dataset", "language"];

const FIGURES: [Figure; 4] = [Figure::MacroF1, Figure::F1Pn, Figure::Accuracy, Figure::Ece];

/// `report` in short.
pub fn markdown(report: &Report) -> String {
    let sections = [about(report), headline(report)].into_iter().chain(DIMENSIONS.map(|name| dimension(report, name)));
    let sections: Vec<String> = sections.chain([probabilities(report), notes(report)]).flatten().collect();
    sections.join("\n\n") + "\n"
}

fn about(report: &Report) -> Option<String> {
    let about = &report.about;
    let examples: usize = about.data.iter().map(|file| file.examples).sum();
    let (examples, files) = (counted(examples as u64, "example"), counted(about.data.len() as u64, "file"));
    let intervals = match about.draws {
        0 => "no intervals".to_owned(),
        draws => format!(
            "in brackets 95 % intervals, bootstrap of whole groups, {}, seed {}",
            counted(draws as u64, "draw"),
            about.seed
        ),
    };
    let (system, version) = (escaped(&about.system), about.regard);
    Some(format!("# Evaluation of {system}\n\n{examples} in {files}; {intervals}; regard {version}."))
}

fn headline(report: &Report) -> Option<String> {
    let rows: Vec<_> =
        report.evaluation.questions().map(|(name, metrics)| row([wording::question(name)], metrics)).collect();
    Some(table(&["question"], rows)).filter(|_| report.evaluation.questions().next().is_some())
}

fn dimension(report: &Report, name: &str) -> Option<String> {
    let parts = report.evaluation.by.get(name)?;
    let mut rows = Vec::new();
    for (question, _) in report.evaluation.questions() {
        rows.extend(parts.asked(question).map(|(part, metrics)| row([&escaped(part), question], metrics)));
    }
    let (_, heading) = wording::dimension(name);
    Some(format!("## {heading}\n\n{}", table(&["part", "question"], rows)))
}

fn probabilities(report: &Report) -> Option<String> {
    let line = |(name, metrics): (&str, &Metrics)| {
        let ece = with_interval(metrics, Figure::Ece);
        let abstention = metrics.abstention.as_ref()?;
        let reached = abstention.thresholds.iter().filter_map(|threshold| {
            let (wanted, kept) = (percent(Some(threshold.precision)), percent(Some(threshold.coverage)));
            Some(format!("`--min-confidence {:.4}` keeps {kept}, {wanted} of them right", threshold.min_confidence?))
        });
        let line = [
            format!("expected calibration error {ece}"),
            format!("area under risk and coverage {}", plain(Some(abstention.aurc))),
        ];
        let line: Vec<String> = line.into_iter().chain(reached).collect();
        Some(format!("- {}: {}", wording::question(name), line.join("; ")))
    };
    let lines: Vec<String> = report.evaluation.questions().filter_map(line).collect();
    (!lines.is_empty()).then(|| format!("## Probabilities\n\n{}", lines.join("\n")))
}

fn notes(report: &Report) -> Option<String> {
    let of_question = |(name, metrics): (&'static str, &Metrics)| {
        let note = move |note: &String| format!("- {}: {}", wording::question(name), escaped(note));
        metrics.notes.iter().map(note).collect::<Vec<_>>()
    };
    let mut lines: Vec<String> = report.evaluation.questions().flat_map(of_question).collect();
    let unanswered = report.evaluation.unanswered;
    lines.extend((unanswered > 0).then(|| format!("- {} without an answer", counted(unanswered, "example"))));
    (!lines.is_empty()).then(|| format!("## Notes\n\n{}", lines.join("\n")))
}

/// Rows below a header of `names`, counts and [`FIGURES`].
fn table(names: &[&str], rows: Vec<String>) -> String {
    let numbers = ["n", "groups"].into_iter().chain(FIGURES.map(wording::title));
    let header = cells(names.iter().copied().chain(numbers));
    let rule = cells(names.iter().map(|_| "---").chain(["---:"; 2 + FIGURES.len()]));
    [header, rule].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

fn row<const N: usize>(names: [&str; N], metrics: &Metrics) -> String {
    let numbers = [count(metrics.n), count(metrics.groups)];
    let figures = FIGURES.map(|figure| with_interval(metrics, figure));
    cells(names.iter().copied().chain(numbers.iter().chain(&figures).map(String::as_str)))
}

fn cells<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn with_interval(metrics: &Metrics, figure: Figure) -> String {
    let value = wording::value(figure, metrics.value(figure));
    match wording::interval(figure, metrics.figures.interval(figure)) {
        interval if interval == UNDEFINED => value,
        interval => format!("{value} [{interval}]"),
    }
}

/// `text` on one line, none of it taken for markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' => escaped.extend(['\\', character]),
            _ if character.is_whitespace() || character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}
