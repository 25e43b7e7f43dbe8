//! The encoder as it runs on a CPU when nobody trains it: the same arithmetic as [`encoder`](crate::encoder) on plain slices, with
//! matrices laid out once when the model is loaded, in f32, bf16 or int8, and without a tensor in between.
//!
//! A stage works on blocks of rows, each of which stays in the cache from one matrix to the next; blocks are shared out to the threads
//! of the pool, so that one sentence too uses all of them.
//!
//! **Invariant:** in f32 it equals `encoder` within 2e-5; in bf16 and int8 within the rounding.

mod embeddings;
mod layer;
mod linear;
mod product;

use std::sync::Arc;

use candle_core::{Device, Tensor};

use self::embeddings::Embeddings;
use self::layer::{Layer, Room};
pub use self::product::Product;
use crate::batch::Batch;
use crate::encoder::EncoderConfig;
use crate::weights::Weights;
use crate::{Error, Precision, Result};

/// An encoder laid out for a CPU.
#[derive(Debug)]
pub struct Engine {
    config: EncoderConfig,
    embeddings: Embeddings,
    layers: Vec<Layer>,
}

impl Engine {
    /// Take the encoder's tensors out of `weights`, to compute in `precision`.
    ///
    /// # Errors
    /// Where one is missing or has another shape, or a CPU does not compute in `precision`.
    pub fn load(config: &EncoderConfig, weights: &mut Weights, precision: Precision) -> Result<Self> {
        precision.check(&Device::Cpu)?;
        let embeddings = Embeddings::load(config, weights, precision == Precision::Int8)?;
        let load = |index| Layer::load(config, index, weights, precision);
        let layers = (0..config.layers).map(load).collect::<Result<_>>()?;
        Ok(Self { config: config.clone(), embeddings, layers })
    }

    /// Hidden states (R, H) of the tokens of a batch that are [`read`](Batch::read).
    ///
    /// # Errors
    /// Where a sequence is longer than the position table or an id lies outside the vocabulary.
    pub fn forward(&self, batch: &Batch) -> Result<Tensor> {
        self.config.check_ids(batch)?;
        self.config.check_lengths(batch)?;
        let width = self.config.hidden;
        let offsets: Arc<[usize]> = Arc::from(batch.offsets());
        let mut hidden = self.embeddings.forward(batch, &self.config);
        let mut room = Room::default();
        let all = batch.read().len() == batch.ids().len();
        for (index, layer) in self.layers.iter().enumerate() {
            let rows = (index + 1 == self.layers.len() && !all).then(|| batch.read());
            layer.forward(&mut hidden, &offsets, rows, &mut room);
        }
        Tensor::from_vec(hidden, (batch.read().len(), width), &Device::Cpu).map_err(Error::from)
    }

    /// The sizes that it was built with.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }
}

#[cfg(test)]
mod tests;
