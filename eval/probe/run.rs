//! Asking a model what it makes of changed examples.

use regard::Scores;
use regard::predict::Predictor;

use super::outcome::Pair;
use super::{Outcome, Probe, Surroundings, changed};
use crate::Error;
use crate::answer::{Answered, CHUNK, ask};
use crate::example::{Example, Gold};

/// Run `probes`: change the examples of `answered`, ask again, and compare with what was answered before. One outcome a probe, or one each for stance and sentiment where both were probed. `progress` is told how many changed
/// examples have been answered so far, over all probes.
///
/// # Errors
/// Where the model fails.
pub fn run(
    predictor: &Predictor,
    probes: &[Probe],
    answered: &[Answered<'_>],
    surroundings: &Surroundings<'_>,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Outcome>, Error> {
    let examples: Vec<Example> = answered.iter().map(|answered| answered.example.clone()).collect();
    let original = |index: usize| -> Option<Scores> {
        Some(Scores(answered.get(index)?.answer?.scores?.map(|score| score as f32)))
    };
    let mut outcomes = Vec::new();
    let mut done = 0;
    for &probe in probes {
        let mut changed = changed(probe, &examples, surroundings);
        // What the model did not answer before it is not asked again.
        changed.retain(|changed| original(changed.original).is_some());
        let mut answers = Vec::with_capacity(changed.len());
        for chunk in changed.chunks(CHUNK) {
            answers.extend(ask(predictor, chunk.iter().map(|changed| (&changed.example, changed.hidden)))?);
            progress(done + answers.len());
        }
        done += answers.len();
        let pairs = changed.iter().zip(answers).filter_map(|(changed, after)| {
            let before = original(changed.original)?;
            Some(Pair { original: examples.get(changed.original)?, changed, before, after: after? })
        });
        let (stance, sentiment): (Vec<_>, Vec<_>) =
            pairs.partition(|pair| matches!(pair.original.gold, Gold::Stance(_)));
        if !stance.is_empty() || sentiment.is_empty() {
            outcomes.push(Outcome::count(probe, "stance", &stance));
        }
        if !sentiment.is_empty() {
            outcomes.push(Outcome::count(probe, "sentiment", &sentiment));
        }
    }
    Ok(outcomes)
}
