//! What a data set holds, and how far one comes in it without reading.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use crate::{Example, Gold};

/// Figures of one data set. Shares are fractions of 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stats {
    /// Its name.
    pub dataset: String,
    /// Examples.
    pub n: usize,
    /// Examples by language.
    pub languages: BTreeMap<String, usize>,
    /// Stance examples by label: against, neutral, favor.
    pub stance: [usize; 3],
    /// Sentiment examples by label: negative, neutral, positive.
    pub sentiment: [usize; 3],
    /// Distinct targets, as they are written.
    pub targets: usize,
    /// Share of the examples with a target whose text is known to mention it; `None` without targets.
    pub mentioned: Option<f64>,
    /// Distinct groups.
    pub groups: usize,
    /// Distinct texts.
    pub texts: usize,
    /// Texts that are asked about more than one target or mention.
    pub multi_target: usize,
    /// Lengths of the distinct texts.
    pub length: Quantiles,
    /// Share of the most frequent label, of stance examples where there are any.
    pub majority: f64,
    /// Accuracy of answering each example with the most frequent label of the others with exactly its target, or of all
    /// others where its target stands alone, never reading the text. Far above [`Stats::majority`], the set rewards
    /// prejudice about names. `None` without targets.
    pub prior: Option<f64>,
}

/// Lengths in code points: nearest-rank quantiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// One in twenty is no longer.
    pub p5: usize,
    /// One in two.
    pub median: usize,
    /// Nineteen in twenty.
    pub p95: usize,
    /// The longest.
    pub max: usize,
}

/// Figures of each data set among `examples`, by name.
pub fn stats(examples: &[Example]) -> Vec<Stats> {
    let mut sets: BTreeMap<&str, Vec<&Example>> = BTreeMap::new();
    for example in examples {
        sets.entry(&example.dataset).or_default().push(example);
    }
    sets.into_iter().map(|(dataset, examples)| of_one(dataset, &examples)).collect()
}

fn of_one(dataset: &str, examples: &[&Example]) -> Stats {
    let mut languages = BTreeMap::new();
    let mut stance = [0; 3];
    let mut sentiment = [0; 3];
    let mut asked: HashMap<&str, HashSet<_>> = HashMap::new();
    for example in examples {
        *languages.entry(example.language.clone()).or_default() += 1;
        match example.gold {
            Gold::Stance(label) => stance[label as usize] += 1,
            Gold::Sentiment(label) => sentiment[label as usize] += 1,
        }
        asked.entry(&example.text).or_default().insert((&example.target, example.mention));
    }
    let targets: HashSet<&str> = examples.iter().filter_map(|example| example.target.as_deref()).collect();
    let with_target = examples.iter().filter(|example| example.target.is_some()).count();
    let located = examples.iter().filter(|example| example.mention.is_some()).count();
    let groups: HashSet<&str> = examples.iter().map(|example| example.group.as_str()).collect();
    let main = if stance == [0; 3] { sentiment } else { stance };
    Stats {
        dataset: dataset.to_owned(),
        n: examples.len(),
        languages,
        stance,
        sentiment,
        targets: targets.len(),
        mentioned: share(located, with_target),
        groups: groups.len(),
        texts: asked.len(),
        multi_target: asked.values().filter(|questions| questions.len() > 1).count(),
        length: lengths(asked.keys()),
        majority: share(main.into_iter().max().unwrap_or(0), main.iter().sum()).unwrap_or(0.0),
        prior: prior(examples, stance),
    }
}

fn share(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

fn lengths<'a>(texts: impl Iterator<Item = &'a &'a str>) -> Quantiles {
    let mut lengths: Vec<usize> = texts.map(|text| text.chars().count()).collect();
    lengths.sort_unstable();
    let at = |percent: usize| {
        let rank = (lengths.len() * percent).div_ceil(100).max(1);
        lengths.get(rank - 1).copied().unwrap_or(0)
    };
    Quantiles { p5: at(5), median: at(50), p95: at(95), max: at(100) }
}

/// Leave-one-out accuracy of each target's most frequent label; ties go to the label that is more frequent in the whole
/// set.
fn prior(examples: &[&Example], stance: [usize; 3]) -> Option<f64> {
    let mut by_target: HashMap<&str, [usize; 3]> = HashMap::new();
    let asked = || examples.iter().filter_map(|example| Some((example.target.as_deref()?, stance_of(example)?)));
    for (target, label) in asked() {
        by_target.entry(target).or_default()[label] += 1;
    }
    let right = |&(target, label): &(&str, usize)| {
        let mut others = by_target.get(target).copied().unwrap_or_default();
        let mut all = stance;
        others[label] = others[label].saturating_sub(1);
        all[label] = all[label].saturating_sub(1);
        let guess = (0..3).rev().max_by_key(|&guess| (others[guess], all[guess]));
        guess == Some(label)
    };
    share(asked().filter(right).count(), asked().count())
}

fn stance_of(example: &Example) -> Option<usize> {
    match example.gold {
        Gold::Stance(label) => Some(label as usize),
        Gold::Sentiment(_) => None,
    }
}
