//! Answered examples, prepared so that the figures of any resample of them cost one pass.
//!
//! A resample is a weight for each group: how often it was drawn. Weights come in lanes, one lane a draw, so that one reading
//! of the sample serves many draws and the arithmetic runs across them. The figures of the sample itself are those of the draw
//! in which every group has weight one.

use multiversion::multiversion;

use super::calibration::{BINS, Mass, width_bin};
use super::confusion::{self, Counts};
use super::figure::{COUNT, Values};

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

/// See the module.
#[derive(Debug)]
pub(crate) struct Sample {
    items: Vec<Item>,
    /// By class, the examples from the most to the least probable; empty where there are no probabilities.
    rankings: [Vec<Ranked>; 3],
    scored: bool,
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
    nll: f64,
    brier: f64,
}

/// A place in a ranking: the group, with two flags in its low bits so that a ranking stays small.
#[derive(Debug, Clone, Copy)]
struct Ranked(u32);

impl Ranked {
    fn new(group: u32, member: bool, ends_tie: bool) -> Self {
        Self(group << 2 | u32::from(ends_tie) << 1 | u32::from(member))
    }

    fn group(self) -> usize {
        (self.0 >> 2) as usize
    }

    /// Whether gold is the class of the ranking.
    fn is_member(self) -> bool {
        self.0 & 1 == 1
    }

    /// Whether the next one is less probable.
    fn ends_tie(self) -> bool {
        self.0 & 2 == 2
    }
}

impl Sample {
    /// Prepare `judged`; probabilities count where every one of them has some.
    pub(crate) fn new(judged: &[Judged]) -> Self {
        let scored = judged.iter().all(|judged| judged.scores.is_some());
        let confidences: Vec<f64> = judged.iter().filter_map(Judged::confidence).collect();
        let mass = Mass::new(&confidences);
        let items = judged.iter().map(|judged| item(judged, &mass)).collect();
        let rankings = if scored { [0, 1, 2].map(|class| ranking(judged, class)) } else { Default::default() };
        Self { items, rankings, scored }
    }

    /// The figures of `L` resamples; `weights[group]` says how often each drew the group.
    pub(crate) fn figures<const L: usize>(&self, weights: &[[u8; L]]) -> [Values; L] {
        let sums = sums(&self.items, weights);
        let areas = self.rankings.each_ref().map(|ranking| areas(ranking, weights));
        std::array::from_fn(|lane| {
            let counts: Counts = [0, 1, 2].map(|gold| [0, 1, 2].map(|answer| sums.counts[3 * gold + answer][lane]));
            let n: f64 = counts.iter().flatten().sum();
            let mut values = [f64::NAN; COUNT];
            if n == 0.0 {
                return Values(values);
            }
            let (labels, probabilities) = values.split_at_mut(7);
            labels.copy_from_slice(&confusion::figures(&counts));
            if self.scored {
                let total = |gaps: &[[f64; L]; BINS]| gaps.iter().map(|gap| gap[lane].abs()).sum::<f64>() / n;
                probabilities.copy_from_slice(&[
                    mean(areas.each_ref().map(|areas| areas.roc[lane])),
                    mean(areas.each_ref().map(|areas| areas.precision[lane])),
                    sums.nll[lane] / n,
                    sums.brier[lane] / n,
                    total(&sums.gaps),
                    total(&sums.mass_gaps),
                ]);
            }
            Values(values)
        })
    }

    /// Area under the ROC curve and average precision of `class` against the others.
    pub(crate) fn areas_of(&self, class: usize, weights: &[[u8; 1]]) -> (f64, f64) {
        let areas = areas(&self.rankings[class], weights);
        (areas.roc[0], areas.precision[0])
    }
}

