//! Tests of whether two systems differ, on the same examples.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::bootstrap::Bootstrap;
use crate::metrics::{Counts, Judged, macro_f1};

/// Two-sided p of the exact McNemar test: of `one + other` examples that only one of two systems answers right, `one` is the
/// first system's share by chance (McNemar 1947; Fagerland, Lydersen and Laake 2013 on the exact form). 1 where there are none.
pub fn mcnemar(one: u64, other: u64) -> f64 {
    let (n, least) = (one + other, one.min(other));
    // Binomial(n, 1/2) from 0 to `least`, by logarithms: the terms themselves fall below what a float holds.
    let mut log_term = -(n as f64) * std::f64::consts::LN_2;
    let mut logs = vec![log_term];
    for k in 1..=least {
        log_term += ((n - k + 1) as f64).ln() - (k as f64).ln();
        logs.push(log_term);
    }
    // The smallest first, so that they add up.
    let tail: f64 = logs.iter().map(|log| log.exp()).sum();
    (2.0 * tail).min(1.0)
}

/// `p` adjusted for the number of tests, by Holm, "A simple sequentially rejective multiple test procedure" (1979).
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut least = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        least = least.max((p.len() - rank) as f64 * p[index]).min(1.0);
        adjusted[index] = least;
    }
    adjusted
}

/// Two-sided p of approximate randomisation on macro-F1 (Noreen 1989; Yeh, "More accurate tests for the statistical significance
/// of result differences", COLING 2000): how often do the systems differ by as much when the answers to each group of examples
/// are given to one or the other by a coin? `None` without draws.
pub(crate) fn randomisation(one: &[Judged], other: &[Judged], groups: usize, bootstrap: &Bootstrap) -> Option<f64> {
    if bootstrap.draws == 0 {
        return None;
    }
    let (mut counts_one, mut counts_other) = (Counts::default(), Counts::default());
    let mut swaps: Vec<Swap> = Vec::new();
    for (one, other) in one.iter().zip(other) {
        counts_one[one.gold][one.answer] += 1.0;
        counts_other[other.gold][other.answer] += 1.0;
        if one.answer != other.answer {
            swaps.push(Swap { group: one.group, gold: one.gold, one: one.answer, other: other.answer });
        }
    }
    let difference = |one: &Counts, other: &Counts| (macro_f1(one) - macro_f1(other)).abs();
    // As large but for rounding.
    let observed = difference(&counts_one, &counts_other) - 1e-12;
    let as_large = (0..bootstrap.draws).into_par_iter().map_init(
        || vec![0u8; groups.div_ceil(8)],
        |coins, draw| {
            let mut generator = ChaCha8Rng::seed_from_u64(bootstrap.seed);
            generator.set_stream(draw as u64);
            generator.fill_bytes(coins);
            let (mut one, mut other) = (counts_one, counts_other);
            for swap in &swaps {
                if coins[swap.group as usize / 8] >> (swap.group % 8) & 1 == 1 {
                    one[swap.gold][swap.one] -= 1.0;
                    one[swap.gold][swap.other] += 1.0;
                    other[swap.gold][swap.other] -= 1.0;
                    other[swap.gold][swap.one] += 1.0;
                }
            }
            usize::from(difference(&one, &other) >= observed)
        },
    );
    let as_large: usize = as_large.sum();
    Some((as_large + 1) as f64 / (bootstrap.draws + 1) as f64)
}

/// An example that the two systems answer differently.
struct Swap {
    group: u32,
    gold: usize,
    one: usize,
    other: usize,
}

/// Two-sided p of the paired bootstrap: twice the share of draws in which the difference has the other sign or is none.
pub(crate) fn bootstrap_p(differences: &[f64]) -> Option<f64> {
    let defined: Vec<f64> = differences.iter().copied().filter(|difference| difference.is_finite()).collect();
    let share = |count: usize| (count + 1) as f64 / (defined.len() + 1) as f64;
    let not_above = share(defined.iter().filter(|difference| **difference <= 0.0).count());
    let not_below = share(defined.iter().filter(|difference| **difference >= 0.0).count());
    (!defined.is_empty()).then(|| (2.0 * not_above.min(not_below)).min(1.0))
}
