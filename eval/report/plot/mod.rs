//! Drawings, as inline SVG. Colours come from the page's style sheet by class, so that they follow light and dark; words that may run
//! from right to left stand in the HTML around, never in the drawing.

mod coverage;
mod interval;
mod reliability;
mod square;

pub(crate) use coverage::coverage;
pub(crate) use interval::Axis;
pub(crate) use reliability::reliability;
