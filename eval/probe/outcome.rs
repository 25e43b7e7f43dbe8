//! What a probe showed, counted.

use std::collections::HashSet;

use regard::{Label, Scores, Sentiment, Stance};
use serde::Serialize;

use super::{Changed, Probe};
use crate::example::{Example, Gold};
use crate::metrics::{self, Counts};

/// Flips that are shown.
const SHOWN: usize = 5;
/// 97.5 % quantile of the normal distribution, for two-sided intervals of 95 %.
pub(super) const NORMAL: f64 = 1.959_963_984_540_054;

/// The answers to one probe's examples before and after the change. Shares and F1 are fractions of 1; what is not defined is
/// `None`, and `note` says why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// [`Probe::name`].
    pub probe: &'static str,
    /// `stance` or `sentiment`.
    pub question: &'static str,
    /// [`Probe::expected`].
    pub expected: &'static str,
    /// Changed examples that the model answered, before and after.
    pub n: u64,
    /// Those of them whose right answer is known after the change; the F1 are theirs.
    pub gold_n: u64,
    /// Macro-F1 of the examples as they were.
    pub macro_f1_before: Option<f64>,
    /// Macro-F1 of the same examples, changed.
    pub macro_f1_after: Option<f64>,
    /// The former less the latter.
    pub drop: Option<f64>,
    /// Share of answers with another label than before.
    pub flipped: Option<f64>,
    /// Its interval of 95 % (Wilson 1927, <https://doi.org/10.1080/01621459.1927.10502953>), examples taken as independent.
    pub flipped_interval: Option<[f64; 2]>,
    /// Mean of [`Scores::balance`] after less before: -2 to 2, above 0 where the change makes answers kinder.
    pub mean_shift: Option<f64>,
    /// Answers other than neutral before the change.
    pub polar_n: u64,
    /// Share of these with the same label after it.
    pub polar_kept: Option<f64>,
    /// In `other_actor`: sentences with two labelled targets of different labels, one pair a sentence.
    pub both_right_n: u64,
    /// Share of these with both answered right.
    pub both_right: Option<f64>,
    /// Why something is not defined.
    pub note: Option<String>,
    /// The clearest flips: those that move the most probability.
    pub examples: Vec<Flip>,
}

/// An answer that the change turned.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flip {
    /// Of the example.
    pub id: String,
    /// Text before the change.
    pub before: String,
    /// Text after it.
    pub after: String,
    /// The target before the change.
    pub target: Option<String>,
    /// The target after it; `None` where it is hidden.
    pub target_after: Option<String>,
    /// The model's label before.
    pub label_before: &'static str,
    /// The model's label after.
    pub label_after: &'static str,
}

/// One changed example with both answers.
pub(super) struct Pair<'a> {
    pub(super) original: &'a Example,
    pub(super) changed: &'a Changed,
    pub(super) before: Scores,
    pub(super) after: Scores,
}

impl Pair<'_> {
    fn flips(&self) -> bool {
        self.before.best() != self.after.best()
    }

    /// Probability that changed its label.
    fn moved(&self) -> f32 {
        self.before.0.iter().zip(self.after.0).map(|(before, after)| (before - after).abs()).sum::<f32>() / 2.0
    }

    fn flip(&self) -> Flip {
        let names = match self.original.gold {
            Gold::Stance(_) => Stance::NAMES,
            Gold::Sentiment(_) => Sentiment::NAMES,
        };
        Flip {
            id: self.original.id.clone(),
            before: self.original.text.clone(),
            after: self.changed.example.text.clone(),
            target: self.original.target.clone(),
            target_after: self.changed.example.target.clone(),
            label_before: names[self.before.best()],
            label_after: names[self.after.best()],
        }
    }
}

impl Outcome {
    /// Count `pairs`, which are all to one question.
    pub(super) fn count(probe: Probe, question: &'static str, pairs: &[Pair<'_>]) -> Self {
        let known: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.changed.gold_known).collect();
        let macro_f1_before = macro_f1(known.iter().map(|pair| (pair.original.gold.index(), pair.before.best())));
        let macro_f1_after = macro_f1(known.iter().map(|pair| (pair.changed.example.gold.index(), pair.after.best())));
        let mut flips: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.flips()).collect();
        let polar: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.before.best() != 1).collect();
        let kept = polar.iter().filter(|pair| !pair.flips()).count();
        let (both_right, both_right_n) = both_right(probe, pairs);
        let shift: f64 = pairs.iter().map(|pair| f64::from(pair.after.balance() - pair.before.balance())).sum();
        let interval = wilson(flips.len(), pairs.len());
        let flipped = share(flips.len(), pairs.len());
        flips.sort_by(|a, b| b.moved().total_cmp(&a.moved()));
        let mut notes = Vec::new();
        if pairs.is_empty() {
            notes.push("no example that the probe can change and the model answers");
        } else if known.is_empty() {
            notes.push("no F1: what is right after the change is not known");
        } else if known.len() < pairs.len() {
            notes.push("F1 of the examples whose right answer after the change is known");
        }
        if probe == Probe::OtherActor && both_right_n == 0 {
            notes.push("no sentence with two labelled targets of different labels");
        }
        if !pairs.is_empty() && polar.is_empty() {
            notes.push("no answer but neutral before the change");
        }
        Self {
            probe: probe.name(),
            question,
            expected: probe.expected(),
            n: pairs.len() as u64,
            gold_n: known.len() as u64,
            macro_f1_before,
            macro_f1_after,
            drop: macro_f1_before.zip(macro_f1_after).map(|(before, after)| before - after),
            flipped,
            flipped_interval: interval,
            mean_shift: (!pairs.is_empty()).then(|| shift / pairs.len() as f64),
            polar_n: polar.len() as u64,
            polar_kept: share(kept, polar.len()),
            both_right_n: both_right_n as u64,
            both_right: share(both_right, both_right_n),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            examples: flips.iter().take(SHOWN).map(|pair| pair.flip()).collect(),
        }
    }
}

