//! Heads that know nothing yet.

use candle_core::{DType, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use regard::checkpoint::Checkpoint;
use regard::encoder::Family;
use regard::head::Question;
use regard::weights::Weights;

use crate::Error;
use crate::config::TargetForm;
use crate::optimizer::is_head;
use crate::sampler::{Purpose, random};

/// What a model of this form is asked, its rows in the house's order.
pub(crate) fn question(form: TargetForm) -> Question {
    match form {
        TargetForm::Span => Question::Span,
        TargetForm::Pair => Question::PairStance { order: [0, 1, 2] },
    }
}

/// The weights of `base` with heads of `form`: its own where it is a checkpoint of that form already, else new ones, with weights
/// from N(0, 0.02²), as BERT's were, and biases of zero.
pub(crate) fn with_heads(base: &Checkpoint, form: TargetForm, seed: u64) -> Result<Weights, Error> {
    let mut weights = base.weights.clone();
    if form == TargetForm::Span || base.encoder.family == Family::Roberta {
        // Saved with a base model, read by no head of this form.
        weights.retain(|name| !name.starts_with("pooler."));
    }
    if let (TargetForm::Pair, Some(Question::PairStance { order })) = (form, base.question) {
        for name in ["classifier.weight", "classifier.bias", "classifier.out_proj.weight", "classifier.out_proj.bias"] {
            if let Some(rows) = base.weights.get(name)? {
                let order = Tensor::new(&order.map(|row| row as u32), rows.device())?;
                weights.insert(name, rows.index_select(&order, 0)?);
            }
        }
        return Ok(weights);
    }
    if base.question == Some(question(form)) {
        return Ok(weights);
    }
    let pooler = form == TargetForm::Pair && base.encoder.family == Family::Bert;
    // A pooler that came with the base has learnt to read the first token.
    let pooled = pooler && weights.shapes().any(|(name, _)| name == "pooler.dense.weight");
    weights.retain(|name| !is_head(name) || pooled && name.starts_with("pooler."));
    let width = base.encoder.hidden;
    let layers: &[(&str, usize, usize)] = match (form, pooler) {
        (TargetForm::Span, _) => &[
            ("stance_head.dense", width, 2 * width),
            ("stance_head.out", 3, width),
            ("sentiment_head.dense", width, width),
            ("sentiment_head.out", 3, width),
        ],
        (TargetForm::Pair, true) if pooled => &[("classifier", 3, width)],
        (TargetForm::Pair, true) => &[("pooler.dense", width, width), ("classifier", 3, width)],
        (TargetForm::Pair, false) => &[("classifier.dense", width, width), ("classifier.out_proj", 3, width)],
    };
    let mut rng = random(seed, Purpose::Heads, 0);
    let device = weights.device();
    for &(layer, outputs, inputs) in layers {
        let values: Vec<f32> = (0..outputs * inputs).map(|_| 0.02 * normal(&mut rng)).collect();
        weights.insert(format!("{layer}.weight"), Tensor::from_vec(values, (outputs, inputs), &device)?);
        weights.insert(format!("{layer}.bias"), Tensor::zeros(outputs, DType::F32, &device)?);
    }
    Ok(weights)
}

/// A draw from N(0, 1), by Box and Muller.
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}
