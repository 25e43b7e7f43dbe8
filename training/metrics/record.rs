//! What stands in a line of `metrics.jsonl`.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A line, told from the others by its `kind`. Numbers that are none are `null` in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Record {
    /// Before the first step.
    Plan {
        /// 0.
        step: u64,
        /// Sentences to learn from.
        sentences: usize,
        /// Labels against, neutral and favor.
        stance: [usize; 3],
        /// Labels negative, neutral and positive.
        sentiment: [usize; 3],
        /// Steps in all.
        steps: u64,
    },
    /// After a step.
    Step {
        /// Counted from 1, here and below.
        step: u64,
        /// Counted from 1, here and below.
        epoch: usize,
        /// Of the step's batch.
        #[serde(deserialize_with = "number")]
        loss: f64,
        /// The encoder's highest learning rate.
        #[serde(deserialize_with = "number")]
        lr: f64,
        /// Of the gradient, before it was clipped.
        #[serde(deserialize_with = "number")]
        norm: f64,
        /// Learnt from, since the start.
        tokens: u64,
        /// Spent learning, since the start.
        seconds: f64,
    },
    /// After an evaluation.
    Dev {
        /// The last step before it.
        step: u64,
        /// That of the step.
        epoch: usize,
        /// What the best checkpoint is chosen by.
        #[serde(deserialize_with = "number")]
        score: f64,
        /// Whether it is the best so far, and saved.
        best: bool,
        /// All that was measured.
        dev: Value,
    },
}

/// JSON has no NaN: `serde_json` writes it as `null`.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}