fn item(judged: &Judged, mass: &Mass) -> Item {
    let Judged { gold, answer, group, .. } = *judged;
    let blank = Item { group, cell: (3 * gold + answer) as u8, bin: 0, mass_bin: 0, gap: 0.0, nll: 0.0, brier: 0.0 };
    let Some(scores) = judged.scores else { return blank };
    let confidence = scores[answer];
    let distance = |class: usize| (scores[class] - f64::from(class == gold)).powi(2);
    Item {
        bin: width_bin(confidence),
        mass_bin: mass.bin(confidence),
        gap: f64::from(gold == answer) - confidence,
        // As scikit-learn's log_loss: a probability of 0 is taken for the smallest step from 1.
        nll: -scores[gold].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln(),
        brier: (0..3).map(distance).sum(),
        ..blank
    }
}

fn ranking(judged: &[Judged], class: usize) -> Vec<Ranked> {
    let score = |judged: &Judged| judged.scores.map_or(0.0, |scores| scores[class]);
    let mut order: Vec<&Judged> = judged.iter().collect();
    order.sort_by(|a, b| score(b).total_cmp(&score(a)));
    let ends_tie = |at: usize| order.get(at + 1).is_none_or(|next| score(next) < score(order[at]));
    order.iter().enumerate().map(|(at, judged)| Ranked::new(judged.group, judged.gold == class, ends_tie(at))).collect()
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
    nll: [f64; L],
    brier: [f64; L],
}

#[multiversion(targets = "simd")]
fn sums<const L: usize>(items: &[Item], weights: &[[u8; L]]) -> Sums<L> {
    let zero = [0.0; L];
    let mut sums = Sums { counts: [zero; 9], gaps: [zero; BINS], mass_gaps: [zero; BINS], nll: zero, brier: zero };
    for item in items {
        let weight = weights[item.group as usize].map(f64::from);
        add(&mut sums.counts[usize::from(item.cell)], &weight, 1.0);
        add(&mut sums.gaps[usize::from(item.bin)], &weight, item.gap);
        add(&mut sums.mass_gaps[usize::from(item.mass_bin)], &weight, item.gap);
        add(&mut sums.nll, &weight, item.nll);
        add(&mut sums.brier, &weight, item.brier);
    }
    sums
}

#[inline(always)]
fn add<const L: usize>(sum: &mut [f64; L], weight: &[f64; L], value: f64) {
    for lane in 0..L {
        sum[lane] += weight[lane] * value;
    }
}

struct Areas<const L: usize> {
    roc: [f64; L],
    precision: [f64; L],
}

/// Area under the ROC curve (Mann and Whitney's statistic, a tie counts half) and average precision (the mean over members of
/// the precision at their score), NaN where the ranking lacks members or others.
#[multiversion(targets = "simd")]
fn areas<const L: usize>(ranking: &[Ranked], weights: &[[u8; L]]) -> Areas<L> {
    let (mut members, mut others) = ([0.0; L], [0.0; L]);
    let (mut above, mut precision) = ([0.0; L], [0.0; L]);
    // Those of the tie that is being read.
    let (mut tied_members, mut tied_others) = ([0.0; L], [0.0; L]);
    for ranked in ranking {
        let tied = if ranked.is_member() { &mut tied_members } else { &mut tied_others };
        add(tied, &weights[ranked.group()].map(f64::from), 1.0);
        if ranked.ends_tie() {
            for lane in 0..L {
                above[lane] += tied_others[lane] * (members[lane] + 0.5 * tied_members[lane]);
                members[lane] += tied_members[lane];
                others[lane] += tied_others[lane];
                // Nothing drawn so far: nothing to add either.
                precision[lane] += tied_members[lane] * members[lane] / (members[lane] + others[lane]).max(1.0);
            }
            (tied_members, tied_others) = ([0.0; L], [0.0; L]);
        }
    }
    let pairs: [f64; L] = std::array::from_fn(|lane| members[lane] * others[lane]);
    Areas {
        roc: std::array::from_fn(|lane| above[lane] / pairs[lane]),
        precision: std::array::from_fn(|lane| precision[lane] / members[lane]),
    }
}
