//! How weights move.

use serde::{Deserialize, Serialize};

/// AdamW (<https://arxiv.org/abs/1711.05101>).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerConfig {
    /// Highest learning rate of the encoder.
    pub lr: f64,
    /// Highest learning rate of the heads, which start from nothing; the encoder's where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_lr: Option<f64>,
    /// Each layer learns at this times the rate of the one above it; the embeddings below the lowest likewise.
    pub layer_decay: f64,
    /// How the rate falls after the warm-up.
    pub schedule: Schedule,
    /// Share of all steps in which the rate rises.
    pub warmup: f64,
    /// Decoupled decay of matrices; biases and norms have none.
    pub weight_decay: f64,
    /// Decay rates of the two moments.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Largest global norm of the gradient.
    pub clip: f64,
    /// Decay rate of the moving average of the weights that dev judges and `best` keeps; 0 for the weights themselves.
    pub average: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            lr: 5e-5,
            head_lr: None,
            layer_decay: 1.0,
            schedule: Schedule::Linear,
            warmup: 0.06,
            weight_decay: 0.01,
            betas: [0.9, 0.98],
            eps: 1e-6,
            clip: 1.0,
            average: 0.0,
        }
    }
}

/// How the rate falls after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// To zero, evenly.
    Linear,
    /// To zero, as half a cosine wave.
    Cosine,
    /// It does not.
    Constant,
}
