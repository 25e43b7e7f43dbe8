//! Train, dev and test that share no group and no text, with the labels in like shares.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::leakage::normal;
use crate::{Error, Example};

/// What each split is to have of all examples, as fractions of 1; train has the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Of the split that settings are chosen on.
    pub dev: f64,
    /// Of the split that is measured once.
    pub test: f64,
}

/// The three splits, in order: train, dev, test.
pub const NAMES: [&str; 3] = ["train", "dev", "test"];

/// Split `examples` into [`NAMES`]; each split keeps their order.
///
/// Groups of a data set stay together, and so do groups that share a text after [`normal`]. The large ones are placed
/// first, each where it brings the counts of (data set, label) nearest to the shares asked for (least rise of the
/// chi-squared distance), so the shares come out as near as the groups allow. `seed` decides among equals.
///
/// # Errors
/// Where the shares are no fractions or leave nothing to train on.
pub fn split(examples: Vec<Example>, shares: Shares, seed: u64) -> Result<[Vec<Example>; 3], Error> {
    let Shares { dev, test } = shares;
    if !(dev >= 0.0 && test >= 0.0 && dev + test < 1.0) {
        let message = format!("expected shares from 0 that leave something to train on, found {dev} and {test}");
        return Err(regard::Error::invalid("dev, test", message).into());
    }
    let strata = strata(&examples);
    let mut totals = vec![0.0; strata.iter().max().map_or(0, |last| last + 1)];
    for &stratum in &strata {
        totals[stratum] += 1.0;
    }
    let mut units = units(&examples);
    units.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));

    let shares = [1.0 - dev - test, dev, test];
    let mut counts = vec![[0.0; 3]; totals.len()];
    let mut placed = vec![0; examples.len()];
    for unit in units {
        let mut brings: HashMap<usize, f64> = HashMap::new();
        for &example in &unit {
            *brings.entry(strata[example]).or_default() += 1.0;
        }
        // In order, so that sums of floats, and with them ties, come out alike in every run.
        let mut brings: Vec<(usize, f64)> = brings.into_iter().collect();
        brings.sort_by_key(|(stratum, _)| *stratum);
        let rise = |split: usize| -> f64 {
            let one = |&(stratum, more): &(usize, f64)| {
                let due = shares[split] * totals[stratum];
                (2.0 * more * (counts[stratum][split] - due) + more * more) / due
            };
            brings.iter().map(one).sum()
        };
        let open = (0..3).filter(|&split| shares[split] > 0.0);
        let best = open.min_by(|&a, &b| rise(a).total_cmp(&rise(b))).unwrap_or(0);
        for (stratum, more) in brings {
            counts[stratum][best] += more;
        }
        for example in unit {
            placed[example] = best;
        }
    }
    let mut splits = [Vec::new(), Vec::new(), Vec::new()];
    for (example, split) in examples.into_iter().zip(placed) {
        splits[split].push(example);
    }
    Ok(splits)
}

/// A number for the data set and label of each example.
fn strata(examples: &[Example]) -> Vec<usize> {
    let mut known = HashMap::new();
    let stratum = |example| {
        let Example { dataset, gold, .. }: &Example = example;
        let next = known.len();
        *known.entry((dataset.clone(), gold.name())).or_insert(next)
    };
    examples.iter().map(stratum).collect()
}

/// What must stay together, as indices, in the order of their first examples.
fn units(examples: &[Example]) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..examples.len()).collect();
    let mut groups = HashMap::new();
    let mut texts = HashMap::new();
    for (index, example) in examples.iter().enumerate() {
        let group = *groups.entry((&example.dataset, &example.group)).or_insert(index);
        let text = *texts.entry(normal(&example.text)).or_insert(index);
        for other in [group, text] {
            let (a, b) = (root(&mut parents, index), root(&mut parents, other));
            parents[a.max(b)] = a.min(b);
        }
    }
    let mut units: Vec<Vec<usize>> = vec![Vec::new(); examples.len()];
    for index in 0..examples.len() {
        let root = root(&mut parents, index);
        units[root].push(index);
    }
    units.retain(|unit| !unit.is_empty());
    units
}

/// The first example that `index` stays together with; the way there is halved for the next who asks.
fn root(parents: &mut [usize], mut index: usize) -> usize {
    while parents[index] != index {
        parents[index] = parents[parents[index]];
        index = parents[index];
    }
    index
}
