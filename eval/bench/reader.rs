//! What reads: a model with heads, or an encoder alone.

use std::borrow::Cow;
use std::hint::black_box;

use candle_core::Tensor;
use regard::batch::Batch;
use regard::checkpoint::Checkpoint;
use regard::encode::{Encoding, Tokenizer};
use regard::encoder::{Encoder, EncoderConfig, Mode};
use regard::engine::Engine;
use regard::head::Question;
use regard::model::Model;
use regard::weights::Weights;
use regard::{Error, Precision, Result};

use super::work::Sequence;

/// What a model is made of, before it is one.
#[derive(Debug)]
pub struct Loaded {
    /// The encoder's sizes.
    pub config: EncoderConfig,
    /// What the head answers; `None` where there is none, and the encoder alone is measured.
    pub question: Option<Question>,
    /// The tensors.
    pub weights: Weights,
    /// `None` where there is none, and only ids can be read.
    pub tokenizer: Option<Tokenizer>,
    /// What it computes in; `None` for [`Precision::stored`].
    pub precision: Option<Precision>,
}

impl Loaded {
    /// What it computes in.
    pub fn precision(&self) -> Precision {
        self.precision.unwrap_or_else(|| Precision::stored(&self.weights))
    }
}

impl From<Checkpoint> for Loaded {
    fn from(checkpoint: Checkpoint) -> Self {
        let Checkpoint { encoder, question, weights, tokenizer, precision, .. } = checkpoint;
        Self { config: encoder, question, weights, tokenizer: Some(tokenizer), precision }
    }
}

/// A model that stands ready.
#[derive(Debug)]
pub(super) struct Reader {
    body: Body,
    tokenizer: Option<Tokenizer>,
}

#[derive(Debug)]
enum Body {
    Model(Box<Model>),
    Encoder(Box<Encoder>),
    Engine(Box<Engine>),
}

impl Reader {
    pub(super) fn new(loaded: Loaded) -> Result<Self> {
        let precision = loaded.precision();
        let Loaded { config, question, mut weights, tokenizer, .. } = loaded;
        let cpu = weights.device().is_cpu();
        precision.check(&weights.device())?;
        if !cpu {
            precision.cast(&mut weights)?;
        }
        let body = match question {
            Some(question) if cpu => Body::Model(Box::new(Model::load_engine(&config, question, weights, precision)?)),
            Some(question) => Body::Model(Box::new(Model::load(&config, question, weights)?)),
            None if cpu => Body::Engine(Box::new(Engine::load(&config, &mut weights, precision)?)),
            None => Body::Encoder(Box::new(Encoder::load(&config, &mut weights)?)),
        };
        Ok(Self { body, tokenizer })
    }

    pub(super) fn config(&self) -> &EncoderConfig {
        match &self.body {
            Body::Model(model) => model.config(),
            Body::Encoder(encoder) => encoder.config(),
            Body::Engine(engine) => engine.config(),
        }
    }

    /// The last hidden states (R, H) of what a batch reads.
    pub(super) fn hidden(&self, batch: &Batch) -> Result<Tensor> {
        match &self.body {
            Body::Model(model) => model.hidden(batch, Mode::Infer),
            Body::Encoder(encoder) => encoder.forward(batch, Mode::Infer),
            Body::Engine(engine) => engine.forward(batch),
        }
    }

    /// The token ids of a sequence.
    pub(super) fn encode<'a>(&self, sequence: &'a Sequence) -> Result<Cow<'a, Encoding>> {
        let no_tokenizer = || Error::invalid("input", "expected ids, as there is no tokenizer");
        let tokenizer = || self.tokenizer.as_ref().ok_or_else(no_tokenizer);
        match sequence {
            Sequence::Ids(encoding) => Ok(Cow::Borrowed(encoding)),
            Sequence::Sentence { text, targets } => Ok(Cow::Owned(tokenizer()?.encode(text, targets)?)),
            Sequence::Pair { text, target, mentions } => {
                Ok(Cow::Owned(tokenizer()?.encode_pair(text, target, mentions)?))
            }
        }
    }

    /// Read a batch until the answers are there as numbers, as a user waits for them.
    pub(super) fn answer(&self, batch: &Batch) -> Result<()> {
        match &self.body {
            Body::Model(model) => {
                let logits = model.forward(batch, Mode::Infer)?;
                for logits in [logits.stance, logits.sentiment].into_iter().flatten() {
                    black_box(logits.to_vec2::<f32>()?);
                }
            }
            Body::Encoder(_) | Body::Engine(_) => {
                black_box(self.hidden(batch)?.to_vec2::<f32>()?);
            }
        }
        Ok(())
    }
}
