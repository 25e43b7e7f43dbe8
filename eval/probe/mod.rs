//! Does the model judge the name, or the sentence?
//!
//! A [`Probe`] changes labelled examples in one known way and says what an honest model should make of it; [`run`] asks the
//! model again and counts. [`prejudice`] reads sentences that say nothing for or against anyone.
//!
//! **Invariant:** a change is a function of the example, the surroundings and the seed alone, and the mention of a changed
//! example slices to the target's name in the changed text.

mod agreement;
mod edit;
mod frames;
mod names;
mod noise;
mod others;
mod outcome;
pub mod prejudice;
mod quotes;
mod run;
mod script;
mod slips;
#[cfg(test)]
mod tests;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use regard::actor::{Catalogue, Matcher};

use crate::example::{Example, Gold};

pub use outcome::{Flip, Outcome};
pub use run::run;

/// What stands for the target where the tokenizer has no mask token.
pub const NO_MASK: &str = "X";

/// One way to change an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Probe {
    /// The model is not told which target is meant.
    Hidden,
    /// Another actor of the sentence is the target.
    OtherActor,
    /// The target's name is a mask token.
    Masked,
    /// The target is called by another actor's name.
    Replaced,
    /// No quotation marks.
    Unquoted,
    /// Under "It is not true that …".
    Negated,
    /// Slips of the keyboard, away from the target's name.
    Noise,
}

impl Probe {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Hidden, Self::OtherActor, Self::Masked, Self::Replaced, Self::Unquoted, Self::Negated, Self::Noise];

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::OtherActor => "other_actor",
            Self::Masked => "masked",
            Self::Replaced => "replaced",
            Self::Unquoted => "unquoted",
            Self::Negated => "negated",
            Self::Noise => "noise",
        }
    }

    /// What a model does that judges what the sentence says of the target.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Hidden => "worse: whom the stance is toward decides the answer",
            Self::OtherActor => "other answers where the sentence treats its actors differently",
            Self::Masked | Self::Replaced => "the same answers: the sentence says the same of whoever it is",
            Self::Unquoted | Self::Noise => "the same answers",
            Self::Negated => "other answers where there was a stance",
        }
    }

    /// Whether the sentiment of a whole text can be probed so.
    fn suits_sentiment(self) -> bool {
        matches!(self, Self::Unquoted | Self::Negated | Self::Noise)
    }
}

/// What a change needs beside the example.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Actors whose names can stand in for others.
    pub catalogue: &'a Catalogue,
    /// Finds the actors of the catalogue.
    pub matcher: &'a Matcher,
    /// What a masked name is replaced by: the tokenizer's mask token, or [`NO_MASK`].
    pub mask: &'a str,
    /// One seed gives one set of changes.
    pub seed: u64,
}

impl Surroundings<'_> {
    /// Chance for the example called `id`: the same whatever other examples there are.
    fn chance(&self, id: &str) -> ChaCha8Rng {
        // FNV-1a: the standard hasher may change between releases of the language.
        let hash = id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        ChaCha8Rng::seed_from_u64(self.seed ^ hash)
    }
}

/// A changed example.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Index of the example that it was made of.
    pub original: usize,
    /// As the model is asked.
    pub example: Example,
    /// Whether the model must be asked without a target.
    pub hidden: bool,
    /// Whether `example.gold` is right of the changed example; otherwise it is only what was right before.
    pub gold_known: bool,
}

/// The examples that `probe` can change, changed, in order.
pub fn changed(probe: Probe, examples: &[Example], surroundings: &Surroundings<'_>) -> Vec<Changed> {
    if probe == Probe::OtherActor {
        return others::other_actors(examples, surroundings);
    }
    let change = |example: &Example| match probe {
        Probe::Hidden => Some(names::hidden(example)),
        Probe::Masked => names::masked(example, surroundings.mask),
        Probe::Replaced => names::replaced(example, surroundings),
        Probe::Unquoted => quotes::unquoted(example),
        Probe::Negated => frames::negated(example),
        Probe::Noise => noise::noisy(example, &mut surroundings.chance(&example.id)),
        Probe::OtherActor => None,
    };
    let suited = examples.iter().enumerate().filter(|(_, example)| match example.gold {
        Gold::Stance(_) => true,
        Gold::Sentiment(_) => probe.suits_sentiment(),
    });
    let changed = suited.filter_map(|(original, example)| {
        let (hidden, gold_known) = (probe == Probe::Hidden, probe != Probe::Negated);
        Some(Changed { original, example: change(example)?, hidden, gold_known })
    });
    changed.collect()
}

/// A counterfactual copy of a text (<https://arxiv.org/abs/1909.12434>): its `examples`, as many and in order, with other actors' names for
/// those of their targets, wherever these fit what is beside them as in [`Probe::Replaced`]. `None` where no name can be replaced.
pub fn copied(examples: &[Example], surroundings: &Surroundings<'_>) -> Option<Vec<Example>> {
    names::copied(examples, surroundings)
}

/// The primary subtag of a BCP 47 tag: `zh` of `zh-Hant`.
fn primary(language: &str) -> &str {
    language.split(['-', '_']).next().unwrap_or(language)
}
