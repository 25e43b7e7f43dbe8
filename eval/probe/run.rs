//! Asking a model what it makes of changed examples.

use regard::Scores;
use regard::head::Question;
use regard::predict::{Predictor, Query, Target};

use super::outcome::Pair;
use super::{Changed, Outcome, Probe, Surroundings, changed};
use crate::Error;
use crate::example::{Example, Gold};

/// Sentences judged between two reports of progress.
pub(super) const CHUNK: usize = 512;

/// Run `probes`: change `examples`, ask again, compare with `originals`, the answers to the examples as they are, in the same
/// order. One outcome a probe, or one each for stance and sentiment where both were probed. `progress` is told how many changed
/// examples have been answered so far, over all probes.
///
/// # Errors
/// Where the model fails.
pub fn run(
    predictor: &Predictor,
    probes: &[Probe],
    examples: &[Example],
    originals: &[Option<Scores>],
    surroundings: &Surroundings<'_>,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = Vec::new();
    let mut done = 0;
    for &probe in probes {
        let mut changed = changed(probe, examples, surroundings);
        // What the model did not answer before it is not asked again.
        changed.retain(|changed| originals.get(changed.original).is_some_and(Option::is_some));
        let mut answers = Vec::with_capacity(changed.len());
        for chunk in changed.chunks(CHUNK) {
            answers.extend(ask(predictor, chunk)?);
            progress(done + answers.len());
        }
        done += answers.len();
        let pairs = changed.iter().zip(answers).filter_map(|(changed, after)| {
            let (original, before) = (examples.get(changed.original)?, (*originals.get(changed.original)?)?);
            Some(Pair { original, changed, before, after: after? })
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

/// The model's answers to changed examples, in order; `None` where it cannot be asked.
fn ask(predictor: &Predictor, changed: &[Changed]) -> Result<Vec<Option<Scores>>, Error> {
    let pools = predictor.model().question() == Question::Span;
    let queries: Vec<Query<'_>> = changed.iter().map(|changed| query(changed, pools)).collect();
    let predictions = predictor.predict(&queries)?.into_iter().zip(changed);
    let answers = predictions.map(|(prediction, changed)| match changed.example.gold {
        Gold::Stance(_) => prediction.stance.first().copied().flatten(),
        Gold::Sentiment(_) => prediction.sentiment,
    });
    Ok(answers.collect())
}

/// A model that pools mentions reads its first token where a target has none; a pair model reads an empty name.
fn query(changed: &Changed, pools: bool) -> Query<'_> {
    let example = &changed.example;
    let asked = matches!(example.gold, Gold::Stance(_)) && (example.mention.is_some() || changed.hidden || !pools);
    let target = asked.then(|| Target {
        name: example.target.clone().unwrap_or_default(),
        mentions: example.mention.into_iter().collect(),
    });
    Query { text: &example.text, targets: target.into_iter().collect() }
}
