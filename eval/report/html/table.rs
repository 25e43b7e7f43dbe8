//! Tables: a caption, columns, rows that begin with what they are about. A wide one scrolls in a box of its own.

use crate::report::element::{Element, element};
use crate::report::wording::UNDEFINED;

/// What stands in a cell.
pub(crate) enum Cell {
    /// Words, or a number.
    Text(String),
    /// Anything else.
    Element(Element),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Element> for Cell {
    fn from(element: Element) -> Self {
        Self::Element(element)
    }
}

impl Cell {
    fn stands_in(self, cell: Element) -> Element {
        match self {
            Self::Text(text) if text == UNDEFINED => cell.with(element("span").class("undefined").text(text)),
            Self::Text(text) => cell.text(text),
            Self::Element(element) => cell.with(element),
        }
    }
}

/// A table that is being put together.
pub(crate) struct Table {
    caption: String,
    header: Vec<Element>,
    classes: Vec<&'static str>,
    rows: Vec<Element>,
}

impl Table {
    /// A table without columns.
    pub(crate) fn new(caption: impl Into<String>) -> Self {
        Self { caption: caption.into(), header: Vec::new(), classes: Vec::new(), rows: Vec::new() }
    }

    /// Add a column of words.
    pub(crate) fn words(self, heading: impl Into<Cell>) -> Self {
        self.column("words", heading)
    }

    /// Add a column of numbers.
    pub(crate) fn numbers(self, heading: impl Into<Cell>) -> Self {
        self.column("number", heading)
    }

    /// Add a column whose cells have `class`.
    pub(crate) fn column(mut self, class: &'static str, heading: impl Into<Cell>) -> Self {
        self.header.push(heading.into().stands_in(element("th").set("scope", "col").class(class)));
        self.classes.push(class);
        self
    }

    /// Add a row: what it is about, then a cell for each further column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.cells(cells);
    }

    /// The same, where the data say how many columns there are.
    pub(crate) fn cells(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let cell = |(index, (cell, class)): (usize, (Cell, &&str))| {
            let empty = if index == 0 { element("th").set("scope", "row") } else { element("td") };
            cell.stands_in(empty.class(class))
        };
        self.rows.push(element("tr").with_all(cells.into_iter().zip(&self.classes).enumerate().map(cell)));
    }

    /// The table in its box.
    pub(crate) fn element(self) -> Element {
        let head = element("thead").with(element("tr").with_all(self.header));
        let table = element("table").with(element("caption").text(&self.caption)).with(head);
        // Within reach of the keyboard, which scrolls only what has the focus.
        let scroller = element("div").class("scroll").set("role", "region").set("tabindex", "0");
        let scroller = scroller.set("aria-label", &self.caption);
        scroller.with(table.with(element("tbody").with_all(self.rows)))
    }
}
