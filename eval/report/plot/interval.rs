//! A value between 0 and 1 with its interval, as a dot on a line: as wide as what it stands in.

use crate::report::element::{Element, element};

/// Where thin lines stand, for the eye.
const LINES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// Room at both ends, in per cent of the width, so that a dot at the end is whole.
const MARGIN: f64 = 3.0;

/// `value` with its interval; `reference`, the value of the whole, is marked by a line. `title` says the same in words.
pub(crate) fn interval(title: &str, value: Option<f64>, interval: Option<[f64; 2]>, reference: Option<f64>) -> Element {
    let lines = LINES.map(|at| upright(at).class("grid"));
    let reference = finite(reference).map(|at| upright(at).class("reference"));
    let range = interval.filter(|ends| ends.iter().all(|end| end.is_finite())).map(|[low, high]| {
        element("line").class("range").set("x1", place(low)).set("x2", place(high)).set("y1", "50%").set("y2", "50%")
    });
    // Hollow where nobody knows how sure it is.
    let class = if interval.is_some() { "dot" } else { "dot hollow" };
    let dot = finite(value)
        .map(|value| element("circle").class(class).set("cx", place(value)).set("cy", "50%").set("r", "4.5"));
    strip().with(element("title").text(title)).with_all(lines).with_all(reference).with_all(range).with_all(dot)
}

/// The scale that belongs above a column of intervals.
pub(crate) fn interval_axis() -> Element {
    let label = |at: f64| {
        let text = element("text").set("x", place(at)).set("y", "75%").set("text-anchor", "middle");
        text.text(format!("{:.0}", 100.0 * at))
    };
    strip().with(element("title").text("Scale from 0 to 100 per cent")).with_all([0.0, 0.5, 1.0].map(label))
}

fn strip() -> Element {
    element("svg").class("strip").set("role", "img").set("direction", "ltr")
}

fn upright(at: f64) -> Element {
    element("line").set("x1", place(at)).set("x2", place(at)).set("y1", "0").set("y2", "100%")
}

fn place(value: f64) -> String {
    format!("{:.2}%", MARGIN + (100.0 - 2.0 * MARGIN) * value.clamp(0.0, 1.0))
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}
