//! How good the weights are on dev.

use regard::checkpoint::Temperatures;
use regard::predict::Predictor;
use regard_eval::metrics::Figure;
use regard_eval::{Answered, Evaluation};

use crate::Error;
use crate::calibration::fit_temperatures;
use crate::corpus::Corpus;

/// What was found.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Mean over the files of the figure that the run is chosen by.
    pub(crate) score: f64,
    /// All figures.
    pub(crate) evaluation: Evaluation,
    /// Under which the answers are most likely.
    pub(crate) temperatures: Temperatures,
}

/// Answers as `predictor` gives them at temperature 1, judged by `figure`.
pub(crate) fn judge(predictor: &Predictor, dev: &[Corpus], figure: Figure) -> Result<Verdict, Error> {
    let mut all: Vec<Answered<'_>> = Vec::new();
    let mut scores = Vec::with_capacity(dev.len());
    for corpus in dev {
        let answered = regard_eval::answer(predictor, &corpus.examples, |_| ())?;
        scores.push(score(&regard_eval::count(&answered), figure));
        all.extend(answered);
    }
    let score = scores.iter().sum::<f64>() / scores.len() as f64;
    Ok(Verdict {
        score,
        temperatures: fit_temperatures(&all, &Temperatures::default()),
        evaluation: regard_eval::count(&all),
    })
}

/// The figure of a file: the mean over the questions that it asks.
fn score(evaluation: &Evaluation, figure: Figure) -> f64 {
    // A figure that is not defined, such as F1 where nothing was answered, is none to be proud of.
    let worst = if figure.rises() { 0.0 } else { f64::INFINITY };
    let scores: Vec<f64> = evaluation.questions().map(|(_, metrics)| metrics.value(figure).unwrap_or(worst)).collect();
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

/// Whether `score` beats `best`.
pub(crate) fn better(figure: Figure, score: f64, best: f64) -> bool {
    score.is_finite() && if figure.rises() { score > best } else { score < best }
}
