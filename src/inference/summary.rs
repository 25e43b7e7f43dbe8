//! One article's stance toward each actor, rolled up from its sentences.

use crate::Stance;
use crate::actor::Actor;
use crate::classifier::Report;

/// What an article's sentences say of one actor.
#[derive(Debug, Clone)]
pub struct ActorSummary<'a> {
    /// The actor.
    pub actor: &'a Actor,
    /// Sentences that name it.
    pub sentences: usize,
    /// Of these, how many take each stance, by label: against, neutral, favor.
    pub stances: [usize; 3],
    /// How many are answered less surely than asked for.
    pub uncertain: usize,
    /// Mean of P(favor) - P(against) over the sentences: -1 to 1.
    pub mean_score: f64,
}

/// The actors of a report, the most often named first; answers below `min_confidence` count as uncertain. Empty where the model
/// does not answer stance.
pub fn summary<'a>(report: &Report<'a>, min_confidence: f32) -> Vec<ActorSummary<'a>> {
    let mut actors: Vec<ActorSummary<'a>> = Vec::new();
    for regarded in report.sentences.iter().flat_map(|sentence| &sentence.actors) {
        let (Some(actor), Some(scores)) = (regarded.actor, regarded.stance) else { continue };
        let index = actors.iter().position(|known| known.actor.id == actor.id).unwrap_or_else(|| {
            actors.push(ActorSummary { actor, sentences: 0, stances: [0; 3], uncertain: 0, mean_score: 0.0 });
            actors.len() - 1
        });
        let known = &mut actors[index];
        known.sentences += 1;
        match scores.confident::<Stance>(min_confidence) {
            Some(stance) => known.stances[stance as usize] += 1,
            None => known.uncertain += 1,
        }
        // The running mean: no second pass.
        known.mean_score += (f64::from(scores.balance()) - known.mean_score) / known.sentences as f64;
    }
    // Stable: among equals the first named stays first.
    actors.sort_by_key(|actor| std::cmp::Reverse(actor.sentences));
    actors
}
