//! Token ids in, hidden states out: one parametrised module for the BERT family.
//!
//! **Invariant:** knows nothing of actors, labels or files; a tensor that it is given as a candle `Var` gets its exact gradient.

mod bert;
mod config;
mod layer;
mod layers;

pub use bert::Encoder;
pub use config::{EncoderConfig, Family};
pub use layers::{Linear, Mode, Training};
