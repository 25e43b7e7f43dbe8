//! Pages that need nothing else: no script, nothing from elsewhere. Each section is a file.

mod about;
mod abstention;
mod calibration;
mod classes;
pub(super) mod comparison;
mod example;
mod figures;
mod headline;
mod mistakes;
mod page;
mod parts;
mod prejudice;
mod probes;
mod question;
pub(crate) mod section;
pub(crate) mod table;

use super::Report;
use super::element::element;
use section::{Section, name};

/// `report` as a page.
pub fn html(report: &Report) -> String {
    let title = format!("Evaluation of {}", report.system);
    let header = about::about("Evaluation", element("h1").with(name(&report.system)), &report.about);
    page::page(&title, header, sections(report), "evaluation.json")
}

/// What the page consists of, in reading order.
fn sections(report: &Report) -> Vec<Section> {
    let questions = report.evaluation.questions();
    let mut sections = vec![headline::headline(report)];
    sections.extend(questions.map(|(name, metrics)| question::question(name, metrics, report.about.draws)));
    sections.extend(parts::dimensions(report));
    sections.extend((!report.probes.is_empty()).then(|| probes::probes(&report.probes)));
    sections.extend(report.prejudice.as_ref().map(prejudice::prejudice));
    sections.push(mistakes::mistakes(&report.mistakes));
    sections
}
