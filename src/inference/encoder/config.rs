//! The shape of an encoder, as `config.json` gives it.

use serde::Deserialize;
use serde_json::Value;

use crate::batch::Batch;
use crate::{Error, Result};

/// Which published architecture the numbers belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `bert`: positions from 0, sentence pairs told apart by token types.
    Bert,
    /// `roberta`, `xlm-roberta`, `camembert`: positions from `pad_token_id + 1`.
    Roberta,
}

/// Sizes and rates of an encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderConfig {
    /// Architecture.
    pub family: Family,
    /// V: rows of the token embedding.
    pub vocabulary: usize,
    /// H: width of a hidden state.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads a layer; H is a multiple of it.
    pub heads: usize,
    /// Width inside the feed-forward block.
    pub intermediate: usize,
    /// Rows of the position embedding.
    pub positions: usize,
    /// Rows of the token-type embedding.
    pub token_types: usize,
    /// Added to the variance in every LayerNorm.
    pub layer_norm_eps: f64,
    /// Position of the first token.
    pub first_position: usize,
    /// Dropout rate on hidden states in training.
    pub hidden_dropout: f32,
    /// Dropout rate on attention probabilities in training.
    pub attention_dropout: f32,
    /// Dropout rate in the heads in training.
    pub head_dropout: f32,
}

/// `config.json` as far as the encoder is concerned; other keys are left alone, missing rates take transformers' defaults.
#[derive(Deserialize)]
struct Raw {
    model_type: String,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    #[serde(default)]
    type_vocab_size: Option<usize>,
    #[serde(default)]
    layer_norm_eps: Option<f64>,
    #[serde(default)]
    pad_token_id: Option<usize>,
    #[serde(default)]
    hidden_act: Option<String>,
    #[serde(default)]
    position_embedding_type: Option<String>,
    #[serde(default)]
    hidden_dropout_prob: Option<f32>,
    #[serde(default)]
    attention_probs_dropout_prob: Option<f32>,
    #[serde(default)]
    classifier_dropout: Option<f32>,
}

impl EncoderConfig {
    /// Refuse a batch with an id outside the vocabulary.
    pub(crate) fn check_ids(&self, batch: &Batch) -> Result<()> {
        match batch.ids().iter().find(|id| **id as usize >= self.vocabulary) {
            Some(id) => {
                Err(Error::invalid("batch", format!("token id: expected below {}, found {id}", self.vocabulary)))
            }
            None => Ok(()),
        }
    }

    /// Refuse a batch with a sequence beyond the position table.
    pub(crate) fn check_lengths(&self, batch: &Batch) -> Result<()> {
        let longest = batch.offsets().windows(2).map(|bounds| bounds[1] - bounds[0]).max().unwrap_or(0);
        if longest > self.longest() {
            let message = format!("expected at most {} tokens in a sequence, found {longest}", self.longest());
            return Err(Error::invalid("batch", message));
        }
        Ok(())
    }

    /// Read the encoder's part of a `config.json`; `place` names the file in errors.
    ///
    /// # Errors
    /// Where the architecture is not of this family, a size is missing or they do not fit each other.
    pub fn read(config: &Value, place: &str) -> Result<Self> {
        let raw: Raw = Raw::deserialize(config).map_err(|error| Error::invalid(place, error))?;
        let family = match raw.model_type.as_str() {
            "bert" => Family::Bert,
            "roberta" | "xlm-roberta" | "camembert" => Family::Roberta,
            other => {
                let expected = "model_type: expected bert, roberta, xlm-roberta or camembert, found";
                return Err(Error::invalid(place, format!("{expected} {other:?}")));
            }
        };
        // `gelu` is the exact erf form in transformers; the tanh form is another function (gelu_new).
        if let Some(act) = raw.hidden_act.filter(|act| act != "gelu") {
            return Err(Error::invalid(place, format!("hidden_act: expected \"gelu\", found {act:?}")));
        }
        if let Some(kind) = raw.position_embedding_type.filter(|kind| kind != "absolute") {
            let message = format!("position_embedding_type: expected \"absolute\", found {kind:?}");
            return Err(Error::invalid(place, message));
        }
        let first_position = match family {
            Family::Bert => 0,
            Family::Roberta => raw.pad_token_id.unwrap_or(1).saturating_add(1),
        };
        let hidden_dropout = raw.hidden_dropout_prob.unwrap_or(0.1);
        let config = Self {
            family,
            vocabulary: raw.vocab_size,
            hidden: raw.hidden_size,
            layers: raw.num_hidden_layers,
            heads: raw.num_attention_heads,
            intermediate: raw.intermediate_size,
            positions: raw.max_position_embeddings,
            token_types: raw.type_vocab_size.unwrap_or(2),
            layer_norm_eps: raw.layer_norm_eps.unwrap_or(1e-12),
            first_position,
            hidden_dropout,
            attention_dropout: raw.attention_probs_dropout_prob.unwrap_or(0.1),
            head_dropout: raw.classifier_dropout.unwrap_or(hidden_dropout),
        };
        config.check().map_err(|message| Error::invalid(place, message))?;
        Ok(config)
    }

    /// The longest sequence in tokens, special tokens included.
    pub fn longest(&self) -> usize {
        self.positions - self.first_position
    }

    fn check(&self) -> std::result::Result<(), String> {
        let sizes = [
            ("vocab_size", self.vocabulary),
            ("hidden_size", self.hidden),
            ("num_hidden_layers", self.layers),
            ("num_attention_heads", self.heads),
            ("intermediate_size", self.intermediate),
            ("type_vocab_size", self.token_types),
        ];
        if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err(format!("{name}: expected a positive number, found 0"));
        }
        if !self.hidden.is_multiple_of(self.heads) {
            return Err(format!("hidden_size: expected a multiple of {} heads, found {}", self.heads, self.hidden));
        }
        let least = self.first_position.saturating_add(2);
        if self.positions <= least {
            return Err(format!("max_position_embeddings: expected more than {least}, found {}", self.positions));
        }
        let rates = [self.hidden_dropout, self.attention_dropout, self.head_dropout];
        if let Some(rate) = rates.iter().find(|rate| !(0.0..1.0).contains(*rate)) {
            return Err(format!("dropout: expected at least 0 and below 1, found {rate}"));
        }
        Ok(())
    }
}
