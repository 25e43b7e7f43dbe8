//! What is minimised: the cross-entropy of the labels of a batch.

use candle_core::Tensor;
use regard::head::Logits;

use crate::Error;
use crate::config::LossConfig;
use crate::sentences::{Answer, Sentence};

/// The labels of a batch's rows of logits.
pub(crate) struct Labels {
    /// One a target, in order.
    stance: Vec<Answer>,
    /// Of the sentences that have a sentiment.
    sentiment: Vec<Answer>,
    /// Their rows.
    rows: Vec<u32>,
}

impl Labels {
    pub(crate) fn of<'a>(sentences: impl IntoIterator<Item = &'a Sentence>) -> Self {
        let mut labels = Self { stance: Vec::new(), sentiment: Vec::new(), rows: Vec::new() };
        for (row, sentence) in sentences.into_iter().enumerate() {
            labels.stance.extend(&sentence.stance);
            if let Some(answer) = sentence.sentiment {
                labels.sentiment.push(answer);
                labels.rows.push(row as u32);
            }
        }
        labels
    }

    /// What the labels count in all: the sum of their weights.
    pub(crate) fn weight(&self, config: &LossConfig) -> f64 {
        self.weights(config).into_iter().sum()
    }

    fn weights(&self, config: &LossConfig) -> [f64; 2] {
        let sum = |answers: &[Answer], classes| answers.iter().map(|answer| weight(answer, classes)).sum::<f64>();
        let sentiment = sum(&self.sentiment, config.sentiment_classes);
        [sum(&self.stance, config.stance_classes), config.sentiment_weight * sentiment]
    }

    /// The weighted sum of the cross-entropies of the labels; `None` where there is none. Classes that a label does not speak
    /// of take no part in its softmax.
    pub(crate) fn loss(&self, logits: &Logits, config: &LossConfig) -> Result<Option<Tensor>, Error> {
        let mut parts = Vec::new();
        if let (Some(logits), false) = (&logits.stance, self.stance.is_empty()) {
            parts.push(cross_entropy(logits, &self.stance, config.stance_classes, config.smoothing)?);
        }
        if let (Some(logits), false) = (&logits.sentiment, self.sentiment.is_empty()) {
            let logits = logits.index_select(&Tensor::new(self.rows.as_slice(), logits.device())?, 0)?;
            let loss = cross_entropy(&logits, &self.sentiment, config.sentiment_classes, config.smoothing)?;
            parts.push((loss * config.sentiment_weight)?);
        }
        let mut parts = parts.into_iter();
        let Some(first) = parts.next() else { return Ok(None) };
        Ok(Some(parts.try_fold(first, |sum, part| sum + part)?))
    }

    /// Whether there are labels of stance and of sentiment that count anything.
    pub(crate) fn kinds(&self, config: &LossConfig) -> [bool; 2] {
        let [stance, sentiment] = self.weights(config);
        [stance > 0.0, sentiment > 0.0]
    }
}

/// What one label counts.
fn weight(answer: &Answer, classes: [f64; 3]) -> f64 {
    answer.gold.iter().zip(classes).map(|(&share, weight)| f64::from(share) * weight).sum()
}

/// Weighted sum over rows of the cross-entropy of (R, 3) logits.
fn cross_entropy(logits: &Tensor, answers: &[Answer], classes: [f64; 3], smoothing: f64) -> Result<Tensor, Error> {
    let device = logits.device();
    let shape = (answers.len(), 3);
    let masks: Vec<f32> =
        answers.iter().flat_map(|answer| answer.possible.map(|possible| if possible { 0.0 } else { -1e4 })).collect();
    let golds: Vec<f32> = answers
        .iter()
        .flat_map(|answer| {
            let weight = weight(answer, classes) as f32;
            smoothed(answer, smoothing as f32).map(|share| share * weight)
        })
        .collect();
    let masked = (logits + Tensor::from_vec(masks, shape, device)?)?;
    let log_probabilities = candle_nn::ops::log_softmax(&masked, 1)?;
    Ok((log_probabilities * Tensor::from_vec(golds, shape, device)?)?.sum_all()?.neg()?)
}

/// The label's distribution, a share of it spread over the classes that it speaks of.
fn smoothed(answer: &Answer, smoothing: f32) -> [f32; 3] {
    let spread = smoothing / answer.possible.iter().filter(|possible| **possible).count().max(1) as f32;
    let mut classes = answer.gold.map(|share| share * (1.0 - smoothing));
    for (class, possible) in classes.iter_mut().zip(answer.possible) {
        *class += if possible { spread } else { 0.0 };
    }
    classes
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use regard::encode::Encoding;

    use super::*;

    /// The loss of one example, where the model is sure of neutral.
    fn loss(answer: Answer, config: &LossConfig) -> Result<f64, Error> {
        let encoding = Encoding { ids: vec![0], token_types: vec![0], targets: vec![vec![0]], truncated: 0 };
        let sentence = Sentence { name: String::new(), encoding, stance: vec![answer], sentiment: None };
        let labels = Labels::of([&sentence]);
        let logits = Logits { stance: Some(Tensor::new(&[[0.0_f32, 5.0, 0.0]], &Device::Cpu)?), sentiment: None };
        let Some(loss) = labels.loss(&logits, config)? else { return Ok(f64::NAN) };
        Ok(f64::from(loss.to_scalar::<f32>()?) / labels.weight(config))
    }

    #[test]
    fn a_class_that_a_label_does_not_speak_of_is_not_wrong() -> Result<(), Error> {
        let gold = [1.0, 0.0, 0.0];
        let polar = Answer { gold, possible: [true, false, true] };
        assert!((loss(polar, &LossConfig::default())? - 2.0_f64.ln()).abs() < 1e-5);
        let all = Answer::soft(gold);
        assert!((loss(all, &LossConfig::default())? - (2.0 + 5.0_f64.exp()).ln()).abs() < 1e-5);
        Ok(())
    }

    /// Expected: `torch.nn.functional.cross_entropy(torch.tensor([[0., 5., 0.]]), torch.tensor([0]), label_smoothing=0.1)`,
    /// torch 2.15.
    #[test]
    fn smoothing_is_that_of_torch_and_a_weight_cancels_in_the_mean_of_one_label() -> Result<(), Error> {
        let all = Answer::soft([1.0, 0.0, 0.0]);
        let config = LossConfig { smoothing: 0.1, stance_classes: [3.0, 1.0, 1.0], ..LossConfig::default() };
        assert!((loss(all, &config)? - 4.846_720).abs() < 1e-4);
        // Two classes share what is spread: each 0.05, and the neutral logit has no part.
        let polar = Answer { gold: [1.0, 0.0, 0.0], possible: [true, false, true] };
        assert!((loss(polar, &config)? - 2.0_f64.ln()).abs() < 1e-5);
        Ok(())
    }
}
