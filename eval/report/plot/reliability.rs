//! Confidence against accuracy: on the diagonal, a confidence of 70 % is right seven times in ten.

use super::square::{Axes, line, rounded, square};
use crate::metrics::Bin;
use crate::report::element::{Element, element};
use crate::report::wording::{count, percent};

const AXES: Axes = Axes { across: "mean confidence, %", up: "answered right, %", top: 1.0 };

/// Area of the largest dot.
const LARGEST: f64 = 8.0 * 8.0;

/// Dots smaller than this cannot be seen.
const SMALLEST_RADIUS: f64 = 2.0;

/// A dot for each of `bins`, its area after the number of examples, and how far it is from the diagonal.
pub(crate) fn reliability(title: &str, bins: &[Bin]) -> Element {
    let words: Vec<String> = bins.iter().map(in_words).collect();
    let largest = bins.iter().map(|bin| bin.n).max().unwrap_or(1) as f64;
    let diagonal = line(&AXES, [0.0, 0.0], [1.0, 1.0]).class("diagonal");
    let gaps = bins
        .iter()
        .map(|bin| line(&AXES, [bin.confidence, bin.confidence], [bin.confidence, bin.accuracy]).class("gap"));
    let dots = bins.iter().zip(&words).map(|(bin, words)| {
        let (x, y) = AXES.place(bin.confidence, bin.accuracy);
        let radius = (LARGEST * bin.n as f64 / largest).sqrt().max(SMALLEST_RADIUS);
        let dot = element("circle").class("bin").set("cx", rounded(x)).set("cy", rounded(y)).set("r", rounded(radius));
        dot.with(element("title").text(words))
    });
    square(title, &words.join("; "), &AXES).with(diagonal).with_all(gaps).with_all(dots)
}

fn in_words(bin: &Bin) -> String {
    let (confidence, accuracy) = (percent(Some(bin.confidence)), percent(Some(bin.accuracy)));
    format!("confidence {confidence}, right {accuracy}, n {}", count(bin.n))
}
