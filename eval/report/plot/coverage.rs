//! Which share of the answers is wrong where only the most confident ones are kept: the risk-coverage curve.

use std::fmt::Write;

use super::square::{Axes, line, rounded, square, text};
use crate::metrics::{Abstention, CoveragePoint, Threshold};
use crate::report::element::{Element, element};
use crate::report::wording::percent;

/// The curve, the area below it, and a dot for each threshold.
pub(crate) fn coverage(title: &str, abstention: &Abstention) -> Element {
    let curve = &abstention.curve;
    let highest = curve.iter().map(|point| point.risk).fold(0.0, f64::max);
    // Up to the next tenth.
    let top = (highest * 10.0 + 1e-9).ceil().clamp(1.0, 10.0) / 10.0;
    let axes = Axes { across: "answers kept, %", up: "of these wrong, %", top };
    let reached = abstention.thresholds.iter().filter(|threshold| threshold.min_confidence.is_some());
    let dots: Vec<Element> = distinct(reached).filter_map(|threshold| dot(&axes, threshold, curve)).collect();
    let path = path(&axes, curve);
    let area = curve.first().zip(curve.last()).map(|(first, last)| {
        let ((start, floor), (end, _)) = (axes.place(first.coverage, 0.0), axes.place(last.coverage, 0.0));
        let (start, end, floor) = (rounded(start), rounded(end), rounded(floor));
        element("path").class("area").set("d", format!("{path}L{end} {floor}L{start} {floor}Z"))
    });
    let all = curve.last().map(|last| line(&axes, [0.0, last.risk], [1.0, last.risk]).class("diagonal"));
    let description = curve.last().map(|last| format!("Of all answers {} are wrong.", percent(Some(last.risk))));
    let drawing = square(title, &description.unwrap_or_default(), &axes);
    drawing.with_all(area).with_all(all).with(element("path").class("curve").set("d", path)).with_all(dots)
}

/// Those that keep different answers: a precision that all answers have is the threshold of every lower one too.
fn distinct<'a>(thresholds: impl Iterator<Item = &'a Threshold>) -> impl Iterator<Item = &'a Threshold> {
    let mut thresholds: Vec<&Threshold> = thresholds.collect();
    thresholds.reverse();
    thresholds.dedup_by(|later, former| later.coverage == former.coverage);
    thresholds.into_iter()
}

fn path(axes: &Axes, curve: &[CoveragePoint]) -> String {
    let mut path = String::new();
    for (index, point) in curve.iter().enumerate() {
        let (x, y) = axes.place(point.coverage, point.risk);
        let step = if index == 0 { 'M' } else { 'L' };
        // Writing into a string does not fail.
        let _ = write!(path, "{step}{} {}", rounded(x), rounded(y));
    }
    path
}

/// On the curve, with the wanted precision beside it.
fn dot(axes: &Axes, threshold: &Threshold, curve: &[CoveragePoint]) -> Option<Element> {
    let distance = |point: &CoveragePoint| (point.coverage - threshold.coverage).abs();
    let nearest = curve.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    let (x, y) = axes.place(nearest.coverage, nearest.risk);
    let wanted = format!("≥\u{202f}{:.0}\u{202f}% right", 100.0 * threshold.precision);
    let dot = element("circle").class("dot").set("cx", rounded(x)).set("cy", rounded(y)).set("r", "4");
    // A curve rises from the left: there is room above it on the left, and below it on the right.
    let (x, y, anchor) =
        if nearest.coverage > 0.3 { (x - 7.0, (y - 7.0).max(22.0), "end") } else { (x + 8.0, y + 12.0, "start") };
    Some(element("g").with(dot).with(text(x, y, anchor).class("mark").text(wanted)))
}
