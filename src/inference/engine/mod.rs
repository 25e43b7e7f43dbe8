//! The encoder as it runs on a CPU when nobody trains it: the same arithmetic as [`encoder`](crate::encoder) on plain slices, with
//! matrices laid out once when the model is loaded, in f32, bf16 or int8, and without a tensor in between.
//!
//! Parts of a batch go through all layers by themselves and are shared out to the threads of the pool; within one, a stage works on blocks
//! of rows, each of which stays in the cache from one matrix to the next and may go to a thread that has nothing else to do: one sentence
//! too uses all of them.
//!
//! **Invariant:** in f32 it equals `encoder` within 2e-5; in bf16 and int8 within the rounding.

mod embeddings;
mod layer;
mod linear;
mod part;
mod product;

use std::cell::Cell;

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use self::embeddings::Embeddings;
use self::layer::{Layer, Room};
use self::part::Part;
pub use self::product::Product;
use crate::batch::Batch;
use crate::encoder::EncoderConfig;
use crate::weights::Weights;
use crate::{Error, Precision, Result};

thread_local! {
    /// What an earlier part of a thread left: the system would clear fresh pages each time. A thread that waits for another may begin a second
    /// part, which finds it empty.
    static ROOM: Cell<Room> = Cell::default();
}

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
        let parts = Part::all(batch);
        let threads = rayon::current_num_threads().div_ceil(parts.len().max(1));
        let parts: Vec<Vec<f32>> = parts.par_iter().map(|part| self.hidden(part, threads)).collect();
        let shape = (batch.read().len(), self.config.hidden);
        Tensor::from_vec(parts.concat(), shape, &Device::Cpu).map_err(Error::from)
    }

    /// Hidden states (R, H) of the tokens of a part that are read, by so many `threads`.
    fn hidden(&self, part: &Part<'_>, threads: usize) -> Vec<f32> {
        let mut hidden = self.embeddings.forward(part, &self.config);
        let mut room = ROOM.take();
        room.threads = threads;
        let all = part.read.len() == part.ids.len();
        for (index, layer) in self.layers.iter().enumerate() {
            let rows = (index + 1 == self.layers.len() && !all).then_some(part.read.as_slice());
            layer.forward(&mut hidden, &part.offsets, rows, &mut room);
        }
        ROOM.set(room);
        hidden
    }

    /// The sizes that it was built with.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }
}

#[cfg(test)]
mod tests;
