//! A value with its interval, as a dot on a line: as wide as what it stands in.

use crate::report::difference::Unit;
use crate::report::element::{Element, element};

/// Room at both ends, in per cent of the width, so that a dot at the end is whole.
const MARGIN: f64 = 3.0;

/// The scale that a column of intervals shares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    unit: Unit,
}

impl Axis {
    /// Shares, from none to all.
    pub(crate) const SHARE: Self = Self { low: 0.0, high: 1.0, unit: Unit::Points };

    /// Differences in `unit`, as far to either side of 0 as the widest of `ends`, rounded up.
    pub(crate) fn around_zero(unit: Unit, ends: impl IntoIterator<Item = f64>) -> Self {
        let widest =
            ends.into_iter().filter(|end| end.is_finite()).fold(0.01, |widest: f64, end| widest.max(end.abs()));
        let power = 10_f64.powf(widest.log10().floor());
        let reach = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0]
            .map(|step| step * power)
            .into_iter()
            .find(|reach| *reach >= widest - 1e-9);
        let reach = reach.unwrap_or(10.0 * power);
        Self { low: -reach, high: reach, unit }
    }

    /// `value` with its interval; `reference`, what it is to be compared with, is marked by a line. `title` says the same in words.
    pub(crate) fn interval(
        &self,
        title: &str,
        value: Option<f64>,
        interval: Option<[f64; 2]>,
        reference: Option<f64>,
    ) -> Element {
        let lines = [0.0, 0.25, 0.5, 0.75, 1.0].map(|part| self.upright(self.at(part)).class("grid"));
        let reference = finite(reference).map(|at| self.upright(at).class("reference"));
        let range = interval.filter(|ends| ends.iter().all(|end| end.is_finite())).map(|[low, high]| {
            let line = element("line").class("range").set("x1", self.place(low)).set("x2", self.place(high));
            line.set("y1", "50%").set("y2", "50%")
        });
        // Hollow where nobody knows how sure it is.
        let class = if interval.is_some() { "dot" } else { "dot hollow" };
        let dot = finite(value)
            .map(|value| element("circle").class(class).set("cx", self.place(value)).set("cy", "50%").set("r", "4.5"));
        strip().with(element("title").text(title)).with_all(lines).with_all(reference).with_all(range).with_all(dot)
    }

    /// The scale itself, which belongs above the column.
    pub(crate) fn scale(&self) -> Element {
        let [low, middle, high] = [0.0, 0.5, 1.0].map(|part| self.at(part));
        let words = format!("Scale from {} to {}", self.label(low), self.label(high));
        let text = |at: f64| {
            let text = element("text").set("x", self.place(at)).set("y", "75%").set("text-anchor", "middle");
            text.text(self.label(at))
        };
        strip().with(element("title").text(words)).with_all([low, middle, high].map(text))
    }

    /// What lies at a part of the way from the low end to the high one.
    fn at(&self, part: f64) -> f64 {
        self.low + part * (self.high - self.low)
    }

    fn label(&self, at: f64) -> String {
        let at = if self.unit == Unit::Points { 100.0 * at } else { at };
        // As many digits as the number needs; only scales around 0 have signs.
        let digits = format!("{}", (at.abs() * 1e6).round() / 1e6);
        match at {
            at if at < 0.0 => format!("−{digits}"),
            at if at > 0.0 && self.low < 0.0 => format!("+{digits}"),
            _ => digits,
        }
    }

    fn upright(&self, at: f64) -> Element {
        element("line").set("x1", self.place(at)).set("x2", self.place(at)).set("y1", "0").set("y2", "100%")
    }

    fn place(&self, value: f64) -> String {
        let part = (value - self.low) / (self.high - self.low);
        format!("{:.2}%", MARGIN + (100.0 - 2.0 * MARGIN) * part.clamp(0.0, 1.0))
    }
}

fn strip() -> Element {
    element("svg").class("strip").set("role", "img").set("direction", "ltr")
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_reaches_the_widest_end() {
        let labels = |unit, widest| {
            let axis = Axis::around_zero(unit, [0.0, f64::NAN, widest]);
            [axis.label(axis.low), axis.label(0.0), axis.label(axis.high)].join(" ")
        };
        assert_eq!(labels(Unit::Points, -0.031), "−4 0 +4");
        assert_eq!(labels(Unit::Plain, 0.2), "−0.2 0 +0.2");
        assert_eq!(labels(Unit::Plain, 0.9), "−1 0 +1");
        assert_eq!(labels(Unit::Plain, 1.2), "−1.5 0 +1.5");
        assert_eq!(labels(Unit::Points, 0.0), "−1 0 +1");
        assert_eq!(Axis::SHARE.label(0.5), "50");
    }
}
