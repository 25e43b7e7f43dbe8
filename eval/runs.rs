//! Several runs of one recipe, such as three seeds: how good is the recipe, and how much is luck?

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::answer::Answer;
use crate::bootstrap::{Bootstrap, Draws, interval};
use crate::compare::{System, common};
use crate::evaluation::Groups;
use crate::example::{Example, Gold};
use crate::metrics::{FEWEST_GROUPS, Figure, Sample};

/// Figures over runs, by question.
#[derive(Debug, Clone, serde::Serialize)]
pub struct OverRuns {
    /// Examples that all runs answer: the figures are theirs alone.
    pub n: usize,
    /// Examples that not all answer.
    pub left_out: usize,
    /// Toward targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance: Option<Spreads>,
    /// Of whole texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Spreads>,
}

/// The spread of each figure that all runs define; a map in JSON.
#[derive(Debug, Clone)]
pub struct Spreads(pub Vec<(Figure, Spread)>);

impl Serialize for Spreads {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (figure, spread) in &self.0 {
            map.serialize_entry(figure.name(), spread)?;
        }
        map.end()
    }
}

/// One figure over runs.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Spread {
    /// Runs.
    pub runs: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, with n - 1; `None` for one run.
    pub deviation: Option<f64>,
    /// The middle 95 % of the mean when both groups and runs are drawn; `None` where groups are too few.
    pub interval: Option<[f64; 2]>,
}

/// The spread of `runs` over the examples that all of them answer.
pub fn over_runs(runs: &[System<'_>], bootstrap: &Bootstrap) -> OverRuns {
    let common = common(runs);
    let n = common.len();
    let left_out = runs.first().map_or(0, |run| run.answered.len()) - n;
    let (stance, sentiment): (Vec<_>, Vec<_>) =
        common.into_iter().partition(|(example, _)| matches!(example.gold, Gold::Stance(_)));
    let spread = |answers: Vec<_>| (!answers.is_empty()).then(|| spreads(&answers, runs.len(), bootstrap));
    OverRuns { n, left_out, stance: spread(stance), sentiment: spread(sentiment) }
}

fn spreads(answers: &[(&Example, Vec<Answer>)], runs: usize, bootstrap: &Bootstrap) -> Spreads {
    let groups = Groups::new(answers.iter().map(|(example, _)| *example));
    let samples: Vec<Sample> = (0..runs).map(|run| Sample::new(&groups.judged(answers, run))).collect();
    let once = vec![[1u8]; groups.count];
    let values: Vec<_> = samples.iter().map(|sample| sample.figures(&once)[0]).collect();
    let mut draws: Vec<Draws> = Vec::new();
    if groups.count as u64 >= FEWEST_GROUPS {
        bootstrap.run(&[samples], groups.count, |_, found| draws = found);
    }
    let spread = |figure: Figure| {
        let values: Vec<f64> = values.iter().map(|values| values.value(figure)).collect::<Option<_>>()?;
        let mean = values.iter().sum::<f64>() / runs as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (runs > 1).then(|| (squares / (runs - 1) as f64).sqrt());
        Some((figure, Spread { runs, mean, deviation, interval: interval(&means(&draws, figure, bootstrap.seed)) }))
    };
    Spreads(Figure::ALL.into_iter().filter_map(spread).collect())
}

/// In each draw, the mean of as many runs as there are, drawn with replacement.
fn means(draws: &[Draws], figure: Figure, seed: u64) -> Vec<f64> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    // The streams from 0 on are taken by the draws of groups.
    generator.set_stream(u64::MAX);
    let count = draws.first().map_or(0, |draws| draws[figure as usize].len());
    let mut mean = |draw: usize| {
        let drawn = (0..draws.len()).map(|_| draws[generator.random_range(0..draws.len())][figure as usize][draw]);
        drawn.sum::<f64>() / draws.len() as f64
    };
    (0..count).map(&mut mean).collect()
}
