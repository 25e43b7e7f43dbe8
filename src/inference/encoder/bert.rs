//! BERT (<https://arxiv.org/abs/1810.04805>) and RoBERTa (<https://arxiv.org/abs/1907.11692>), which differ in where positions start.
//! Tensor names are those of transformers' `BertModel`, without a prefix.

use std::sync::Arc;

use candle_core::Tensor;

use super::EncoderConfig;
use super::layers::{LayerNorm, Linear, Mode};
use crate::batch::Batch;
use crate::kernels::{self, Attention};
use crate::weights::Weights;
use crate::{Error, Result};

/// A transformer encoder.
#[derive(Debug)]
pub struct Encoder {
    config: EncoderConfig,
    embeddings: Embeddings,
    layers: Vec<Layer>,
}

impl Encoder {
    /// Take the encoder's tensors out of `weights`.
    ///
    /// # Errors
    /// Where one is missing or has another shape.
    pub fn load(config: &EncoderConfig, weights: &mut Weights) -> Result<Self> {
        let embeddings = Embeddings::load(config, weights)?;
        let layers = (0..config.layers).map(|index| Layer::load(config, index, weights)).collect::<Result<_>>()?;
        Ok(Self { config: config.clone(), embeddings, layers })
    }

    /// Hidden states (N, H) of a batch of N packed tokens.
    ///
    /// # Errors
    /// Where a sequence is longer than the position table or an id lies outside the vocabulary.
    pub fn forward(&self, batch: &Batch, mode: Mode<'_>) -> Result<Tensor> {
        self.check(batch)?;
        let mut hidden = self.embeddings.forward(batch, &self.config, mode)?;
        let offsets: Arc<[usize]> = Arc::from(batch.offsets());
        for layer in &self.layers {
            hidden = layer.forward(&hidden, &offsets, &self.config, mode)?;
        }
        Ok(hidden)
    }

    /// The sizes that it was built with.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    fn check(&self, batch: &Batch) -> Result<()> {
        let longest = batch.offsets().windows(2).map(|bounds| bounds[1] - bounds[0]).max().unwrap_or(0);
        if longest > self.config.longest() {
            let message = format!("expected at most {} tokens in a sequence, found {longest}", self.config.longest());
            return Err(Error::invalid("batch", message));
        }
        if let Some(id) = batch.ids().iter().find(|id| **id as usize >= self.config.vocabulary) {
            let message = format!("token id: expected below {}, found {id}", self.config.vocabulary);
            return Err(Error::invalid("batch", message));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Embeddings {
    words: Tensor,
    positions: Tensor,
    token_types: Tensor,
    norm: LayerNorm,
}

impl Embeddings {
    fn load(config: &EncoderConfig, weights: &mut Weights) -> Result<Self> {
        let width = config.hidden;
        Ok(Self {
            words: weights.take("embeddings.word_embeddings.weight", &[config.vocabulary, width])?,
            positions: weights.take("embeddings.position_embeddings.weight", &[config.positions, width])?,
            token_types: weights.take("embeddings.token_type_embeddings.weight", &[config.token_types, width])?,
            norm: LayerNorm::load(weights, "embeddings.LayerNorm", width, config.layer_norm_eps)?,
        })
    }

    fn forward(&self, batch: &Batch, config: &EncoderConfig, mode: Mode<'_>) -> Result<Tensor> {
        let device = self.words.device();
        let index = |values: Vec<u32>| Tensor::from_vec(values, batch.ids().len(), device);
        // Integers throughout: positions summed in bf16 go wrong past 256.
        let first = config.first_position as u32;
        let positions = batch.offsets().windows(2).flat_map(|bounds| first..first + (bounds[1] - bounds[0]) as u32);
        let last_type = config.token_types as u32 - 1;
        let types = batch.token_types().iter().map(|&kind| kind.min(last_type));
        let words = self.words.index_select(&index(batch.ids().to_vec())?, 0)?;
        let positions = self.positions.index_select(&index(positions.collect())?, 0)?;
        let token_types = self.token_types.index_select(&index(types.collect())?, 0)?;
        let sum = ((words + token_types)? + positions)?;
        mode.dropout(&self.norm.forward(&sum)?, config.hidden_dropout)
    }
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attended_norm: LayerNorm,
    up: Linear,
    down: Linear,
    down_norm: LayerNorm,
}

impl Layer {
    fn load(config: &EncoderConfig, index: usize, weights: &mut Weights) -> Result<Self> {
        let (width, inner, eps) = (config.hidden, config.intermediate, config.layer_norm_eps);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        Ok(Self {
            query: Linear::load(weights, &name("attention.self.query"), width, width)?,
            key: Linear::load(weights, &name("attention.self.key"), width, width)?,
            value: Linear::load(weights, &name("attention.self.value"), width, width)?,
            attended: Linear::load(weights, &name("attention.output.dense"), width, width)?,
            attended_norm: LayerNorm::load(weights, &name("attention.output.LayerNorm"), width, eps)?,
            up: Linear::load(weights, &name("intermediate.dense"), width, inner)?,
            down: Linear::load(weights, &name("output.dense"), inner, width)?,
            down_norm: LayerNorm::load(weights, &name("output.LayerNorm"), width, eps)?,
        })
    }

    fn forward(&self, xs: &Tensor, offsets: &Arc<[usize]>, config: &EncoderConfig, mode: Mode<'_>) -> Result<Tensor> {
        let rate = config.attention_dropout;
        let dropout = mode.seed(rate).map(|seed| kernels::Mask { rate, seed });
        let shape = Attention { offsets: Arc::clone(offsets), heads: config.heads, dropout };
        let read =
            kernels::attention(&self.query.forward(xs)?, &self.key.forward(xs)?, &self.value.forward(xs)?, &shape)?;
        let attended = mode.dropout(&self.attended.forward(&read)?, config.hidden_dropout)?;
        let xs = self.attended_norm.forward(&(attended + xs)?)?;
        let inner = kernels::gelu(&self.up.forward(&xs)?)?;
        let outer = mode.dropout(&self.down.forward(&inner)?, config.hidden_dropout)?;
        self.down_norm.forward(&(outer + &xs)?)
    }
}
