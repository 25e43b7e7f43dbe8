//! Which weights move.

use serde::{Deserialize, Serialize};

/// Which weights move; the heads always do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainedConfig {
    /// The table of token embeddings.
    pub embeddings: Embeddings,
    /// The rest of the encoder.
    pub layers: Layers,
    /// Rank of the update where `layers = "lora"`.
    pub rank: usize,
    /// The low-rank update counts alpha / rank.
    pub alpha: f64,
}

impl Default for TrainedConfig {
    fn default() -> Self {
        Self { embeddings: Embeddings::Frozen, layers: Layers::Full, rank: 16, alpha: 32.0 }
    }
}

/// How token embeddings are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Embeddings {
    /// Not at all.
    Frozen,
    /// Only rows whose token was read move, and only their moments change (lazy Adam): memory and time for what is seen.
    Rows,
    /// All of them, with dense gradients.
    Full,
}

/// How the encoder above the token embeddings is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layers {
    /// All of it.
    Full,
    /// The matrices of its layers, by a low-rank update (<https://arxiv.org/abs/2106.09685>) that is merged into them after each
    /// step: few numbers learn and are kept, the checkpoint stays a plain one. It saves memory, not time.
    Lora,
    /// Not at all: only the heads learn.
    Frozen,
}
