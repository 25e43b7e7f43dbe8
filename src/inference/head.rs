//! From hidden states to logits, three a question, in the house's label order.

use candle_core::{DType, Tensor};

use crate::Result;
use crate::batch::Batch;
use crate::encoder::{EncoderConfig, Family, Linear, Mode};
use crate::weights::Weights;

/// What a checkpoint's head answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// `span`: stance toward every target and sentiment of the sentence, from one reading.
    Span,
    /// `pair`: stance toward the one target that stands behind the sentence. Row `order[i]` of the head is label i.
    PairStance {
        /// Where the checkpoint keeps against, neutral and favor.
        order: [usize; 3],
    },
    /// `sentence`: sentiment of the sentence, no target. Row `order[i]` of the head is label i.
    SentenceSentiment {
        /// Where the checkpoint keeps negative, neutral and positive.
        order: [usize; 3],
    },
}

/// Logits of one batch, `None` where the head does not answer or nothing was asked.
#[derive(Debug)]
pub struct Logits {
    /// (M, 3): against, neutral, favor for each of M targets, in order.
    pub stance: Option<Tensor>,
    /// (B, 3): negative, neutral, positive for each of B sequences.
    pub sentiment: Option<Tensor>,
}

/// The layers above the encoder.
#[derive(Debug)]
pub(crate) enum Head {
    Span { stance: Classification, sentiment: Classification },
    Sequence { classification: Classification, question: Question },
}

impl Head {
    pub(crate) fn load(question: Question, config: &EncoderConfig, weights: &mut Weights) -> Result<Self> {
        let width = config.hidden;
        let load = |weights: &mut Weights, dense: &str, out: &str, inputs: usize, dropped: bool| {
            Ok(Classification {
                dense: Linear::load(weights, dense, inputs, width)?,
                out: Linear::load(weights, out, width, 3)?,
                dropped,
            })
        };
        match question {
            Question::Span => Ok(Self::Span {
                stance: load(weights, "stance_head.dense", "stance_head.out", 2 * width, true)?,
                sentiment: load(weights, "sentiment_head.dense", "sentiment_head.out", width, true)?,
            }),
            question => {
                let classification = match config.family {
                    Family::Bert => load(weights, "pooler.dense", "classifier", width, false),
                    Family::Roberta => load(weights, "classifier.dense", "classifier.out_proj", width, true),
                };
                classification.map(|classification| Self::Sequence { classification, question })
            }
        }
    }

    /// `hidden` is (R, H), the encoder's answer to `batch`.
    pub(crate) fn forward(&self, hidden: &Tensor, batch: &Batch, rate: f32, mode: Mode<'_>) -> Result<Logits> {
        let firsts = rows(hidden, batch.firsts().to_vec())?;
        match self {
            Self::Span { stance, sentiment } => {
                let stance = match batch.targets() {
                    [] => None,
                    _ => Some(stance.forward(&pooled(hidden, batch)?, rate, mode)?),
                };
                Ok(Logits { stance, sentiment: Some(sentiment.forward(&firsts, rate, mode)?) })
            }
            Self::Sequence { classification, question } => {
                let logits = classification.forward(&firsts, rate, mode)?;
                match question {
                    Question::SentenceSentiment { order } => {
                        Ok(Logits { stance: None, sentiment: Some(reordered(&logits, *order)?) })
                    }
                    Question::PairStance { order } => {
                        Ok(Logits { stance: Some(reordered(&logits, *order)?), sentiment: None })
                    }
                    Question::Span => Ok(Logits { stance: None, sentiment: None }),
                }
            }
        }
    }
}

/// dropout, dense, tanh, dropout, three outputs. BERT's pooler has no dropout before it.
#[derive(Debug)]
pub(crate) struct Classification {
    dense: Linear,
    out: Linear,
    dropped: bool,
}

impl Classification {
    fn forward(&self, xs: &Tensor, rate: f32, mode: Mode<'_>) -> Result<Tensor> {
        let xs = if self.dropped { mode.dropout(xs, rate)? } else { xs.clone() };
        let inner = self.dense.forward(&xs, mode)?.tanh()?;
        self.out.forward(&mode.dropout(&inner, rate)?, mode)
    }
}

fn rows(hidden: &Tensor, rows: Vec<u32>) -> Result<Tensor> {
    let count = rows.len();
    Ok(hidden.index_select(&Tensor::from_vec(rows, count, hidden.device())?, 0)?)
}

/// (M, 2H): for each target the sequence's first hidden state and the mean over the tokens of its mentions.
fn pooled(hidden: &Tensor, batch: &Batch) -> Result<Tensor> {
    let (_, width) = hidden.dims2()?;
    let targets = batch.targets();
    let mut tokens = Vec::new();
    let mut owners = Vec::new();
    let mut shares = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        for &token in &target.tokens {
            tokens.push(token);
            owners.push(index as u32);
            shares.push(1.0 / target.tokens.len() as f32);
        }
    }
    let count = tokens.len();
    let device = hidden.device();
    let shares = Tensor::from_vec(shares, (count, 1), device)?;
    let owners = Tensor::from_vec(owners, count, device)?;
    let parts = rows(hidden, tokens)?.broadcast_mul(&shares)?;
    let means = Tensor::zeros((targets.len(), width), DType::F32, device)?.index_add(&owners, &parts, 0)?;
    let firsts = rows(hidden, targets.iter().map(|target| target.first).collect())?;
    Ok(Tensor::cat(&[firsts, means], 1)?)
}

fn reordered(logits: &Tensor, order: [usize; 3]) -> Result<Tensor> {
    let order = Tensor::new(&order.map(|row| row as u32), logits.device())?;
    Ok(logits.index_select(&order, 1)?)
}
