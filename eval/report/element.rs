//! Markup that cannot be broken by what stands in it: HTML and SVG as elements, whose text and attributes are escaped and whose
//! tags are closed.

use std::fmt::{self, Display, Formatter, Write};

/// An element of HTML or SVG with what stands in it.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    name: &'static str,
    attributes: String,
    content: String,
}

/// An empty element called `name`.
pub(crate) fn element(name: &'static str) -> Element {
    Element { name, attributes: String::new(), content: String::new() }
}

impl Element {
    /// Set an attribute.
    pub(crate) fn set(mut self, attribute: &str, value: impl Display) -> Self {
        // Writing into a string does not fail, here and below.
        let _ = write!(self.attributes, " {attribute}=\"{}\"", Escaped(value));
        self
    }

    /// Set the attribute `class`.
    pub(crate) fn class(self, class: &str) -> Self {
        self.set("class", class)
    }

    /// Add text, escaped.
    pub(crate) fn text(mut self, text: impl Display) -> Self {
        let _ = write!(self.content, "{}", Escaped(text));
        self
    }

    /// Add an element.
    pub(crate) fn with(self, element: Element) -> Self {
        self.with_all([element])
    }

    /// Add elements.
    pub(crate) fn with_all(mut self, elements: impl IntoIterator<Item = Element>) -> Self {
        for element in elements {
            let _ = write!(self.content, "{element}");
        }
        self
    }

    /// Add a style sheet of the program's own, as it is.
    pub(crate) fn style_sheet(mut self, css: &'static str) -> Self {
        self.content.push_str(css);
        self
    }
}

/// Elements of HTML that have no end tag.
const VOID: [&str; 1] = ["meta"];

impl Display for Element {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { name, attributes, content } = self;
        write!(formatter, "<{name}{attributes}>")?;
        if VOID.contains(name) { Ok(()) } else { write!(formatter, "{content}</{name}>") }
    }
}

/// Text that means itself, in content and in attributes.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(Escaping(formatter), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.write_str("&amp;")?,
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                // Not allowed in HTML, not even as a reference.
                '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' => self.0.write_char('\u{fffd}')?,
                _ => self.0.write_char(character)?,
            }
        }
        Ok(())
    }
}
