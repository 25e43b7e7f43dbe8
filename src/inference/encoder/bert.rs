//! BERT (<https://arxiv.org/abs/1810.04805>) and RoBERTa (<https://arxiv.org/abs/1907.11692>), which differ in where positions start.
//! Tensor names are those of transformers' `BertModel`, without a prefix.

use candle_core::{Device, Tensor};

use super::EncoderConfig;
use super::layer::Layer;
use super::layers::{LayerNorm, Mode};
use crate::batch::Batch;
use crate::kernels;
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

    /// Hidden states (R, H) of the tokens of a batch that are [`read`](Batch::read).
    ///
    /// # Errors
    /// Where a sequence is longer than the position table or an id lies outside the vocabulary.
    pub fn forward(&self, batch: &Batch, mode: Mode<'_>) -> Result<Tensor> {
        self.forward_words(&self.words(batch)?, batch, mode)
    }

    /// The same from what [`words`](Self::words) gave, or something else of that shape (N, H).
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn forward_words(&self, words: &Tensor, batch: &Batch, mode: Mode<'_>) -> Result<Tensor> {
        let mut hidden = self.embed(words, batch, mode)?;
        for index in 0..self.layers() {
            hidden = self.layer(index, &hidden, batch, mode)?;
        }
        Ok(hidden)
    }

    /// The token embeddings (N, H) of a batch, before anything is added to them.
    ///
    /// # Errors
    /// Where an id lies outside the vocabulary.
    pub fn words(&self, batch: &Batch) -> Result<Tensor> {
        self.config.check_ids(batch)?;
        gathered(&self.embeddings.words, batch.ids().iter().copied())
    }

    /// What the first layer reads (N, H): `words` (N, H) with places and token types, normalised.
    ///
    /// # Errors
    /// Where a sequence is longer than the position table.
    pub fn embed(&self, words: &Tensor, batch: &Batch, mode: Mode<'_>) -> Result<Tensor> {
        self.config.check_lengths(batch)?;
        self.embeddings.forward(words, batch, &self.config, mode)
    }

    /// Layer `index` alone: (N, H) to (N, H), or, where it is the last, to (R, H): what nobody reads is not computed.
    ///
    /// # Errors
    /// Where there is no such layer.
    pub fn layer(&self, index: usize, hidden: &Tensor, batch: &Batch, mode: Mode<'_>) -> Result<Tensor> {
        let Some(layer) = self.layers.get(index) else {
            let message = format!("layer: expected below {}, found {index}", self.layers());
            return Err(Error::invalid("encoder", message));
        };
        let all = batch.read().len() == batch.ids().len();
        let read = (index + 1 == self.layers() && !all).then(|| batch.read());
        layer.forward(hidden, batch, read, &self.config, mode)
    }

    /// Where the weights are.
    pub fn device(&self) -> &Device {
        self.embeddings.words.device()
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// The sizes that it was built with.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
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

    fn forward(&self, words: &Tensor, batch: &Batch, config: &EncoderConfig, mode: Mode<'_>) -> Result<Tensor> {
        // Integers throughout: positions summed in bf16 go wrong past 256.
        let first = config.first_position as u32;
        let positions = batch.offsets().windows(2).flat_map(|bounds| first..first + (bounds[1] - bounds[0]) as u32);
        let last_type = config.token_types as u32 - 1;
        let types = batch.token_types().iter().map(|&kind| kind.min(last_type));
        let token_types = kernels::residual(words, &gathered(&self.token_types, types)?, None)?;
        let sum = kernels::residual(&token_types, &gathered(&self.positions, positions)?, None)?;
        let hidden = mode.dropout(&self.norm.forward(&sum)?, config.hidden_dropout)?;
        // Answers follow the words that they were given, and no weight.
        Ok(if matches!(mode, Mode::Infer) && !words.track_op() { hidden.detach() } else { hidden })
    }
}

/// The rows `indices` (N) of `table`: (N, H).
pub(super) fn gathered(table: &Tensor, indices: impl Iterator<Item = u32>) -> Result<Tensor> {
    let indices: Vec<u32> = indices.collect();
    let count = indices.len();
    let indices = Tensor::from_vec(indices, count, table.device())?;
    Ok(kernels::gathered(table, &indices)?)
}
