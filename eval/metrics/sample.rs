//! Answered examples, prepared so that the figures of any resample of them cost one pass.
//!
//! A resample is a weight for each group: how often it was drawn. Weights come in lanes, one lane a draw, so that one reading
//! of the sample serves many draws and the arithmetic runs across them. The figures of the sample itself are those of the draw
//! in which every group has weight one.

use multiversion::multiversion;

use super::calibration::{BINS, Mass, width_bin};
use super::confusion::{self, Counts};
use super::figure::{COUNT, Values};
use super::ranking::Ranking;

/// An answered example as the statistics see it.
#[derive(Debug, Clone, Copy)]
pub struct Judged {
    /// Index of the right label.
    pub gold: usize,
    /// Index of the label that was answered.
    pub answer: usize,
    /// Probabilities by label; `None` where only a label was given.
    pub scores: Option<[f64; 3]>,
    /// Which group of examples it is drawn with.
    pub group: u32,
}

impl Judged {
    /// The probability of the label that was answered.
    pub(crate) fn confidence(&self) -> Option<f64> {
        Some(self.scores?[self.answer])
    }
}

/// From this many examples on the areas under curves of a draw are taken as linear in its weights: the infinitesimal jackknife
/// (Efron, "The jackknife, the bootstrap and other resampling plans", 1982), whose error falls as 1 / n. Three passes a draw in the
/// order of the probabilities would cost more than all else.
const MANY: usize = 4096;

/// Members that each class must have for that.
const MEMBERS: usize = 100;

/// See the module.
#[derive(Debug)]
pub(crate) struct Sample {
    items: Vec<Item>,
    areas: AreasUnderCurves,
}

#[derive(Debug)]
enum AreasUnderCurves {
    /// No probabilities, no ranking.
    None,
    /// By class.
    Exact([Ranking; 3]),
    /// Their values where every group has weight one; the items know the rest.
    Linear { roc: f64, precision: f64 },
}

#[derive(Debug, Clone, Copy)]
struct Item {
    group: u32,
    /// 3 gold + answer.
    cell: u8,
    bin: u8,
    mass_bin: u8,
    /// Right (1 or 0) less confidence.
    gap: f64,
    /// Negative log likelihood, Brier score, influence on the mean area under the ROC curve and on the mean average precision.
    values: [f64; 4],
}

impl Sample {
    /// Prepare `judged`; probabilities count where every one of them has some.
    pub(crate) fn new(judged: &[Judged]) -> Self {
        let confidences: Vec<f64> = judged.iter().filter_map(Judged::confidence).collect();
        let mass = Mass::new(&confidences);
        let mut items: Vec<Item> = judged.iter().map(|judged| item(judged, &mass)).collect();
        if confidences.len() < judged.len() {
            return Self { items, areas: AreasUnderCurves::None };
        }
        let [first, second, third] = [0, 1, 2].map(|class| Ranking::new(judged, class));
        let members = [0, 1, 2].map(|class| judged.iter().filter(|judged| judged.gold == class).count());
        let areas = if judged.len() < MANY || members.iter().any(|members| (1..MEMBERS).contains(members)) {
            AreasUnderCurves::Exact([first.0, second.0, third.0])
        } else {
            linear(&mut items, &[first, second, third])
        };
        Self { items, areas }
    }

