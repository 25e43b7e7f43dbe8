//! Training examples by sentence: all labels of one sentence are learnt from one reading of it.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use regard::encode::{Encoding, Tokenizer};
use regard::{Label, Sentiment, Span, Stance};
use regard_eval::{Example, Gold};

use crate::Error;
use crate::config::Absent;

/// One label and the classes that it speaks of.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Answer {
    gold: usize,
    possible: [bool; 3],
}

/// A sentence with the labels of its targets and its own.
#[derive(Debug)]
pub(crate) struct Sentence {
    pub(crate) encoding: Encoding,
    stance: Vec<Answer>,
    sentiment: Option<Answer>,
    /// Share of epochs that it takes part in.
    pub(crate) share: f64,
}

/// The examples of one file, with what the experiment says of it.
pub(crate) struct Examples {
    pub(crate) examples: Vec<Example>,
    pub(crate) share: f64,
    pub(crate) absent: Absent,
}

/// Gather the examples of all files by text. Stance examples whose target has no mention cannot be pooled and are left out; their
/// number is returned.
pub(crate) fn gather(files: &[Examples], tokenizer: &Tokenizer) -> Result<(Vec<Sentence>, usize), Error> {
    #[derive(Default)]
    struct Gathered {
        mentions: Vec<Vec<Span>>,
        stance: Vec<Answer>,
        sentiment: Option<Answer>,
        share: f64,
    }
    let mut texts: Vec<&str> = Vec::new();
    let mut gathered: HashMap<&str, Gathered> = HashMap::new();
    let mut left_out = 0;
    for file in files {
        let mut seen = [[file.absent == Absent::Wrong; 3]; 2];
        for example in &file.examples {
            match example.gold {
                Gold::Stance(gold) => seen[0][gold as usize] = true,
                Gold::Sentiment(gold) => seen[1][gold as usize] = true,
            }
        }
        for example in &file.examples {
            if matches!(example.gold, Gold::Stance(_)) && example.mention.is_none() {
                left_out += 1;
                continue;
            }
            let sentence = gathered.entry(&example.text).or_insert_with(|| {
                texts.push(&example.text);
                Gathered::default()
            });
            sentence.share = sentence.share.max(file.share);
            match (example.gold, example.mention) {
                (Gold::Stance(gold), Some(mention)) => {
                    sentence.mentions.push(vec![mention]);
                    sentence.stance.push(Answer { gold: gold as usize, possible: seen[0] });
                }
                (Gold::Sentiment(gold), _) => {
                    sentence.sentiment = Some(Answer { gold: gold as usize, possible: seen[1] })
                }
                (Gold::Stance(_), None) => {}
            }
        }
    }
    let mut sentences = Vec::with_capacity(texts.len());
    for text in texts {
        let Some(Gathered { mentions, stance, sentiment, share }) = gathered.remove(text) else { continue };
        let encoding = tokenizer.encode(text, &mentions)?;
        sentences.push(Sentence { encoding, stance, sentiment, share });
    }
    Ok((sentences, left_out))
}

/// Batches of `size` sentences, in random order, each of sentences of like length.
pub(crate) fn batches(sentences: &[Sentence], size: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
    /// Batches that are sorted by length together: enough for like lengths, few enough for a new mixture each epoch.
    const POOL: usize = 40;
    use rand::Rng;
    let mut order: Vec<usize> = (0..sentences.len()).filter(|&index| rng.random_bool(sentences[index].share)).collect();
    order.shuffle(rng);
    for pool in order.chunks_mut(size * POOL) {
        pool.sort_by_key(|&index| sentences[index].encoding.ids.len());
    }
    let mut batches: Vec<Vec<usize>> = order.chunks(size).map(<[usize]>::to_vec).collect();
    batches.shuffle(rng);
    batches
}

/// Labels of a batch's rows of logits.
pub(crate) struct Labels {
    /// One a target, in order.
    stance: Vec<Answer>,
    /// Rows of the sentences that have a sentiment, and it.
    sentiment: Vec<(usize, Answer)>,
}

