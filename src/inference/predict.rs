//! Sentences and targets in, calibrated probabilities out.

use candle_core::Tensor;

use crate::batch::{Batch, groups};
use crate::checkpoint::{Checkpoint, Temperatures};
use crate::encode::{Encoding, Tokenizer};
use crate::encoder::Mode;
use crate::head::Question;
use crate::model::Model;
use crate::{Error, Result, Scores, Span};

/// Tokens that are read at once: enough to fill the matrix products of a CPU, little enough to stay in memory.
const BATCH_TOKENS: usize = 2048;

/// One target: its name, and its mentions as spans of the sentence.
#[derive(Debug, Clone)]
pub struct Target {
    /// What a `pair` model is shown.
    pub name: String,
    /// What a `span` model pools.
    pub mentions: Vec<Span>,
}

/// One sentence to be judged.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// The sentence.
    pub text: &'a str,
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
}

impl Predictor {
    /// The predictor of a checkpoint.
    ///
    /// # Errors
    /// Where the checkpoint has no head or does not hold together.
    pub fn new(checkpoint: Checkpoint) -> Result<Self> {
        let (model, tokenizer, temperatures) = checkpoint.into_model()?;
        Ok(Self { model, tokenizer, temperatures })
    }

    /// A predictor from its parts.
    pub fn from_parts(model: Model, tokenizer: Tokenizer, temperatures: Temperatures) -> Self {
        Self { model, tokenizer, temperatures }
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
        let lengths: Vec<usize> = encodings.iter().map(|encoding| encoding.ids.len()).collect();
        let mut answers: Vec<Option<Answer>> = vec![None; encodings.len()];
        for group in groups(&lengths, BATCH_TOKENS) {
            let batch = Batch::pack(group.iter().map(|&index| &encodings[index]));
            let logits = self.model.forward(&batch, Mode::Infer)?;
            let mut stance = scores(logits.stance.as_ref(), self.temperatures.stance)?.into_iter();
            let mut sentiment = scores(logits.sentiment.as_ref(), self.temperatures.sentiment)?.into_iter();
            for index in group {
                let targets = match self.model.question() {
                    Question::PairStance { .. } => 1,
                    _ => encodings[index].targets.len(),
                };
                let stance = stance.by_ref().take(targets).collect();
                answers[index] = Some(Answer { stance, sentiment: sentiment.next() });
            }
        }
        let mut predictions: Vec<Prediction> = queries.iter().map(|_| Prediction::default()).collect();
        for ((owner, encoding), answer) in owners.into_iter().zip(&encodings).zip(answers) {
            let prediction = &mut predictions[owner];
            let answer = answer.unwrap_or_default();
            prediction.truncated_tokens = prediction.truncated_tokens.max(encoding.truncated);
            prediction.stance.extend(answer.stance.into_iter().map(Some));
            prediction.sentiment = prediction.sentiment.or(answer.sentiment);
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

#[derive(Debug, Clone, Default)]
struct Answer {
    stance: Vec<Scores>,
    sentiment: Option<Scores>,
}

/// Probabilities of (M, 3) logits, row by row.
fn scores(logits: Option<&Tensor>, temperature: f32) -> Result<Vec<Scores>> {
    let Some(logits) = logits else { return Ok(Vec::new()) };
    let rows = logits.to_vec2::<f32>()?;
    let triples = rows.iter().filter_map(|row| <[f32; 3]>::try_from(row.as_slice()).ok());
    Ok(triples.map(|logits| Scores::from_logits(logits, temperature)).collect())
}
