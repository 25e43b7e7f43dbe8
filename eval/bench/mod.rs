//! How fast a model answers on this machine, and what that takes.
//!
//! In reading order: [`Loaded`], what is to be measured, from a checkpoint or [`Random`]; [`Work`], what it reads; [`Bench`], the
//! measuring; [`Report`], the figures; [`compare`](Comparison), two reports; [`svg`], a sweep as a picture.
//!
//! Batches are packed and shared by threads as [`Predictor`](regard::predict::Predictor) does it. There is no padding: a token that
//! is counted is one that was asked for.

mod compare;
mod energy;
mod flops;
mod load;
mod measure;
mod memory;
mod peak;
mod plot;
mod random;
mod reader;
mod report;
mod vectors;
mod work;

/// Where weights live: candle's type, which [`regard::device`] gives.
pub use candle_core::Device;
pub use compare::{Change, Comparison, Difference, Range, compare};
pub use load::Bench;
pub use measure::Plan;
pub use peak::peak;
pub use plot::svg;
pub use random::{Random, Shape};
pub use reader::Loaded;
pub use report::{Figures, Load, ModelRecord, Report, Settings, WorkRecord, sha256, sha256_of_weights};
pub use vectors::npy;
pub use work::{Input, Work};
