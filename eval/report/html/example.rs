//! Labelled texts to read: in their own direction, with the mention marked.

use regard::{CodePoints, Language};

use crate::report::element::{Element, element};

/// `text`, with the mention from one code point to another marked; `language` is set where there is such a language.
pub(super) fn text(text: &str, language: &str, mention: Option<(usize, usize)>) -> Element {
    let paragraph = element("p").set("dir", "auto");
    let paragraph = match Language::new(language) {
        Some(language) => paragraph.set("lang", language.as_str()),
        None => paragraph,
    };
    match mention.and_then(|(start, end)| CodePoints::new(text).span(start, end)) {
        Some(mention) => {
            let (before, after) = (&text[..mention.start()], &text[mention.end()..]);
            paragraph.text(before).with(element("mark").text(mention.of(text))).text(after)
        }
        None => paragraph.text(text),
    }
}

/// The name of a label, in its colour.
pub(super) fn label(label: &str) -> Element {
    element("span").class(&format!("label {label}")).text(label)
}

/// Texts below each other.
pub(super) fn examples(items: impl IntoIterator<Item = Element>) -> Element {
    element("ol").class("examples").with_all(items)
}
