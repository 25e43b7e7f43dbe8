//! What every page has: a head, contents, sections, a footer.

use super::section::Section;
use crate::report::element::{Element, element};

/// Should anything slip through after all, the browser neither runs nor loads it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// A page called `title` that begins with `header`; `source` is the file that has the exact numbers.
pub(super) fn page(title: &str, header: Element, sections: Vec<Section>, source: &str) -> String {
    let contents = element("ul").with_all(sections.iter().map(|section| element("li").with(section.link())));
    let contents = element("nav").set("aria-label", "Contents").with(contents);
    let main = element("main").with_all(sections.into_iter().map(Section::element));
    let footer = element("footer").with(element("p").text(format!(
        "The exact numbers are in {source} beside this page; regard’s eval/README.md defines each figure."
    )));
    let body = element("body").with(header).with(contents).with(main).with(footer);
    let page = element("html").set("lang", "en").set("dir", "ltr").with(head(title)).with(body);
    format!("<!doctype html>\n{page}\n")
}

fn head(title: &str) -> Element {
    let meta = |name: &str, content: &str| element("meta").set("name", name).set("content", content);
    element("head")
        .with(element("meta").set("charset", "utf-8"))
        .with(element("meta").set("http-equiv", "Content-Security-Policy").set("content", POLICY))
        .with(meta("viewport", "width=device-width, initial-scale=1"))
        .with(meta("color-scheme", "light dark"))
        .with(element("title").text(title))
        .with(element("style").style_sheet(include_str!("report.css")))
}
