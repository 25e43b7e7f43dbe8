//! Examples and a base model in, a run directory with a checkpoint out.
//!
//! **Invariant:** the model that is trained is the library's own, in `Mode::Train`; there is no second definition.

mod average;
mod batches;
mod calibration;
mod card;
pub mod config;
mod copies;
mod corpus;
mod curves;
mod data;
mod dev;
mod events;
mod gradients;
mod heads;
mod in_place;
mod loss;
mod metrics;
mod optimizer;
mod parameters;
mod pass;
mod plan;
mod provenance;
mod records;
mod run;
mod sampler;
mod sentences;
mod setup;
mod teacher;
mod train;
mod trim;
mod workers;

use std::path::PathBuf;

pub use average::average;
pub use batches::write_batches;
pub use calibration::{FEWEST_ANSWERS, calibrated, fit_temperatures};
pub use config::Config;
pub use plan::{Memory, Plan, plan};
pub use provenance::commit;
pub use train::{Event, Models, Options, Outcome, train};
pub use trim::{Plan as TrimPlan, Trimmed, trim, trim_checkpoint};

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
    /// Loss or gradient is no longer finite.
    #[error(
        "step {step}: loss or gradient is not finite, on {names}; what was before it is in {}: lower optimizer.lr",
        kept.display()
    )]
    Diverged {
        /// The step that was not taken.
        step: usize,
        /// The state before it.
        kept: PathBuf,
        /// The sentences of its batch.
        names: String,
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
