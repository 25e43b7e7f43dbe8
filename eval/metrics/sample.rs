//! Answered examples, prepared so that the figures of any resample of them cost one pass.
//!
//! A resample is a weight for each group: how often it was drawn. Weights come in lanes, one lane a draw, so that one reading
//! of the sample serves many draws and the arithmetic runs across them. The figures of the sample itself are those of the draw
//! in which every group has weight one.

use std::collections::HashSet;

use multiversion::multiversion;

use super::calibration::{BINS, Mass, width_bin};
use super::confusion::{self, Counts};
use super::figure::{COUNT, Values};
use super::ranking::{Areas, Ranking};

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
/// (Efron, "The jackknife, the bootstrap and other resampling plans", 1982). Three passes a draw in the order of the probabilities
/// would cost more than all else.
const MANY: usize = 4096;

/// Groups that the members of each class must stand in for that: the error falls with the number of groups that are drawn, however
/// many examples they hold.
const GROUPS: usize = 300;

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
    /// By class; `None` where gold never has the class.
    Exact([Option<Ranking>; 3]),
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
        let members = [0, 1, 2].map(|class| judged.iter().filter(|judged| judged.gold == class).count());
        let rankings = [0, 1, 2].map(|class| (members[class] > 0).then(|| Ranking::new(judged, class)));
        let many = judged.len() >= MANY
            && (0..3).all(|class| rankings[class].is_none() || groups(judged, class) >= GROUPS)
            && rankings.iter().flatten().count() > 1;
        let areas = match many {
            true => linear(&mut items, rankings.into_iter().flatten().collect()),
            false => AreasUnderCurves::Exact(rankings.map(|ranking| ranking.map(|(ranking, _)| ranking))),
        };
        Self { items, areas }
    }

    /// The figures of `L` resamples; `weights[group]` says how often each drew the group.
    pub(crate) fn figures<const L: usize>(&self, weights: &[[u8; L]]) -> [Values; L] {
        let sums = sums(&self.items, weights);
        let (roc, precision) = match &self.areas {
            AreasUnderCurves::None => ([f64::NAN; L], [f64::NAN; L]),
            AreasUnderCurves::Linear { roc, precision } => {
                let moved = |area: &f64, moves: [f64; L]| moves.map(|by| (area + by).clamp(0.0, 1.0));
                (moved(roc, sums.values[2]), moved(precision, sums.values[3]))
            }
            AreasUnderCurves::Exact(rankings) => {
                // A draw that lacks a class which the sample has does not define the mean over classes.
                let areas: Vec<Areas<L>> = rankings.iter().flatten().map(|ranking| ranking.areas(weights)).collect();
                let mean = |area: fn(&Areas<L>) -> &[f64; L]| {
                    let sum = |lane: usize| areas.iter().map(|areas| area(areas)[lane]).sum::<f64>();
                    std::array::from_fn(|lane| sum(lane) / areas.len() as f64)
                };
                (mean(|areas| &areas.roc), mean(|areas| &areas.precision))
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

/// Groups in which gold has `class`.
fn groups(judged: &[Judged], class: usize) -> usize {
    let of_class = judged.iter().filter(|judged| judged.gold == class);
    of_class.map(|judged| judged.group).collect::<HashSet<_>>().len()
}

/// Give `items` their influence on the mean areas of the classes.
fn linear(items: &mut [Item], rankings: Vec<(Ranking, Vec<usize>)>) -> AreasUnderCurves {
    let classes = rankings.len() as f64;
    let (mut roc, mut precision) = (0.0, 0.0);
    for (ranking, order) in rankings {
        let areas = ranking.areas(&ranking.ones());
        roc += areas.roc[0] / classes;
        precision += areas.precision[0] / classes;
        for (index, [of_roc, of_precision]) in order.into_iter().zip(ranking.influences()) {
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
