//! Two shares against each other: a square with both scales.

use crate::report::element::{Element, element};

/// Lengths of the drawing, in its own unit.
const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 318.0;
const LEFT: f64 = 48.0;
const TOP: f64 = 10.0;
const SIDE: f64 = 264.0;

/// What stands along the axes.
pub(super) struct Axes {
    pub(super) across: &'static str,
    pub(super) up: &'static str,
    /// Where the upright axis ends.
    pub(super) top: f64,
}

/// An empty drawing with its scales, and `title` and `description` for those who do not see it.
pub(super) fn square(title: &str, description: &str, axes: &Axes) -> Element {
    let drawing = element("svg").class("square").set("viewBox", format!("0 0 {WIDTH} {HEIGHT}")).set("role", "img");
    let words = [element("title").text(title), element("desc").text(description)];
    let across = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].map(|at| {
        let (x, _) = axes.place(at, 0.0);
        let grid = line(axes, [at, 0.0], [at, axes.top]).class("grid");
        element("g").with(grid).with(label(x, TOP + SIDE + 17.0, "middle", at))
    });
    let step = if axes.top <= 0.3 {
        0.05
    } else if axes.top <= 0.6 {
        0.1
    } else {
        0.2
    };
    let up = (0..).map(|tick| f64::from(tick) * step).take_while(|at| *at <= axes.top + 1e-9).map(|at| {
        let (_, y) = axes.place(0.0, at);
        let grid = line(axes, [0.0, at], [1.0, at]).class("grid");
        element("g").with(grid).with(label(LEFT - 8.0, y + 4.0, "end", at))
    });
    let (middle, half) = (LEFT + SIDE / 2.0, TOP + SIDE / 2.0);
    let below = text(middle, HEIGHT - 6.0, "middle").class("axis").text(axes.across);
    let beside = text(12.0, half, "middle").class("axis").set("transform", format!("rotate(-90 12 {half})"));
    drawing.with_all(words).with_all(across).with_all(up).with(below).with(beside.text(axes.up))
}

impl Axes {
    /// Where (`across`, `up`) is in the drawing.
    pub(super) fn place(&self, across: f64, up: f64) -> (f64, f64) {
        (LEFT + SIDE * across, TOP + SIDE * (1.0 - up / self.top))
    }
}

/// From one place to another.
pub(super) fn line(axes: &Axes, from: [f64; 2], to: [f64; 2]) -> Element {
    let ((x1, y1), (x2, y2)) = (axes.place(from[0], from[1]), axes.place(to[0], to[1]));
    let line = element("line").set("x1", rounded(x1)).set("y1", rounded(y1));
    line.set("x2", rounded(x2)).set("y2", rounded(y2))
}

/// Text at a place of the drawing.
pub(super) fn text(x: f64, y: f64, anchor: &str) -> Element {
    element("text").set("x", rounded(x)).set("y", rounded(y)).set("text-anchor", anchor)
}

fn label(x: f64, y: f64, anchor: &str, share: f64) -> Element {
    text(x, y, anchor).text(format!("{:.0}", 100.0 * share))
}

/// As many digits as can be seen.
pub(super) fn rounded(length: f64) -> String {
    format!("{length:.1}")
}