impl Labels {
    pub(crate) fn of<'a>(sentences: impl IntoIterator<Item = &'a Sentence>) -> Self {
        let mut labels = Self { stance: Vec::new(), sentiment: Vec::new() };
        for (row, sentence) in sentences.into_iter().enumerate() {
            labels.stance.extend(&sentence.stance);
            labels.sentiment.extend(sentence.sentiment.map(|answer| (row, answer)));
        }
        labels
    }

    /// Mean cross-entropy over the labels; a sentiment label counts `sentiment_weight`. Classes that a label
    /// does not speak of take no part in its softmax.
    pub(crate) fn loss(&self, logits: &regard::head::Logits, sentiment_weight: f64) -> Result<Option<Tensor>, Error> {
        let mut total: Option<Tensor> = None;
        let mut add = |part: Tensor| -> Result<(), Error> {
            total = Some(match total.take() {
                Some(sum) => (sum + part)?,
                None => part,
            });
            Ok(())
        };
        if let (Some(logits), false) = (&logits.stance, self.stance.is_empty()) {
            add(cross_entropy(logits, &self.stance)?)?;
        }
        if let (Some(logits), false) = (&logits.sentiment, self.sentiment.is_empty()) {
            let rows: Vec<u32> = self.sentiment.iter().map(|(row, _)| *row as u32).collect();
            let answers: Vec<Answer> = self.sentiment.iter().map(|(_, answer)| *answer).collect();
            let logits = logits.index_select(&Tensor::new(rows, logits.device())?, 0)?;
            add((cross_entropy(&logits, &answers)? * sentiment_weight)?)?;
        }
        let count = self.stance.len() as f64 + sentiment_weight * self.sentiment.len() as f64;
        total.map(|total| (total / count).map_err(Error::from)).transpose()
    }

    /// Whether there are labels of stance and of sentiment.
    pub(crate) fn kinds(&self) -> (bool, bool) {
        (!self.stance.is_empty(), !self.sentiment.is_empty())
    }
}

/// Sum over rows of the cross-entropy of (R, 3) logits.
fn cross_entropy(logits: &Tensor, answers: &[Answer]) -> Result<Tensor, Error> {
    let device: &Device = logits.device();
    let shape = (answers.len(), 3);
    let masks: Vec<f32> =
        answers.iter().flat_map(|a| a.possible.map(|possible| if possible { 0.0 } else { -1e4 })).collect();
    let golds: Vec<f32> =
        answers.iter().flat_map(|a| [0, 1, 2].map(|class| f32::from(u8::from(class == a.gold)))).collect();
    let masked = (logits + Tensor::from_vec(masks, shape, device)?)?;
    let log_probabilities = candle_nn::ops::log_softmax(&masked, 1)?;
    Ok((log_probabilities * Tensor::from_vec(golds, shape, device)?)?.sum_all()?.neg()?)
}

/// Names of the classes that `sentences` hold, with their counts, for the report at the start.
pub(crate) fn counts(sentences: &[Sentence]) -> [[usize; 3]; 2] {
    let mut counts = [[0; 3]; 2];
    for sentence in sentences {
        sentence.stance.iter().for_each(|answer| counts[0][answer.gold] += 1);
        sentence.sentiment.iter().for_each(|answer| counts[1][answer.gold] += 1);
    }
    debug_assert!(Stance::ALL.len() == counts[0].len() && Sentiment::ALL.len() == counts[1].len());
    counts
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The loss of an opinionated pair of examples, where the model is sure of neutral.
    fn loss(absent: Absent) -> Result<f32, Error> {
        let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/inference/tests/reference/xlm-roberta");
        let tokenizer = Tokenizer::open(&reference.join("tokenizer.json"), 16)?;
        let example = |text: &str, gold| Example {
            id: text.into(),
            dataset: "own".into(),
            language: "en".into(),
            text: text.into(),
            target: None,
            mention: Some(Span::whole(text)),
            gold: Gold::Stance(gold),
            target_type: None,
            group: text.into(),
            meta: Default::default(),
        };
        let examples = vec![example("aa", Stance::Against), example("ee", Stance::Favor)];
        let (sentences, left_out) = gather(&[Examples { examples, share: 1.0, absent }], &tokenizer)?;
        assert_eq!((sentences.len(), left_out), (2, 0));
        let stance = Tensor::new(&[[0.0_f32, 5.0, 0.0], [0.0, 5.0, 0.0]], &Device::Cpu)?;
        let logits = regard::head::Logits { stance: Some(stance), sentiment: None };
        let loss = Labels::of(&sentences).loss(&logits, 1.0)?;
        Ok(loss.map_or(Ok(f32::NAN), |loss| loss.to_scalar())?)
    }

    #[test]
    fn a_class_that_a_file_never_gives_is_unknown_or_wrong() -> Result<(), Error> {
        assert!((loss(Absent::Unknown)? - 2.0_f32.ln()).abs() < 1e-5);
        assert!((loss(Absent::Wrong)? - (2.0 + 5.0_f32.exp()).ln()).abs() < 1e-5);
        Ok(())
    }
}
