//! All there is to say of the answers to one question.

use super::section::{Section, beside, subsection};
use super::{abstention, calibration, classes, figures};
use crate::metrics::Metrics;
use crate::report::wording;

/// Figures, classes, calibration, abstention.
pub(super) fn question(name: &str, metrics: &Metrics, draws: usize) -> Section {
    Section::new(name, wording::question(name))
        .with(subsection("All figures").with(figures::figures(metrics, draws)))
        .with(subsection("By class").with(beside([classes::confusion(metrics), classes::classes(metrics)])))
        .with(calibration::calibration(metrics))
        .with(abstention::abstention(metrics))
}
