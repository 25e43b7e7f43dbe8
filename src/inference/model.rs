//! Encoder and head as one: a batch in, logits out. The same for training and for inference.

use candle_core::{Device, Tensor};

use crate::batch::Batch;
use crate::encoder::{Encoder, EncoderConfig, Mode};
use crate::engine::Engine;
use crate::head::{Head, Logits, Question};
use crate::weights::Weights;
use crate::{Error, Precision, Result};

/// A stance model.
#[derive(Debug)]
pub struct Model {
    encoder: Body,
    head: Head,
    question: Question,
}

/// The encoder, for one use or the other.
#[derive(Debug)]
enum Body {
    /// On any device, to be trained or not.
    Graph(Encoder),
    /// On the CPU, to answer only.
    Engine(Engine),
}

impl Model {
    /// Take all of `weights`: what is missing or left over is an error.
    ///
    /// # Errors
    /// Where the tensors do not fit the configuration.
    pub fn load(config: &EncoderConfig, question: Question, mut weights: Weights) -> Result<Self> {
        let encoder = Body::Graph(Encoder::load(config, &mut weights)?);
        Self::with_head(encoder, config, question, weights)
    }

    /// The same laid out for a CPU, to compute in `precision`: faster, but it cannot be trained.
    ///
    /// # Errors
    /// As [`Model::load`], or where a CPU does not compute in `precision`.
    pub fn load_engine(
        config: &EncoderConfig,
        question: Question,
        mut weights: Weights,
        precision: Precision,
    ) -> Result<Self> {
        let encoder = Body::Engine(Engine::load(config, &mut weights, precision)?);
        Self::with_head(encoder, config, question, weights)
    }

    fn with_head(encoder: Body, config: &EncoderConfig, question: Question, mut weights: Weights) -> Result<Self> {
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
    /// Where a sequence is too long or an id is unknown, or a model that is laid out for a CPU is asked to train.
    pub fn forward(&self, batch: &Batch, mode: Mode<'_>) -> Result<Logits> {
        match (&self.encoder, mode) {
            (Body::Engine(engine), Mode::Infer) => self.head(&engine.forward(batch)?, batch, mode),
            // Answers are not followed, whatever learns beside them.
            (Body::Graph(encoder), Mode::Infer) => self.forward_words(&encoder.words(batch)?.detach(), batch, mode),
            (_, Mode::Train(_)) => self.forward_words(&self.encoder()?.words(batch)?, batch, mode),
        }
    }

    /// Hidden states (R, H) of the tokens of a batch that are [`read`](Batch::read).
    ///
    /// # Errors
    /// As [`Model::forward`].
    pub fn hidden(&self, batch: &Batch, mode: Mode<'_>) -> Result<Tensor> {
        match (&self.encoder, mode) {
            (Body::Engine(engine), Mode::Infer) => engine.forward(batch),
            _ => self.encoder()?.forward(batch, mode),
        }
    }

    /// Logits of a batch whose token embeddings are `words` (N, H): those of [`Encoder::words`], or moved away from them.
    ///
    /// # Errors
    /// Where a sequence is too long, or the model is laid out for a CPU.
    pub fn forward_words(&self, words: &Tensor, batch: &Batch, mode: Mode<'_>) -> Result<Logits> {
        self.head(&self.encoder()?.forward_words(words, batch, mode)?, batch, mode)
    }

    /// Logits from the hidden states (R, H) that the encoder's last layer gives for `batch`.
    ///
    /// # Errors
    /// Where `hidden` is not of that shape.
    pub fn head(&self, hidden: &Tensor, batch: &Batch, mode: Mode<'_>) -> Result<Logits> {
        self.head.forward(hidden, batch, self.config().head_dropout, mode)
    }

    /// The encoder alone.
    ///
    /// # Errors
    /// Where the model is laid out for a CPU.
    pub fn encoder(&self) -> Result<&Encoder> {
        match &self.encoder {
            Body::Graph(encoder) => Ok(encoder),
            Body::Engine(_) => {
                Err(Error::invalid("model", "expected one that can be trained, found one laid out to answer on a CPU"))
            }
        }
    }

    /// The sizes of the encoder.
    pub fn config(&self) -> &EncoderConfig {
        match &self.encoder {
            Body::Graph(encoder) => encoder.config(),
            Body::Engine(engine) => engine.config(),
        }
    }

    /// Where its weights are.
    pub fn device(&self) -> &Device {
        match &self.encoder {
            Body::Graph(encoder) => encoder.device(),
            Body::Engine(_) => &Device::Cpu,
        }
    }

    /// What it answers.
    pub fn question(&self) -> Question {
        self.question
    }
}
