//! What is gained where the least confident answers are left out: the risk-coverage curve (El-Yaniv and Wiener, "On the
//! foundations of noise-free selective classification", JMLR 2010).

use serde::Serialize;

use super::sample::Judged;

/// Points that the curve is drawn with.
const POINTS: usize = 100;

/// What leaving out the least confident answers gains.
#[derive(Debug, Clone, Serialize)]
pub struct Abstention {
    /// Area under the risk-coverage curve: the mean, over all numbers of answers kept, of the share of them that are wrong.
    pub aurc: f64,
    /// The curve, from few answers kept to all.
    pub curve: Vec<CoveragePoint>,
    /// The least confidence to ask for, by wanted precision.
    pub thresholds: Vec<Threshold>,
}

/// The answers of at least some confidence.
#[derive(Debug, Clone, Serialize)]
pub struct CoveragePoint {
    /// Share of the answers that are kept.
    pub coverage: f64,
    /// Share of these that are wrong.
    pub risk: f64,
    /// Their least confidence.
    pub confidence: f64,
}

/// How confident an answer must be for so many to be right.
#[derive(Debug, Clone, Serialize)]
pub struct Threshold {
    /// Wanted share of right answers.
    pub precision: f64,
    /// Least confidence, for `classify --min-confidence`; `None` where no confidence reaches that precision.
    pub min_confidence: Option<f64>,
    /// Share of the answers that stay.
    pub coverage: f64,
}

impl Abstention {
    /// `None` where there are no answers, or one has no probabilities.
    pub(crate) fn new(judged: &[Judged], precisions: &[f64]) -> Option<Self> {
        let mut answers: Vec<(f64, bool)> = judged
            .iter()
            .map(|judged| Some((judged.confidence()?, judged.gold != judged.answer)))
            .collect::<Option<_>>()?;
        if answers.is_empty() {
            return None;
        }
        answers.sort_by(|a, b| b.0.total_cmp(&a.0));
        let n = answers.len() as f64;
        let (mut kept, mut wrong, mut area) = (0.0, 0.0, 0.0);
        let mut steps: Vec<CoveragePoint> = Vec::new();
        for tie in answers.chunk_by(|a, b| a.0 == b.0) {
            let errors = tie.iter().filter(|(_, wrong)| *wrong).count() as f64 / tie.len() as f64;
            for _ in tie {
                // No order among equals: each carries the error rate of all.
                kept += 1.0;
                wrong += errors;
                area += wrong / kept;
            }
            steps.push(CoveragePoint { coverage: kept / n, risk: wrong / kept, confidence: tie[0].0 });
        }
        let thresholds = precisions.iter().map(|&precision| threshold(&steps, precision)).collect();
        Some(Self { aurc: area / n, curve: thinned(steps), thresholds })
    }
}

/// The threshold that keeps most.
fn threshold(steps: &[CoveragePoint], precision: f64) -> Threshold {
    // Sums of thirds and the like must not decide.
    let good = steps.iter().rev().find(|step| 1.0 - step.risk >= precision - 1e-12);
    let coverage = good.map_or(0.0, |step| step.coverage);
    Threshold { precision, min_confidence: good.map(|step| step.confidence), coverage }
}

/// About [`POINTS`] points, evenly spread over coverage; the last one always.
fn thinned(steps: Vec<CoveragePoint>) -> Vec<CoveragePoint> {
    let last = steps.len().saturating_sub(1);
    let mut next = 0.0;
    let mut thinned = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        if step.coverage >= next || index == last {
            next = step.coverage + 1.0 / POINTS as f64;
            thinned.push(step);
        }
    }
    thinned
}
