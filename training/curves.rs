//! A run as a picture: how the loss falls and what that does on dev, in one SVG that needs nothing else.

mod panel;
mod scale;
mod series;

use std::fmt::Write;

use panel::{Panel, escaped};
use regard_eval::metrics::Figure;
use scale::{Scale, label};

use crate::metrics::Record;

/// Colours by class, light and dark; fonts of the system.
const STYLE: &str = include_str!("curves/style.css");

/// An evaluation on dev.
struct Evaluated {
    step: u64,
    epoch: usize,
    /// As it is drawn: in per cent, or plain.
    score: f64,
    best: bool,
}

/// The curves of a run whose checkpoints are chosen by `figure`. Numbers that are none are left out.
pub(crate) fn svg(records: &[Record], figure: Figure) -> String {
    let (losses, evaluations) = gathered(records, figure);
    let steps = evaluations.iter().map(|one| one.step as f64).chain(losses.iter().map(|&[step, _]| step));
    let across = Scale::up_to(steps.fold(1.0, f64::max));
    let best = evaluations.iter().rfind(|one| one.best);
    let summary = best.map(|best| format!("Best {} on dev: {}", figure.name(), told(best, figure)));
    let summary = escaped(&summary.unwrap_or_else(|| "Not evaluated yet".to_owned()));

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\">\
         <title>Training curves</title><desc>{summary}</desc><style>{STYLE}</style>\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n\
         <text class=\"heading\" x=\"24\" y=\"34\">Training curves</text>\
         <text x=\"24\" y=\"54\">{summary}</text>\n",
        panel::WIDTH,
        panel::HEIGHT
    );
    // Writing into a string does not fail.
    let _ = writeln!(svg, "{}", loss_panel(&losses, &across));
    let _ = writeln!(svg, "{}", dev_panel(&evaluations, &across, figure));
    svg + "</svg>\n"
}

fn gathered(records: &[Record], figure: Figure) -> (Vec<[f64; 2]>, Vec<Evaluated>) {
    let factor = if in_per_cent(figure) { 100.0 } else { 1.0 };
    let (mut losses, mut evaluations) = (Vec::new(), Vec::new());
    for record in records {
        match *record {
            Record::Step { step, loss, .. } if loss.is_finite() => losses.push([step as f64, loss]),
            Record::Dev { step, epoch, score, best, .. } if score.is_finite() => {
                evaluations.push(Evaluated { step, epoch, score: factor * score, best });
            }
            _ => {}
        }
    }
    (losses, evaluations)
}

/// Every batch's loss as a thin line, and its running mean as a thick one.
fn loss_panel(losses: &[[f64; 2]], across: &Scale) -> String {
    let up = Scale::around(losses.iter().map(|&[_, loss]| loss));
    let mut panel = Panel::new(90.0, across, &up);
    panel.head("training loss, by batch and its running mean");
    match losses {
        [] => panel.empty("no step yet"),
        &[only] => panel.dot(only, "point", 3.5, &format!("step {}", label(only[0], 0))),
        _ => {
            panel.path(&series::thinned(losses), "batches");
            panel.path(&series::smoothed(losses), "mean");
        }
    }
    panel.finish()
}

/// Every evaluation's score, the best one marked.
fn dev_panel(evaluations: &[Evaluated], across: &Scale, figure: Figure) -> String {
    let up = Scale::around(evaluations.iter().map(|one| one.score));
    let mut panel = Panel::new(340.0, across, &up);
    panel.head(&format!("{} on dev{}", figure.name(), if in_per_cent(figure) { ", %" } else { "" }));
    panel.across("step");
    if evaluations.is_empty() {
        panel.empty("no evaluation yet");
    }
    let at = |one: &Evaluated| [one.step as f64, one.score];
    panel.path(&evaluations.iter().map(at).collect::<Vec<_>>(), "dev");
    for one in evaluations {
        panel.dot(at(one), "point", 3.5, &told(one, figure));
    }
    // Only the last that was the best so far is the best of all.
    if let Some(best) = evaluations.iter().rfind(|one| one.best) {
        panel.dot(at(best), "best", 5.5, &format!("best: {}", told(best, figure)));
        panel.mark(at(best), &format!("best: {}", shown(best.score, figure)));
    }
    panel.finish()
}

/// Whether scores are told in per cent: shares are, losses and coefficients are plain numbers.
fn in_per_cent(figure: Figure) -> bool {
    matches!(figure, Figure::MacroF1 | Figure::F1Pn | Figure::Accuracy | Figure::BalancedAccuracy)
}

fn shown(score: f64, figure: Figure) -> String {
    if in_per_cent(figure) { format!("{score:.1}\u{202f}%") } else { format!("{score:.3}") }
}

/// An evaluation's score and place.
fn told(evaluated: &Evaluated, figure: Figure) -> String {
    let Evaluated { step, epoch, score, .. } = *evaluated;
    format!("{}, step {}, epoch {epoch}", shown(score, figure), label(step as f64, 0))
}

#[cfg(test)]
mod tests;
