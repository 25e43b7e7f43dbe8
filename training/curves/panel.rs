//! One of the drawings that stand above each other: its scales, and what is drawn in them.

use std::fmt::{Display, Write};

use super::scale::{Scale, label};

/// Lengths of the drawing, in its own unit.
pub(super) const WIDTH: f64 = 760.0;
pub(super) const HEIGHT: f64 = 612.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = WIDTH - 32.0;
const TALL: f64 = 190.0;

/// Widest that a mark is; it stays inside of the panel.
const MARK: f64 = 90.0;

/// A panel being drawn.
pub(super) struct Panel<'a> {
    top: f64,
    across: &'a Scale,
    up: &'a Scale,
    svg: String,
}

impl<'a> Panel<'a> {
    /// With its grid and the labels beside it, below `top` and a head.
    pub(super) fn new(top: f64, across: &'a Scale, up: &'a Scale) -> Self {
        let mut panel = Self { top: top + 24.0, across, up, svg: String::from("<g>") };
        let (ceiling, floor) = (panel.top, panel.top + TALL);
        for tick in &across.ticks {
            let x = panel.x(*tick);
            panel.add(format_args!("<path class=\"grid\" d=\"M{x:.1} {ceiling:.1}V{floor:.1}\"/>"));
        }
        for tick in &up.ticks {
            let y = panel.y(*tick);
            panel.add(format_args!("<path class=\"grid\" d=\"M{LEFT:.1} {y:.1}H{RIGHT:.1}\"/>"));
            panel.text([LEFT - 10.0, y + 4.0], "end", "tick", &label(*tick, up.digits));
        }
        panel
    }

    /// What goes up.
    pub(super) fn head(&mut self, text: &str) {
        self.text([24.0, self.top - 24.0], "start", "axis", text);
    }

    /// What goes across, below with its labels.
    pub(super) fn across(&mut self, text: &str) {
        let floor = self.top + TALL;
        for tick in &self.across.ticks {
            self.text([self.x(*tick), floor + 19.0], "middle", "tick", &label(*tick, self.across.digits));
        }
        self.text([(LEFT + RIGHT) / 2.0, floor + 42.0], "middle", "axis", text);
    }

    /// Words where there is nothing to draw.
    pub(super) fn empty(&mut self, text: &str) {
        self.text([(LEFT + RIGHT) / 2.0, self.top + TALL / 2.0 - 6.0], "middle", "mark", text);
    }

    /// A line through `points`, where there are two.
    pub(super) fn path(&mut self, points: &[[f64; 2]], class: &str) {
        if points.len() < 2 {
            return;
        }
        self.add(format_args!("<path class=\"{class}\" d=\""));
        for (index, &[across, up]) in points.iter().enumerate() {
            let (step, x, y) = (if index == 0 { 'M' } else { 'L' }, self.x(across), self.y(up));
            self.add(format_args!("{step}{x:.1} {y:.1}"));
        }
        self.add("\"/>\n");
    }

    /// A dot that says `words` to whoever points at it.
    pub(super) fn dot(&mut self, [across, up]: [f64; 2], class: &str, radius: f64, words: &str) {
        let (x, y, words) = (self.x(across), self.y(up), escaped(words));
        self.add(format_args!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{words}</title></circle>\n"
        ));
    }

    /// A word above a dot.
    pub(super) fn mark(&mut self, [across, up]: [f64; 2], text: &str) {
        let x = self.x(across).clamp(LEFT + MARK / 2.0, RIGHT - MARK / 2.0);
        self.text([x, self.y(up) - 12.0], "middle", "mark", text);
    }

    pub(super) fn finish(self) -> String {
        self.svg + "</g>"
    }

    fn text(&mut self, [x, y]: [f64; 2], anchor: &str, class: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>\n"
        ));
    }

    fn x(&self, across: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * self.across.part(across)
    }

    fn y(&self, up: f64) -> f64 {
        self.top + TALL * (1.0 - self.up.part(up))
    }

    fn add(&mut self, markup: impl Display) {
        // Writing into a string does not fail.
        let _ = write!(self.svg, "{markup}");
    }
}

/// Text that means itself, in an element.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
