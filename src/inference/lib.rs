//! Stance toward the actors in news sentences, in many languages.

pub mod batch;
pub mod checkpoint;
mod device;
pub mod encode;
pub mod encoder;
mod error;
pub mod head;
mod kernels;
mod labels;
pub mod model;
pub mod predict;
mod span;
mod stance;
pub mod weights;

pub use device::device;
pub use error::{Error, Result};
pub use span::{CodePoints, Span};
pub use stance::{Label, Scores, Sentiment, Stance};
