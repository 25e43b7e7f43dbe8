//! Measuring a model against labelled examples.
//!
//! **Invariant:** knows nothing of training; gold labels do not go below this crate.

mod evaluate;
pub mod example;
pub mod metrics;

pub mod dataset;

use std::path::PathBuf;

pub use evaluate::{Answered, Evaluation, answer, evaluate};
pub use example::{Example, Gold};

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
