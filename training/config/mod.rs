//! One experiment, one TOML file: what can be said in it, here and in the files of its sections. How it is read is in `door`.

mod check;
mod door;
mod optimizer;
mod overrides;
mod source;
mod teacher;
mod trained;
mod wording;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use check::Wrong;
pub use optimizer::{OptimizerConfig, Schedule};
pub use source::{Absent, Source};
pub use teacher::TeacherConfig;
pub use trained::{Embeddings, Layers, TrainedConfig};

/// Everything that decides a run. Paths are relative to the working directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Base model: a directory in Hugging Face layout, or a hub id.
    pub base: String,
    /// Run directory.
    pub output: PathBuf,
    /// Decides heads, order of examples, masks and dropout. At most 2^63 - 1, the largest number that TOML can write.
    #[serde(default)]
    pub seed: u64,
    /// How the target is shown to the model.
    #[serde(default)]
    pub target: TargetForm,
    /// Passes over the data.
    pub epochs: usize,
    /// Sentences a forward pass; in `pair` form, pairs.
    #[serde(default = "default_batch")]
    pub batch: usize,
    /// Forward passes a step: gradients of so many batches are summed before the weights move.
    #[serde(default = "default_accumulation")]
    pub accumulation: usize,
    /// Longest sequence in tokens; longer sentences keep what is near their targets.
    #[serde(default = "default_longest")]
    pub longest: usize,
    /// How the files are mixed.
    #[serde(default)]
    pub data: DataConfig,
    /// What is minimised.
    #[serde(default)]
    pub loss: LossConfig,
    /// Which weights move.
    #[serde(default)]
    pub trained: TrainedConfig,
    /// How they move.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// When dev is asked and what for.
    #[serde(default)]
    pub evaluation: EvaluationConfig,
    /// How the machine is used.
    #[serde(default)]
    pub compute: ComputeConfig,
    /// Checkpoints to learn from, on texts without labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<TeacherConfig>,
    /// What to train on: paths, or tables with a path.
    pub train: Vec<Source>,
    /// What to choose the best weights on, likewise: the mean of the files' figures.
    pub dev: Vec<Source>,
}

/// How the target is shown to the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetForm {
    /// Its mentions are pooled out of one reading of the sentence, which serves all targets and the sentiment.
    #[default]
    Span,
    /// Its name stands behind the sentence: one reading a target, no sentiment, and a checkpoint in the form of transformers'
    /// sequence classifiers.
    Pair,
}

/// How the files are mixed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// Files are drawn in proportion to (share · sentences) to the power of 1 / temperature, as many sentences in all as with 1:
    /// above 1, small files come more often than they are large (<https://arxiv.org/abs/1901.07291>).
    pub temperature: f64,
    /// Largest share of a file's records that may be unusable; they are reported and left out. Above it the run does not start.
    pub broken: f64,
    /// Share of mentions whose tokens are replaced by the mask token, drawn anew each epoch: the model learns to read the
    /// sentence, not the name.
    pub masked: f64,
    /// Of the sentences whose targets can be given other actors' names, the share that gets such a copy, drawn once: what a sentence says of
    /// an actor does not depend on who it is (<https://arxiv.org/abs/1909.12434>).
    pub replaced: f64,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self { temperature: 1.0, broken: 0.01, masked: 0.0, replaced: 0.0 }
    }
}

/// What is minimised: the mean cross-entropy of the labels.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossConfig {
    /// Weight of a sentiment label beside a stance label's.
    pub sentiment_weight: f64,
    /// Share of a label's probability that is spread evenly over its possible classes (<https://arxiv.org/abs/1512.00567>).
    pub smoothing: f64,
    /// Weights of labels against, neutral, favor.
    pub stance_classes: [f64; 3],
    /// Weights of labels negative, neutral, positive.
    pub sentiment_classes: [f64; 3],
    /// Length of the step along the gradient, upward, that the token embeddings of each sequence take for a second, adversarial pass:
    /// it makes the loss worse (<https://arxiv.org/abs/1605.07725>); 0 for none. Doubles the time.
    pub adversarial: f64,
}

impl Default for LossConfig {
    fn default() -> Self {
        Self {
            sentiment_weight: 1.0,
            smoothing: 0.0,
            stance_classes: [1.0; 3],
            sentiment_classes: [1.0; 3],
            adversarial: 0.0,
        }
    }
}

/// When dev is asked and what for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluationConfig {
    /// The figure to choose by, its mean over the dev files: macro_f1, f1_pn, accuracy or another of `eval/README.md`; of nll,
    /// brier and the calibration errors the least.
    pub metric: String,
    /// Steps between two evaluations; 0 for the end of each epoch.
    pub every: usize,
    /// Stop after so many evaluations without a better one; 0 for never.
    pub patience: usize,
    /// Judge each sentence twice, once with the names masked, and average; the checkpoint is calibrated for that and asks for it.
    pub half_masking: bool,
}

impl Default for EvaluationConfig {
    fn default() -> Self {
        Self { metric: "macro_f1".into(), every: 0, patience: 0, half_masking: false }
    }
}

/// How the machine is used.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComputeConfig {
    /// Workers that share each batch, a thread each; 0 for one a core. Other numbers sum gradients in another order and
    /// draw other dropout masks: a run replays exactly with the number that its resolved configuration names.
    pub threads: usize,
    /// What matrix products are computed in; weights and their moments are f32 always.
    pub precision: Precision,
    /// Compute each layer a second time in the backward pass instead of keeping what it computed: a third more time, a
    /// fraction of the memory (<https://arxiv.org/abs/1604.06174>).
    pub recompute: bool,
    /// Minutes between two saves of the full state.
    pub save_minutes: f64,
}

impl Default for ComputeConfig {
    fn default() -> Self {
        Self { threads: 0, precision: Precision::F32, recompute: false, save_minutes: 10.0 }
    }
}

/// What matrix products are computed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision.
    F32,
    /// bfloat16, for devices that are fast at it.
    Bf16,
}

fn one() -> f64 {
    1.0
}
fn default_batch() -> usize {
    32
}
fn default_accumulation() -> usize {
    1
}
fn default_longest() -> usize {
    128
}
