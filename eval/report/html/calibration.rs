//! Whether the probabilities are true.

use super::section::{beside, explanation, figure, subsection};
use crate::metrics::{Figure, Metrics};
use crate::report::element::Element;
use crate::report::{plot, wording};

/// Both reliability diagrams, or why there are none.
pub(super) fn calibration(metrics: &Metrics) -> Element {
    let section = subsection("Calibration");
    let Some(reliability) = &metrics.reliability else {
        return section.with(explanation("Needs the probabilities of all answers."));
    };
    let diagrams =
        [("equal mass", Figure::EceMass, &reliability.mass), ("equal width", Figure::Ece, &reliability.width)];
    let diagrams = diagrams.map(|(kind, error, bins)| {
        let error = wording::value(error, metrics.value(error));
        let drawing = plot::reliability(&format!("Reliability, bins of {kind}"), bins);
        figure(drawing, &format!("{} bins of {kind}. Expected calibration error {error}", bins.len()))
    });
    let reading = "Answers in bins of like confidence; a dot’s area goes with the number of answers in it. On the dashed \
                   line a confidence of 70 % is right seven times in ten; below it the system is too sure. A calibration error grows \
                   with noise, and a resample is noisier than the sample: its interval says how large it may be, and can lie \
                   above it.";
    let chance = wording::value(Figure::Ece, metrics.ece_by_chance);
    let chance =
        format!("Perfectly calibrated answers as confident as these would have an error of {chance} by chance.");
    section.with(explanation(reading)).with(explanation(&chance)).with(beside(diagrams))
}
