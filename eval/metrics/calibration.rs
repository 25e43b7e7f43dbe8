//! Whether a confidence of 70 % is right seven times in ten: reliability by bins of confidence.

use std::f64::consts::FRAC_2_PI;

use serde::Serialize;

use super::sample::Judged;

/// Bins of confidence.
pub(crate) const BINS: usize = 15;

/// The bin of equal width that a probability falls into; the last one holds 1.
pub(crate) fn width_bin(probability: f64) -> u8 {
    ((probability * BINS as f64) as usize).min(BINS - 1) as u8
}

/// Bins that hold equally many examples; equal confidences stay together.
#[derive(Debug)]
pub(crate) struct Mass {
    /// The least confidence of each bin but the first.
    edges: Vec<f64>,
}

impl Mass {
    pub(crate) fn new(confidences: &[f64]) -> Self {
        let mut sorted = confidences.to_vec();
        sorted.sort_by(f64::total_cmp);
        // A boundary inside a run of equal confidences moves up to the end of the run.
        let edge = |bin: usize| {
            let last_below = *sorted.get((bin * sorted.len() / BINS).checked_sub(1)?)?;
            sorted.get(sorted.partition_point(|confidence| *confidence <= last_below)).copied()
        };
        Self { edges: (1..BINS).filter_map(edge).collect() }
    }

    pub(crate) fn bin(&self, confidence: f64) -> u8 {
        self.edges.partition_point(|edge| *edge <= confidence) as u8
    }
}

/// Confidence against accuracy.
#[derive(Debug, Clone, Serialize)]
pub struct Reliability {
    /// Bins of equal width over 0 to 1.
    pub width: Vec<Bin>,
    /// Bins of equal mass, least confident first.
    pub mass: Vec<Bin>,
}

/// Examples of like confidence; bins that hold none are left out.
#[derive(Debug, Clone, Serialize)]
pub struct Bin {
    /// Examples.
    pub n: u64,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them answered right.
    pub accuracy: f64,
}

impl Reliability {
    /// `None` where an answer has no probabilities.
    pub(crate) fn new(judged: &[Judged]) -> Option<Self> {
        let confidences: Vec<f64> = judged.iter().map(Judged::confidence).collect::<Option<_>>()?;
        let right = judged.iter().map(|judged| judged.gold == judged.answer);
        let pairs: Vec<(f64, bool)> = confidences.iter().copied().zip(right).collect();
        let mass = Mass::new(&confidences);
        Some(Self { width: bins(&pairs, width_bin), mass: bins(&pairs, |confidence| mass.bin(confidence)) })
    }
}

/// Expected calibration error of the probabilities of `class`, whatever was answered (Nixon et al., "Measuring calibration in
/// deep learning", 2019), in bins of equal width; `None` where an answer has no probabilities.
pub(crate) fn class_error(judged: &[Judged], class: usize) -> Option<f64> {
    let pairs: Vec<(f64, bool)> =
        judged.iter().map(|judged| Some((judged.scores?[class], judged.gold == class))).collect::<Option<_>>()?;
    let gap = |bin: &Bin| bin.n as f64 * (bin.accuracy - bin.confidence).abs();
    Some(bins(&pairs, width_bin).iter().map(gap).sum::<f64>() / pairs.len() as f64)
}

/// The expected calibration error, in bins of equal width, that perfectly calibrated answers as confident as these have by chance
/// alone; `None` where an answer has no probabilities.
///
/// Each answer is right with the probability that it states, whatever the others are. A bin's gap is then the absolute value of a
/// sum with mean 0 and variance sum of p (1 - p), which is sqrt(2 / pi) standard deviations where it is normal. After the
/// consistency resampling of Bröcker and Smith, "Increasing the reliability of reliability diagrams", 2007.
pub(crate) fn error_by_chance(judged: &[Judged]) -> Option<f64> {
    let mut variances = [0.0; BINS];
    for judged in judged {
        let confidence = judged.confidence()?;
        variances[usize::from(width_bin(confidence))] += confidence * (1.0 - confidence);
    }
    let gaps: f64 = variances.iter().map(|variance| (FRAC_2_PI * variance).sqrt()).sum();
    Some(gaps / judged.len() as f64).filter(|error| error.is_finite())
}

fn bins(pairs: &[(f64, bool)], place: impl Fn(f64) -> u8) -> Vec<Bin> {
    let mut sums = [(0u64, 0.0, 0u64); BINS];
    for &(confidence, right) in pairs {
        let (n, total, hits) = &mut sums[usize::from(place(confidence))];
        *n += 1;
        *total += confidence;
        *hits += u64::from(right);
    }
    let filled = sums.into_iter().filter(|(n, ..)| *n > 0);
    filled.map(|(n, total, hits)| Bin { n, confidence: total / n as f64, accuracy: hits as f64 / n as f64 }).collect()
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Answers that are right as often as they say have the error that chance is said to give them, and answers that are too sure
    /// have more.
    #[test]
    fn chance_alone_gives_calibrated_answers_the_error_that_is_foretold() {
        let mut generator = ChaCha8Rng::seed_from_u64(0);
        let confidences: Vec<f64> = (0..400).map(|_| generator.random_range(0.4..1.0)).collect();
        let mut judged = |confidence: f64, stated: f64| {
            let rest = (1.0 - stated) / 2.0;
            let gold = usize::from(!generator.random_bool(confidence));
            Judged { gold, answer: 0, scores: Some([stated, rest, rest]), group: 0 }
        };
        let error = |judged: &[Judged]| -> Option<f64> {
            let reliability = Reliability::new(judged)?;
            let gaps = reliability.width.iter().map(|bin| bin.n as f64 * (bin.accuracy - bin.confidence).abs());
            Some(gaps.sum::<f64>() / judged.len() as f64)
        };
        let mut mean = |overstated: f64| -> (f64, f64) {
            let (mut found, mut foretold) = (0.0, 0.0);
            for _ in 0..500 {
                let answers: Vec<Judged> = confidences.iter().map(|&c| judged(c, c + overstated * (1.0 - c))).collect();
                found += error(&answers).unwrap_or(f64::NAN) / 500.0;
                foretold += error_by_chance(&answers).unwrap_or(f64::NAN) / 500.0;
            }
            (found, foretold)
        };
        let (found, foretold) = mean(0.0);
        assert!((found / foretold - 1.0).abs() < 0.03, "expected {foretold}, found {found}");
        let (found, foretold) = mean(0.5);
        assert!(found > 2.0 * foretold, "expected more than twice {foretold}, found {found}");
    }

    #[test]
    fn without_probabilities_nothing_is_foretold() {
        assert_eq!(error_by_chance(&[Judged { gold: 0, answer: 0, scores: None, group: 0 }]), None);
        assert_eq!(error_by_chance(&[]), None);
    }
}