/// Sentences whose two targets are both answered right, and sentences with two targets of different labels.
fn both_right(probe: Probe, pairs: &[Pair<'_>]) -> (usize, usize) {
    let mut seen = HashSet::new();
    let differ = |pair: &&Pair<'_>| pair.changed.gold_known && pair.changed.example.gold != pair.original.gold;
    let sentence = |pair: &Pair<'_>| (pair.original.text.clone(), pair.original.group.clone());
    let differing = pairs.iter().filter(|_| probe == Probe::OtherActor).filter(differ);
    let sentences: Vec<&Pair<'_>> = differing.filter(|pair| seen.insert(sentence(pair))).collect();
    let right = sentences.iter().filter(|pair| {
        pair.before.best() == pair.original.gold.index() && pair.after.best() == pair.changed.example.gold.index()
    });
    (right.count(), sentences.len())
}

/// Macro-F1 of (gold, answered) pairs; `None` without any.
fn macro_f1(pairs: impl Iterator<Item = (usize, usize)>) -> Option<f64> {
    let mut counts = Counts::default();
    pairs.for_each(|(gold, answered)| counts[gold][answered] += 1.0);
    (counts != Counts::default()).then(|| metrics::macro_f1(&counts))
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The interval of 95 % of a share of `part` in `whole` draws, after Wilson.
pub(super) fn wilson(part: usize, whole: usize) -> Option<[f64; 2]> {
    let n = whole as f64;
    let p = share(part, whole)?;
    let square = NORMAL * NORMAL / n;
    let middle = (p + square / 2.0) / (1.0 + square);
    let half = NORMAL / (1.0 + square) * (p * (1.0 - p) / n + square / (4.0 * n)).sqrt();
    Some([(middle - half).max(0.0), (middle + half).min(1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: the roots of (p - x)² = z² x (1 - x) / n, from which Wilson sets out.
    #[test]
    fn wilson_bounds_solve_their_equation() {
        let cases = [(5, 50, [0.043_475_8, 0.213_602_3]), (0, 10, [0.0, 0.277_532_8]), (10, 10, [0.722_467_2, 1.0])];
        for (part, whole, expected) in cases {
            let interval = wilson(part, whole).unwrap_or_default();
            assert!(interval.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{interval:?}");
        }
        assert_eq!(wilson(0, 0), None);
    }

    fn example(id: &str, gold: Stance) -> Example {
        Example {
            id: id.into(),
            dataset: "invented".into(),
            language: "en".into(),
            text: "Peru thanked Chile.".into(),
            target: Some(id.into()),
            target_type: None,
            mention: None,
            gold: Gold::Stance(gold),
            group: "one".into(),
            meta: serde_json::Map::new(),
        }
    }

    #[test]
    fn outcomes_are_counted_by_hand() {
        let (peru, chile) = (example("Peru", Stance::Neutral), example("Chile", Stance::Favor));
        let changed = |original, example: &Example| Changed {
            original,
            example: example.clone(),
            hidden: false,
            gold_known: true,
        };
        let (first, second) = (changed(0, &chile), changed(1, &peru));
        let (neutral, favor) = (Scores([0.0, 1.0, 0.0]), Scores([0.0, 0.25, 0.75]));
        let pairs = [
            Pair { original: &peru, changed: &first, before: neutral, after: favor },
            Pair { original: &chile, changed: &second, before: favor, after: neutral },
        ];
        let outcome = Outcome::count(Probe::OtherActor, "stance", &pairs);
        assert_eq!((outcome.n, outcome.gold_n, outcome.flipped, outcome.mean_shift), (2, 2, Some(1.0), Some(0.0)));
        assert_eq!((outcome.both_right, outcome.both_right_n), (Some(1.0), 1), "one sentence, counted once");
        assert_eq!((outcome.polar_n, outcome.polar_kept), (1, Some(0.0)));
        assert_eq!(outcome.drop, Some(0.0));
        assert_eq!(outcome.examples.len(), 2);
        let nothing = Outcome::count(Probe::Masked, "stance", &[]);
        assert_eq!((nothing.n, nothing.flipped, nothing.macro_f1_after), (0, None, None));
        assert!(nothing.note.is_some());
    }
}
