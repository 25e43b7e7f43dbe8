//! Learning from the answers of other checkpoints.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::one;

/// Checkpoints whose answers are learnt (<https://arxiv.org/abs/1503.02531>), on texts × the catalogue's mentions in them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherConfig {
    /// Directories or hub ids; of several, the mean of their probabilities is learnt.
    pub checkpoints: Vec<String>,
    /// Files ending in .jsonl, of which each record's field `text` is read, or any other text files: a sentence a line.
    pub texts: Vec<PathBuf>,
    /// Share of their sentences that each epoch draws, as of a file in `train`.
    #[serde(default = "one")]
    pub share: f64,
    /// The teachers' logits are divided by it, from 0.1 to 100, on top of their own calibration: above 1, softer labels.
    #[serde(default = "one")]
    pub temperature: f64,
}
