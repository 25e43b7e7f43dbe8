//! The tiny checkpoints under `reference/` and what transformers says of them; made by `scripts/reference.py`.

#![allow(dead_code)] // every test file that has this module reads its own part of it

use std::error::Error;
use std::path::PathBuf;

use candle_core::{Device, Tensor};
use candle_nn::loss::cross_entropy;
use regard::CodePoints;
use regard::checkpoint::Checkpoint;
use regard::encode::{Encoding, Tokenizer};
use regard::head::Logits;
use regard::weights::Weights;
use serde::Deserialize;
use serde_json::Value;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The expected values of one checkpoint.
#[derive(Deserialize)]
pub(crate) struct Golden {
    #[serde(skip)]
    pub(crate) directory: PathBuf,
    pub(crate) inputs: Vec<Input>,
    pub(crate) loss: f32,
}

#[derive(Deserialize)]
pub(crate) struct Input {
    pub(crate) text: String,
    target: Option<String>,
    pub(crate) ids: Vec<u32>,
    pub(crate) type_ids: Vec<u32>,
    pub(crate) bytes: Vec<(usize, usize)>,
    pub(crate) hidden: Vec<Vec<f32>>,
    /// The one answer of a checkpoint with one label a sequence.
    #[serde(flatten)]
    answer: Option<Answer>,
    sentiment: Option<Answer>,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
}

#[derive(Deserialize)]
pub(crate) struct Target {
    /// In code points.
    mentions: Vec<(usize, usize)>,
    pub(crate) tokens: Vec<u32>,
    #[serde(flatten)]
    answer: Answer,
}

/// A label and the logits, in the order of the checkpoint that they were read for.
#[derive(Deserialize)]
struct Answer {
    label: usize,
    logits: Vec<f32>,
}

/// Rows of logits in the house's order, and the labels that the loss is taken against.
#[derive(Debug, Default, Clone)]
pub(crate) struct Answers {
    pub(crate) logits: Vec<Vec<f32>>,
    labels: Vec<u32>,
}

impl Golden {
    /// The golden values of the checkpoint `name`.
    pub(crate) fn open(name: &str) -> Outcome<Self> {
        let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
        let golden: Self = serde_json::from_slice(&std::fs::read(directory.join("golden.json"))?)?;
        Ok(Self { directory, ..golden })
    }

    pub(crate) fn checkpoint(&self) -> Outcome<Checkpoint> {
        Ok(Checkpoint::open(&self.directory, &Device::Cpu)?)
    }

    /// The gradients of the loss, under the names that [`Weights`] uses.
    pub(crate) fn gradients(&self) -> Outcome<Weights> {
        let bytes = std::fs::read(self.directory.join("gradients.safetensors"))?;
        Ok(Weights::parse(bytes, "gradients.safetensors", &Device::Cpu)?)
    }

    pub(crate) fn encodings(&self, tokenizer: &Tokenizer) -> Outcome<Vec<Encoding>> {
        self.inputs.iter().map(|input| input.encoding(tokenizer)).collect()
    }

    /// What is expected of the stance and of the sentiment head for `inputs`.
    pub(crate) fn answers<'a>(&self, inputs: impl IntoIterator<Item = &'a Input>) -> Outcome<(Answers, Answers)> {
        let config: Value = serde_json::from_slice(&std::fs::read(self.directory.join("config.json"))?)?;
        // By name and not through the library's own reading of `id2label`, which is under test here.
        let place = |label: usize| match config["id2label"][label.to_string()].as_str() {
            Some("against" | "negative") => Ok(0),
            Some("neutral" | "none") => Ok(1),
            Some("favor" | "positive") => Ok(2),
            other => Err(format!("label {label}: {other:?}")),
        };
        let order = [place(0)?, place(1)?, place(2)?];
        let (mut stance, mut sentiment) = (Answers::default(), Answers::default());
        for input in inputs {
            if let Some(answer) = &input.answer {
                // A target makes the question one of stance.
                let to = if input.target.is_some() { &mut stance } else { &mut sentiment };
                to.push(answer, order);
            }
            input.targets.iter().for_each(|target| stance.push(&target.answer, order));
            input.sentiment.iter().for_each(|answer| sentiment.push(answer, order));
        }
        Ok((stance, sentiment))
    }

    /// The loss that the golden values are about: mean cross-entropy of each head that answers, added up.
    pub(crate) fn loss_of(&self, logits: &Logits) -> Outcome<Tensor> {
        let (stance, sentiment) = self.answers(&self.inputs)?;
        let mut loss = Tensor::new(0.0_f32, &Device::Cpu)?;
        for (logits, expected) in [(&logits.stance, stance), (&logits.sentiment, sentiment)] {
            if let Some(logits) = logits {
                let count = expected.labels.len();
                let labels = Tensor::from_vec(expected.labels, count, logits.device())?;
                loss = (loss + cross_entropy(logits, &labels)?)?;
            }
        }
        Ok(loss)
    }
}

impl Input {
    /// As the library encodes it.
    pub(crate) fn encoding(&self, tokenizer: &Tokenizer) -> Outcome<Encoding> {
        if let Some(target) = &self.target {
            return Ok(tokenizer.encode_pair(&self.text, target, &[])?);
        }
        let points = CodePoints::new(&self.text);
        let mut targets = Vec::new();
        for target in &self.targets {
            let spans = target.mentions.iter().map(|&(start, end)| points.span(start, end));
            targets.push(spans.collect::<Option<Vec<_>>>().ok_or("a mention outside its sentence")?);
        }
        Ok(tokenizer.encode(&self.text, &targets)?)
    }
}

impl Answers {
    /// `order[i]` is the house's index of the checkpoint's label i.
    fn push(&mut self, answer: &Answer, order: [usize; 3]) {
        let mut row = vec![0.0; 3];
        for (logit, place) in answer.logits.iter().zip(order) {
            row[place] = *logit;
        }
        self.logits.push(row);
        self.labels.push(order[answer.label] as u32);
    }
}

/// The rows of logits, none where the head does not answer.
pub(crate) fn rows(logits: Option<&Tensor>) -> Outcome<Vec<Vec<f32>>> {
    Ok(logits.map(Tensor::to_vec2).transpose()?.unwrap_or_default())
}
