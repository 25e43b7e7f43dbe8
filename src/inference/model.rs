//! Encoder and head as one: a batch in, logits out. The same for training and for inference.

use candle_core::{Device, Tensor};

use crate::Result;
use crate::batch::Batch;
use crate::encoder::{Encoder, EncoderConfig, Mode};
use crate::head::{Head, Logits, Question};
use crate::weights::Weights;

/// A stance model.
#[derive(Debug)]
pub struct Model {
    encoder: Encoder,
    head: Head,
    question: Question,
}

impl Model {
    /// Take all of `weights`: what is missing or left over is an error.
    ///
    /// # Errors
    /// Where the tensors do not fit the configuration.
    pub fn load(config: &EncoderConfig, question: Question, mut weights: Weights) -> Result<Self> {
        let encoder = Encoder::load(config, &mut weights)?;
        let head = Head::load(question, config, &mut weights)?;
        if question == Question::Span || config.family == crate::encoder::Family::Roberta {
            // Saved with a base model, read by none of our heads.
            weights.retain(|name| !name.starts_with("pooler."));
        }
        weights.finish()?;
        Ok(Self { encoder, head, question })
    }

    /// Logits of a batch.
    ///
    /// # Errors
    /// Where a sequence is too long or an id is unknown.
    pub fn forward(&self, batch: &Batch, mode: Mode<'_>) -> Result<Logits> {
        self.forward_words(&self.encoder.words(batch)?, batch, mode)
    }

    /// Logits of a batch whose token embeddings are `words` (N, H): those of [`Encoder::words`], or moved away from them.
    ///
    /// # Errors
    /// Where a sequence is too long.
    pub fn forward_words(&self, words: &Tensor, batch: &Batch, mode: Mode<'_>) -> Result<Logits> {
        self.head(&self.encoder.forward_words(words, batch, mode)?, batch, mode)
    }

    /// Logits from the hidden states (R, H) that the encoder's last layer gives for `batch`.
    ///
    /// # Errors
    /// Where `hidden` is not of that shape.
    pub fn head(&self, hidden: &Tensor, batch: &Batch, mode: Mode<'_>) -> Result<Logits> {
        self.head.forward(hidden, batch, self.encoder.config().head_dropout, mode)
    }

    /// The encoder alone.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// Where its weights are.
    pub fn device(&self) -> &Device {
        self.encoder.device()
    }

    /// What it answers.
    pub fn question(&self) -> Question {
        self.question
    }
}
