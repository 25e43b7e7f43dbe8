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
use super::wording;

/// Should anything slip through after all, the browser neither runs nor loads it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// `report` as a page.
pub fn html(report: &Report) -> String {
    let sections = sections(report);
    let link = |(id, heading, _): &(String, String, Element)| {
        element("li").with(element("a").set("href", format!("#{id}")).text(heading))
    };
    let contents = element("ul").with_all(sections.iter().map(link));
    let contents = element("nav").set("aria-label", "Contents").with(contents);
    let main = element("main").with_all(sections.into_iter().map(|(_, _, section)| section));
    let footer = element("footer").with(element("p").text(
        "The exact numbers are in evaluation.json beside this page; regard’s eval/README.md defines each figure.",
    ));
    let body = element("body").with(about::about(report)).with(contents).with(main).with(footer);
    let page = element("html").set("lang", "en").set("dir", "ltr").with(head(report)).with(body);
    format!("<!doctype html>\n{page}\n")
}

/// What the page consists of, in reading order: id, heading for the contents, section.
fn sections(report: &Report) -> Vec<(String, String, Element)> {
    let titled = |id: &str, heading: &str, section| (id.to_owned(), heading.to_owned(), section);
    let mut sections = vec![titled("in-short", "In short", headline::headline(report))];
    for (name, metrics) in report.evaluation.questions() {
        sections.push(titled(name, wording::question(name), question::question(name, metrics, report.about.draws)));
    }
    sections.extend(parts::dimensions(report));
    sections.push(titled("mistakes", "Mistakes", mistakes::mistakes(&report.mistakes)));
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
