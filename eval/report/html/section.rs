//! What sections are made of: headings, notes, what is folded, names in any script.

use crate::report::element::{Element, element};
use crate::report::wording::UNDEFINED;

/// A part of the page that the contents point to.
pub(crate) struct Section {
    id: String,
    heading: String,
    element: Element,
}

impl Section {
    /// An empty section; `id` is unique in the page.
    pub(crate) fn new(id: &str, heading: &str) -> Self {
        let element = element("section").set("id", id).with(element("h2").text(heading));
        Self { id: id.to_owned(), heading: heading.to_owned(), element }
    }

    /// Add to it.
    pub(crate) fn with(self, element: Element) -> Self {
        self.with_all([element])
    }

    /// Add to it.
    pub(crate) fn with_all(self, elements: impl IntoIterator<Item = Element>) -> Self {
        Self { element: self.element.with_all(elements), ..self }
    }

    /// Its entry in the contents.
    pub(super) fn link(&self) -> Element {
        element("a").set("href", format!("#{}", self.id)).text(&self.heading)
    }

    /// The section itself.
    pub(super) fn element(self) -> Element {
        self.element
    }
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
    element("bdi").text(if name.trim().is_empty() { UNDEFINED } else { name })
}

/// A value, and below it what is to be known of it.
pub(crate) fn with_aside(value: &str, aside: &str) -> Element {
    element("div").class("aside").text(value).text(" ").with(element("small").text(aside))
}

/// Blocks beside each other where there is room.
pub(crate) fn beside(blocks: impl IntoIterator<Item = Element>) -> Element {
    element("div").class("beside").with_all(blocks)
}

/// A drawing with its caption.
pub(crate) fn figure(drawing: Element, caption: &str) -> Element {
    element("figure").with(drawing).with(element("figcaption").text(caption))
}
