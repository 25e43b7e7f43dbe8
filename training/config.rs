//! One experiment, one TOML file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;

/// Everything that decides a run. Paths are relative to the working directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Base model: a directory in Hugging Face layout, or a hub id.
    pub base: String,
    /// Run directory. What an earlier run wrote there is replaced.
    pub output: PathBuf,
    /// Decides heads, order of examples and dropout.
    #[serde(default)]
    pub seed: u64,
    /// Longest sequence in tokens; longer sentences keep what is near their targets.
    #[serde(default = "default_longest")]
    pub longest: usize,
    /// Passes over the data.
    pub epochs: usize,
    /// Sentences a step.
    #[serde(default = "default_batch")]
    pub batch: usize,
    /// Weight of a sentiment label's loss beside a stance label's.
    #[serde(default = "default_sentiment_weight")]
    pub sentiment_weight: f64,
    /// The update.
    pub optimizer: OptimizerConfig,
    /// What to train on.
    pub train: Vec<Source>,
    /// What to choose the best epoch on: the mean of the files' macro-F1.
    pub dev: Vec<PathBuf>,
}

/// AdamW with linear warm-up and decay.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerConfig {
    /// Highest learning rate of the encoder.
    pub rate: f64,
    /// Highest learning rate of the heads, which start from nothing; the encoder's where it is left out.
    #[serde(default)]
    pub head_rate: Option<f64>,
    /// Share of all steps in which the rate rises.
    #[serde(default = "default_warmup")]
    pub warmup: f64,
    /// Decoupled decay of matrices; biases and norms have none.
    #[serde(default = "default_decay")]
    pub weight_decay: f64,
    /// Decay rates of the two moments.
    #[serde(default = "default_betas")]
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    #[serde(default = "default_eps")]
    pub eps: f64,
    /// Largest global norm of the gradient.
    #[serde(default = "default_clip")]
    pub clip: f64,
    /// Leave the token embeddings as they are.
    #[serde(default = "default_frozen")]
    pub freeze_embeddings: bool,
}

/// One file of training examples.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// JSONL.
    pub path: PathBuf,
    /// Share of its sentences that each epoch draws anew.
    #[serde(default = "default_share")]
    pub share: f64,
    /// What a class means that no example of the file has.
    #[serde(default)]
    pub absent: Absent,
}

/// What a label says of a class that its file never gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Absent {
    /// Nothing: the annotators were not asked. The class takes no part in the softmax.
    #[default]
    Unknown,
    /// That it is wrong: the file holds only examples of the other classes, chosen from all.
    Wrong,
}

fn default_longest() -> usize {
    128
}
fn default_batch() -> usize {
    32
}
fn default_sentiment_weight() -> f64 {
    1.0
}
fn default_warmup() -> f64 {
    0.06
}
fn default_decay() -> f64 {
    0.01
}
fn default_betas() -> [f64; 2] {
    [0.9, 0.98]
}
fn default_eps() -> f64 {
    1e-6
}
fn default_clip() -> f64 {
    1.0
}
fn default_frozen() -> bool {
    true
}
fn default_share() -> f64 {
    1.0
}

impl Config {
    /// Read and check an experiment.
    ///
    /// # Errors
    /// Where the file cannot be read, has an unknown key, or a number makes no sense.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(regard::Error::io(path))?;
        let refuse = |message: String| Error::Config { path: path.to_owned(), message };
        let config: Self = toml::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        config.check().map_err(refuse)?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let optimizer = &self.optimizer;
        let positive =
            [("optimizer.rate", optimizer.rate), ("optimizer.eps", optimizer.eps), ("optimizer.clip", optimizer.clip)];
        if let Some((name, value)) = positive.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            return Err(format!("{name}: expected a positive number, found {value}"));
        }
        let [first, second] = optimizer.betas;
        let shares = [("optimizer.warmup", optimizer.warmup), ("optimizer.betas", first), ("optimizer.betas", second)];
        let shares = shares.into_iter().chain(self.train.iter().map(|source| ("train.share", source.share)));
        if let Some((name, value)) = shares.into_iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
            return Err(format!("{name}: expected 0 to 1, found {value}"));
        }
        if self.epochs == 0 || self.batch == 0 || self.train.is_empty() || self.dev.is_empty() {
            return Err("epochs, batch, train and dev: expected at least one of each".into());
        }
        if self.longest < 8 {
            return Err(format!("longest: expected at least 8 tokens, found {}", self.longest));
        }
        Ok(())
    }
}
