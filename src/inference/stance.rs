//! The answers: stance toward an actor, sentiment of a sentence, and the probabilities behind them.

use serde::{Deserialize, Serialize};

/// How a sentence stands toward an actor. The order is the label order everywhere: 0, 1, 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// The sentence speaks against the actor.
    Against,
    /// It takes no side.
    Neutral,
    /// It speaks in the actor's favor.
    Favor,
}

/// The sentence's own tone, whoever it is about. The order is the label order everywhere: 0, 1, 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    /// Bad news, blame, grief.
    Negative,
    /// Neither.
    Neutral,
    /// Good news, praise, joy.
    Positive,
}

/// A set of three labels in the house's order.
pub trait Label: Copy + 'static {
    /// The labels, by index.
    const ALL: [Self; 3];
    /// Their names, by index.
    const NAMES: [&'static str; 3];

    /// The label's name.
    fn name(self) -> &'static str;

    /// The label of that exact name.
    fn named(name: &str) -> Option<Self> {
        let index = Self::NAMES.iter().position(|known| *known == name)?;
        Self::ALL.get(index).copied()
    }
}

impl Label for Stance {
    const ALL: [Self; 3] = [Self::Against, Self::Neutral, Self::Favor];
    const NAMES: [&'static str; 3] = ["against", "neutral", "favor"];

    fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl Label for Sentiment {
    const ALL: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];
    const NAMES: [&'static str; 3] = ["negative", "neutral", "positive"];

    fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Three probabilities that sum to one, in the order of the labels that they belong to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores(pub [f32; 3]);

impl Scores {
    /// The softmax of `logits / temperature`: the only one outside the encoder.
    pub fn from_logits(logits: [f32; 3], temperature: f32) -> Self {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exps = logits.map(|logit| ((logit - largest) / temperature).exp());
        let sum: f32 = exps.iter().sum();
        Self(exps.map(|exp| exp / sum))
    }

    /// The index of the most probable label; the first of equals.
    pub fn best(&self) -> usize {
        let [first, second, third] = self.0;
        if first >= second && first >= third {
            0
        } else if second >= third {
            1
        } else {
            2
        }
    }

    /// The most probable label.
    pub fn label<L: Label>(&self) -> L {
        L::ALL[self.best()]
    }

    /// The probability of the most probable label.
    pub fn confidence(&self) -> f32 {
        self.0[self.best()]
    }

    /// The most probable label, or `None` where it is less probable than `min_confidence`: better no answer than a guess.
    pub fn confident<L: Label>(&self, min_confidence: f32) -> Option<L> {
        (self.confidence() >= min_confidence).then(|| self.label())
    }

    /// Last probability less the first: -1 (all against, negative) to 1 (all in favor, positive).
    pub fn balance(&self) -> f32 {
        self.0[2] - self.0[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_a_softmax_in_label_order() {
        let scores = Scores::from_logits([1.0, 2.0, 4.0], 1.0);
        assert!((scores.0.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(scores.label::<Stance>(), Stance::Favor);
        let cold = Scores::from_logits([1.0, 2.0, 4.0], 0.5);
        assert!(cold.0[2] > scores.0[2]);
        assert_eq!(scores.confident::<Stance>(scores.confidence()), Some(Stance::Favor));
        assert_eq!(scores.confident::<Stance>(0.99), None);
        // Logits far beyond what exp can hold still give probabilities.
        assert_eq!(Scores::from_logits([1e30, 0.0, -1e30], 1.0).0, [1.0, 0.0, 0.0]);
    }
}