    /// The figures of `L` resamples; `weights[group]` says how often each drew the group.
    pub(crate) fn figures<const L: usize>(&self, weights: &[[u8; L]]) -> [Values; L] {
        let sums = sums(&self.items, weights);
        let (roc, precision) = match &self.areas {
            AreasUnderCurves::None => ([f64::NAN; L], [f64::NAN; L]),
            AreasUnderCurves::Linear { roc, precision } => {
                (sums.values[2].map(|moved| roc + moved), sums.values[3].map(|moved| precision + moved))
            }
            AreasUnderCurves::Exact(rankings) => {
                let areas = rankings.each_ref().map(|ranking| ranking.areas(weights));
                (
                    std::array::from_fn(|lane| mean(areas.each_ref().map(|areas| areas.roc[lane]))),
                    std::array::from_fn(|lane| mean(areas.each_ref().map(|areas| areas.precision[lane]))),
                )
            }
        };
        std::array::from_fn(|lane| {
            let counts: Counts = [0, 1, 2].map(|gold| [0, 1, 2].map(|answer| sums.counts[3 * gold + answer][lane]));
            let n: f64 = counts.iter().flatten().sum();
            let mut values = [f64::NAN; COUNT];
            if n == 0.0 {
                return Values(values);
            }
            let (labels, probabilities) = values.split_at_mut(7);
            labels.copy_from_slice(&confusion::figures(&counts));
            if !matches!(self.areas, AreasUnderCurves::None) {
                let error = |gaps: &[[f64; L]; BINS]| gaps.iter().map(|gap| gap[lane].abs()).sum::<f64>() / n;
                let [nll, brier, ..] = sums.values.map(|sum| sum[lane] / n);
                let errors = [error(&sums.gaps), error(&sums.mass_gaps)];
                probabilities.copy_from_slice(&[roc[lane], precision[lane], nll, brier, errors[0], errors[1]]);
            }
            Values(values)
        })
    }
}

/// Give `items` their influence on the mean areas of the classes.
fn linear(items: &mut [Item], rankings: &[(Ranking, Vec<usize>)]) -> AreasUnderCurves {
    let influences: Vec<_> =
        rankings.iter().filter_map(|(ranking, order)| Some((ranking, order, ranking.influences()?))).collect();
    let classes = influences.len() as f64;
    let (mut roc, mut precision) = (0.0, 0.0);
    for (ranking, order, influences) in influences {
        let areas = ranking.areas(&ranking.ones());
        roc += areas.roc[0] / classes;
        precision += areas.precision[0] / classes;
        for (&index, [of_roc, of_precision]) in order.iter().zip(influences) {
            items[index].values[2] += of_roc / classes;
            items[index].values[3] += of_precision / classes;
        }
    }
    AreasUnderCurves::Linear { roc, precision }
}

fn item(judged: &Judged, mass: &Mass) -> Item {
    let Judged { gold, answer, group, .. } = *judged;
    let blank = Item { group, cell: (3 * gold + answer) as u8, bin: 0, mass_bin: 0, gap: 0.0, values: [0.0; 4] };
    let Some(scores) = judged.scores else { return blank };
    let confidence = scores[answer];
    let distance = |class: usize| (scores[class] - f64::from(class == gold)).powi(2);
    // As scikit-learn's log_loss: a probability of 0 is taken for the smallest step from 1.
    let nll = -scores[gold].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
    Item {
        bin: width_bin(confidence),
        mass_bin: mass.bin(confidence),
        gap: f64::from(gold == answer) - confidence,
        values: [nll, (0..3).map(distance).sum(), 0.0, 0.0],
        ..blank
    }
}

/// The mean of those that are defined.
fn mean(values: [f64; 3]) -> f64 {
    let defined = values.iter().filter(|value| value.is_finite());
    defined.clone().sum::<f64>() / defined.count() as f64
}

struct Sums<const L: usize> {
    counts: [[f64; L]; 9],
    gaps: [[f64; L]; BINS],
    mass_gaps: [[f64; L]; BINS],
    values: [[f64; L]; 4],
}

#[multiversion(targets = "simd")]
fn sums<const L: usize>(items: &[Item], weights: &[[u8; L]]) -> Sums<L> {
    let zero = [0.0; L];
    let mut sums = Sums { counts: [zero; 9], gaps: [zero; BINS], mass_gaps: [zero; BINS], values: [zero; 4] };
    for item in items {
        let weight = weights[item.group as usize].map(f64::from);
        add(&mut sums.counts[usize::from(item.cell)], &weight, 1.0);
        add(&mut sums.gaps[usize::from(item.bin)], &weight, item.gap);
        add(&mut sums.mass_gaps[usize::from(item.mass_bin)], &weight, item.gap);
        for (sum, value) in sums.values.iter_mut().zip(item.values) {
            add(sum, &weight, value);
        }
    }
    sums
}

#[inline(always)]
fn add<const L: usize>(sum: &mut [f64; L], weight: &[f64; L], value: f64) {
    for lane in 0..L {
        sum[lane] += weight[lane] * value;
    }
}
