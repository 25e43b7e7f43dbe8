//! Whether a confidence of 70 % is right seven times in ten: reliability by bins of confidence.

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
