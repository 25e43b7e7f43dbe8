//! What leaving out the least confident answers gains.

use super::section::{beside, explanation, figure, subsection};
use super::table::Table;
use crate::metrics::{Abstention, Metrics};
use crate::report::element::{Element, element};
use crate::report::plot;
use crate::report::wording::{percent, plain};

/// The risk-coverage curve and its thresholds, or why there is none.
pub(super) fn abstention(metrics: &Metrics) -> Element {
    let section = subsection("Abstention");
    let Some(abstention) = &metrics.abstention else {
        return section.with(explanation("Needs the probabilities of all answers."));
    };
    let drawing = plot::coverage("Share of wrong answers by share of answers kept", abstention);
    let caption = format!("Risk and coverage. Area under the curve {} (lower is better)", plain(Some(abstention.aurc)));
    let reading = "Answers are kept from the most confident to the least. The dashed line is the share of wrong answers \
                   among all.";
    section.with(explanation(reading)).with(beside([figure(drawing, &caption), thresholds(abstention)]))
}

fn thresholds(abstention: &Abstention) -> Element {
    let mut table = Table::new("How confident an answer must be").numbers("wanted right");
    table = table.numbers(element("code").text("--min-confidence")).numbers("answers kept");
    for threshold in &abstention.thresholds {
        let [least, kept] = match threshold.min_confidence {
            Some(least) => [format!("{least:.4}"), percent(Some(threshold.coverage))],
            None => ["–".to_owned(), "no confidence reaches it".to_owned()],
        };
        table.row([percent(Some(threshold.precision)).into(), least.into(), kept.into()]);
    }
    table.element()
}
