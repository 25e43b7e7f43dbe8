//! Sentences and targets in, calibrated probabilities out.

mod reading;

use candle_core::Device;

use self::reading::{read, read_half_masked};
use crate::checkpoint::{Checkpoint, Temperatures};
use crate::encode::{Encoding, Tokenizer};
use crate::head::Question;
use crate::model::Model;
use crate::{Error, Language, Result, Scores, Span};

/// One target: its name, and its mentions as spans of the sentence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// What a `pair` model is shown.
    pub name: String,
    /// What a `span` model pools.
    pub mentions: Vec<Span>,
}

/// One sentence to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query<'a> {
    /// The sentence.
    pub text: &'a str,
    /// Its language, for the calibration; `None` where it is not known.
    pub language: Option<Language>,
    /// Whom it may take a stance toward.
    pub targets: Vec<Target>,
}

/// What the model says of one [`Query`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prediction {
    /// Stance toward each target, in order; `None` where the model does not answer stance.
    pub stance: Vec<Option<Scores>>,
    /// Sentiment of the sentence; `None` where the model does not answer it.
    pub sentiment: Option<Scores>,
    /// Tokens of the sentence that the model did not read because it was too long.
    pub truncated_tokens: usize,
}

/// A model with its tokenizer and calibration.
#[derive(Debug)]
pub struct Predictor {
    model: Model,
    tokenizer: Tokenizer,
    temperatures: Temperatures,
    /// What stands for a name in the second reading, where there is one.
    mask: Option<u32>,
}

impl Predictor {
    /// The predictor of a checkpoint.
    ///
    /// # Errors
    /// Where the checkpoint has no head or does not hold together, or asks for half-masking and cannot do it.
    pub fn new(checkpoint: Checkpoint) -> Result<Self> {
        let half_masking = checkpoint.half_masking;
        let (model, tokenizer, temperatures) = match checkpoint.weights.device() {
            Device::Cpu => checkpoint.into_engine()?,
            _ => checkpoint.into_model()?,
        };
        let predictor = Self::from_parts(model, tokenizer, temperatures);
        if half_masking { predictor.with_half_masking() } else { Ok(predictor) }
    }

    /// A predictor from its parts.
    pub fn from_parts(model: Model, tokenizer: Tokenizer, temperatures: Temperatures) -> Self {
        Self { model, tokenizer, temperatures, mask: None }
    }

    /// Read each sentence twice, as it is and with the tokens of all its targets masked, and take the mean of the two stance logits,
    /// so that a name says less and the sentence more (<https://arxiv.org/abs/2308.15793>). Sentiment is that of the first reading.
    /// Temperatures that were fitted without it are somewhat off.
    ///
    /// # Errors
    /// Where the model is no `span`, or its tokenizer has no mask token.
    pub fn with_half_masking(self) -> Result<Self> {
        if self.model.question() != Question::Span {
            let message = "expected a span checkpoint, which pools mentions that can be masked, found another head";
            return Err(Error::invalid("half-masking", message));
        }
        let mask = self.tokenizer.mask_id();
        let mask =
            mask.ok_or_else(|| Error::invalid("half-masking", "expected a tokenizer with a mask token, found none"))?;
        Ok(Self { mask: Some(mask), ..self })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Set the calibration.
    pub fn calibrate(&mut self, temperatures: Temperatures) {
        self.temperatures = temperatures;
    }

    /// Judge `queries`; the answers stand in their order, whatever the batches were.
    ///
    /// # Errors
    /// Where a mention ends beyond its text, or the arithmetic fails.
    pub fn predict(&self, queries: &[Query<'_>]) -> Result<Vec<Prediction>> {
        let mut encodings = Vec::new();
        let mut owners = Vec::new();
        for (index, query) in queries.iter().enumerate() {
            for encoding in self.encode(query)? {
                encodings.push(encoding);
                owners.push(index);
            }
        }
        let readings = match self.mask {
            Some(mask) => read_half_masked(&self.model, &encodings, mask)?,
            None => read(&self.model, &encodings)?,
        };
        let mut predictions: Vec<Prediction> = queries.iter().map(|_| Prediction::default()).collect();
        for ((owner, encoding), reading) in owners.into_iter().zip(&encodings).zip(readings) {
            let (prediction, language) = (&mut predictions[owner], queries[owner].language.as_ref());
            prediction.truncated_tokens = prediction.truncated_tokens.max(encoding.truncated);
            let (stance, sentiment) = (self.temperatures.stance_in(language), self.temperatures.sentiment_in(language));
            let stance = reading.stance.into_iter().map(|logits| Some(Scores::from_logits(logits, stance)));
            prediction.stance.extend(stance);
            prediction.sentiment = reading.sentiment.map(|logits| Scores::from_logits(logits, sentiment));
        }
        for (prediction, query) in predictions.iter_mut().zip(queries) {
            prediction.stance.resize(query.targets.len(), None);
        }
        Ok(predictions)
    }

    /// The readings that a query takes: one for all targets, or one a target.
    fn encode(&self, query: &Query<'_>) -> Result<Vec<Encoding>> {
        if let Some(mention) =
            query.targets.iter().flat_map(|target| &target.mentions).find(|m| m.end() > query.text.len())
        {
            let message = format!("mention: expected an end of at most {}, found {}", query.text.len(), mention.end());
            return Err(Error::invalid("query", message));
        }
        match self.model.question() {
            Question::Span => {
                let mentions: Vec<Vec<Span>> = query.targets.iter().map(|target| target.mentions.clone()).collect();
                Ok(vec![self.tokenizer.encode(query.text, &mentions)?])
            }
            Question::SentenceSentiment { .. } => Ok(vec![self.tokenizer.encode(query.text, &[])?]),
            Question::PairStance { .. } => {
                let targets = query.targets.iter();
                targets.map(|target| self.tokenizer.encode_pair(query.text, &target.name, &target.mentions)).collect()
            }
        }
    }
}
