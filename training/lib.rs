//! Examples and a base model in, a run directory with a checkpoint out.
//!
//! **Invariant:** the model that is trained is the library's own, in `Mode::Train`; there is no second definition.

mod calibration;
mod card;
mod config;
mod optimizer;
mod sentences;
mod train;
mod trim;

use std::path::PathBuf;

pub use config::{Absent, Config, OptimizerConfig, Source};
pub use train::{Event, Outcome, train};
pub use trim::{Plan, Trimmed, trim, trim_checkpoint};

/// What can go wrong in a run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The experiment does not make sense.
    #[error("{}: {message}", path.display())]
    Config {
        /// The experiment's file.
        path: PathBuf,
        /// Expected and found.
        message: String,
    },
    /// Tensors that were to be trained are cut off from the loss.
    #[error("no finite gradient reaches: {names}")]
    NoGradient {
        /// The tensors.
        names: String,
    },
    /// The gradient is no longer finite.
    #[error("the gradient is not finite after step {step}: lower optimizer.rate")]
    Diverged {
        /// The last good step.
        step: usize,
    },
    /// Data could not be read, or dev not be evaluated.
    #[error(transparent)]
    Evaluation(#[from] regard_eval::Error),
    /// A file could not be read or written, or the model failed.
    #[error(transparent)]
    Model(#[from] regard::Error),
    /// Arithmetic on tensors failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
