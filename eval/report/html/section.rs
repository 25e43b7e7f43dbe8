//! What sections are made of: headings, notes, what is folded, names in any script.

use crate::report::element::{Element, element};

/// A part of the page that the contents can point to: `id` is unique in the page.
pub(crate) fn section(id: &str, heading: &str) -> Element {
    element("section").set("id", id).with(element("h2").text(heading))
}

/// A part of a section.
pub(crate) fn subsection(heading: &str) -> Element {
    element("section").with(element("h3").text(heading))
}

/// A paragraph that says how to read what follows.
pub(crate) fn explanation(text: &str) -> Element {
    element("p").class("explanation").text(text)
}

/// What a reader must know before believing a figure.
pub(crate) fn notes<T: AsRef<str>>(notes: &[T]) -> Option<Element> {
    let items = notes.iter().map(|note| element("li").text(note.as_ref()));
    (!notes.is_empty()).then(|| element("ul").class("notes").with_all(items))
}

/// What is shown on demand.
pub(crate) fn folded(summary: Element) -> Element {
    element("details").with(element("summary").with(summary))
}

/// A name that may run from right to left, apart from what is around it.
pub(crate) fn name(name: &str) -> Element {
    element("bdi").text(name)
}

/// Blocks beside each other where there is room.
pub(crate) fn beside(blocks: impl IntoIterator<Item = Element>) -> Element {
    element("div").class("beside").with_all(blocks)
}

/// A drawing with its caption.
pub(crate) fn figure(drawing: Element, caption: &str) -> Element {
    element("figure").with(drawing).with(element("figcaption").text(caption))
}
