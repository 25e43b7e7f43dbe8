//! The encoder as it runs on a CPU when nobody trains it: the same arithmetic as [`encoder`](crate::encoder) on plain slices, with
//! matrices laid out once when the model is loaded, in f32 or int8, and without a tensor in between.
//!
//! A stage works on blocks of rows, each of which stays in the cache from one matrix to the next; blocks are shared out to the threads
//! of the pool, so that one sentence too uses all of them.
//!
//! **Invariant:** in f32 it equals `encoder` within 1e-5; in int8 within the quantisation.

mod embeddings;
mod layer;
mod linear;

use std::sync::Arc;

use candle_core::{Device, Tensor};

use self::embeddings::Embeddings;
use self::layer::Layer;
use crate::batch::Batch;
use crate::encoder::EncoderConfig;
use crate::kernels::int8::Instructions;
use crate::weights::Weights;
use crate::{Error, Result};

/// What matrices are stored and multiplied in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// 32-bit floats.
    F32,
    /// 8-bit integers: weights by output channel, activations by token. Norms, softmax and GELU are f32.
    Int8,
}

/// An encoder laid out for a CPU.
#[derive(Debug)]
pub struct Engine {
    config: EncoderConfig,
    embeddings: Embeddings,
    layers: Vec<Layer>,
}

impl Engine {
    /// Take the encoder's tensors out of `weights`.
    ///
    /// # Errors
    /// Where one is missing or has another shape.
    pub fn load(config: &EncoderConfig, weights: &mut Weights, arithmetic: Arithmetic) -> Result<Self> {
        let instructions = match arithmetic {
            Arithmetic::F32 => None,
            Arithmetic::Int8 => Some(Instructions::best()),
        };
        let embeddings = Embeddings::load(config, weights, instructions.is_some())?;
        let load = |index| Layer::load(config, index, weights, instructions);
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
        let all = batch.read().len() == batch.ids().len();
        for (index, layer) in self.layers.iter().enumerate() {
            let rows = (index + 1 == self.layers.len() && !all).then(|| batch.read());
            hidden = layer.forward(hidden, &offsets, rows);
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
