//! The report in short, for a README or a model card.

pub(super) mod comparison;
mod prejudice;
mod probes;
mod table;

use self::table::{cells, escaped, table, with_interval};
use super::wording::{self, count, counted, percent, plain};
use super::{About, Report};
use crate::metrics::{Figure, Metrics};

/// Dimensions that are told in short.
const DIMENSIONS: [&str; 2] = ["dataset", "language"];

const FIGURES: [Figure; 4] = [Figure::MacroF1, Figure::F1Pn, Figure::Accuracy, Figure::Ece];

/// `report` in short.
pub fn markdown(report: &Report) -> String {
    let sections = [about(report), headline(report)].into_iter().chain(DIMENSIONS.map(|name| dimension(report, name)));
    let changed = [probes::probes(&report.probes), report.prejudice.as_ref().and_then(prejudice::prejudice)];
    let sections = sections.chain([probabilities(report)]).chain(changed).chain([notes(report)]);
    let sections: Vec<String> = sections.flatten().collect();
    sections.join("\n\n") + "\n"
}

fn about(report: &Report) -> Option<String> {
    let system = escaped(&report.system);
    Some(format!("# Evaluation of {system}\n\n{}", measuring(&report.about)))
}

/// On what was measured, and how.
fn measuring(about: &About) -> String {
    let (examples, files) = (counted(about.examples(), "example"), counted(about.data.len() as u64, "file"));
    let intervals = match about.draws {
        0 => "no intervals".to_owned(),
        draws => format!(
            "in brackets 95 % intervals, bootstrap of whole groups, {}, seed {}",
            counted(draws as u64, "draw"),
            about.seed
        ),
    };
    format!("{examples} in {files}; {intervals}; regard {}.", about.regard)
}

fn headline(report: &Report) -> Option<String> {
    let rows: Vec<_> =
        report.evaluation.questions().map(|(name, metrics)| row([wording::question(name)], metrics)).collect();
    Some(figures(&["question"], rows)).filter(|_| report.evaluation.questions().next().is_some())
}

fn dimension(report: &Report, name: &str) -> Option<String> {
    let parts = report.evaluation.by.get(name)?;
    let mut rows = Vec::new();
    for (question, _) in report.evaluation.questions() {
        rows.extend(parts.asked(question).map(|(part, metrics)| row([&escaped(part), question], metrics)));
    }
    let (_, heading) = wording::dimension(name);
    Some(format!("## {heading}\n\n{}", figures(&["part", "question"], rows)))
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
            format!("expected calibration error {ece}, {} by chance", percent(metrics.ece_by_chance)),
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
fn figures(names: &[&str], rows: Vec<String>) -> String {
    let numbers = ["n", "groups"].into_iter().chain(FIGURES.map(wording::title));
    table(names, &numbers.collect::<Vec<_>>(), rows)
}

fn row<const N: usize>(names: [&str; N], metrics: &Metrics) -> String {
    let numbers = [count(metrics.n), count(metrics.groups)];
    let figures = FIGURES.map(|figure| with_interval(metrics, figure));
    cells(names.iter().copied().chain(numbers.iter().chain(&figures).map(String::as_str)))
}
