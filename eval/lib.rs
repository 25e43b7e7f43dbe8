//! Measuring answers against labelled examples: how good, how sure, for whom worse, better than whose, and are the
//! probabilities true.
//!
//! In reading order: [`example`], what is asked and what is right; [`answer`], what a model says; [`metrics`], how good that is;
//! [`bootstrap`](Bootstrap), how sure; [`breakdown`](Breakdown), for whom; [`evaluate`], all of it together; [`compare`], better than
//! whose; [`probe`], what it goes by; [`report`], the result as files; [`mod@bench`], how fast it answers. Beside these, [`dataset`] brings labelled sets into the schema
//! and [`predictions`] the answers of others.
//!
//! **Invariant:** knows nothing of training; gold labels do not go below this crate.

mod answer;
pub mod bench;
mod bootstrap;
mod breakdown;
pub mod compare;
pub mod dataset;
mod evaluation;
pub mod example;
mod lines;
mod machine;
pub mod metrics;
mod mistakes;
pub mod predictions;
pub mod probe;
mod replacement;
pub mod report;
mod runs;

use std::path::PathBuf;

pub use answer::{Answer, Answered, answer};
pub use bootstrap::Bootstrap;
pub use breakdown::Breakdown;
pub use evaluation::{Evaluation, Parts, Settings, count, evaluate};
pub use example::{Example, Gold};
pub use machine::Machine;
pub use mistakes::{Mistake, mistakes};
pub use replacement::Replacement;
pub use runs::{OverRuns, Spread, Spreads, over_runs};

/// What can go wrong in an evaluation.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line is not an example.
    #[error("{}:{line}: {message}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Expected and found.
        message: String,
    },
    /// A file could not be read, or the model failed.
    #[error(transparent)]
    Model(#[from] regard::Error),
    /// A file as a whole is not what it must be.
    #[error("{}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Expected and found.
        message: String,
    },
}
