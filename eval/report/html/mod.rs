//! The report as one page that needs nothing else: no script, nothing from elsewhere. Each section is a file.

mod about;
mod abstention;
mod calibration;
mod classes;
mod figures;
mod headline;
mod mistakes;
mod parts;
mod question;
pub(crate) mod section;
pub(crate) mod table;

use super::Report;
use super::element::{Element, element};
use section::Section;

/// Should anything slip through after all, the browser neither runs nor loads it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// `report` as a page.
pub fn html(report: &Report) -> String {
    let sections = sections(report);
    let contents = element("ul").with_all(sections.iter().map(|section| element("li").with(section.link())));
    let contents = element("nav").set("aria-label", "Contents").with(contents);
    let main = element("main").with_all(sections.into_iter().map(Section::element));
    let footer = element("footer").with(element("p").text(
        "The exact numbers are in evaluation.json beside this page; regard’s eval/README.md defines each figure.",
    ));
    let body = element("body").with(about::about(report)).with(contents).with(main).with(footer);
    let page = element("html").set("lang", "en").set("dir", "ltr").with(head(report)).with(body);
    format!("<!doctype html>\n{page}\n")
}

/// What the page consists of, in reading order.
fn sections(report: &Report) -> Vec<Section> {
    let questions = report.evaluation.questions();
    let mut sections = vec![headline::headline(report)];
    sections.extend(questions.map(|(name, metrics)| question::question(name, metrics, report.about.draws)));
    sections.extend(parts::dimensions(report));
    sections.push(mistakes::mistakes(&report.mistakes));
    sections
}

fn head(report: &Report) -> Element {
    let meta = |name: &str, content: &str| element("meta").set("name", name).set("content", content);
    element("head")
        .with(element("meta").set("charset", "utf-8"))
        .with(element("meta").set("http-equiv", "Content-Security-Policy").set("content", POLICY))
        .with(meta("viewport", "width=device-width, initial-scale=1"))
        .with(meta("color-scheme", "light dark"))
        .with(element("title").text(format!("Evaluation of {}", report.about.system)))
        .with(element("style").style_sheet(include_str!("report.css")))
}
