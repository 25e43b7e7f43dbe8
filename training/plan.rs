//! What a run would do and take, before it is begun.

use std::time::Instant;

use serde::Serialize;

use crate::Error;
use crate::config::{Config, Embeddings, Layers};
use crate::optimizer::factor;
use crate::pass::Pass;
use crate::sentences;
use crate::setup::{self, Learner};
use crate::train::Models;

/// Steps that are tried, after one that warms up.
const TRIED: usize = 3;

/// The size of a run, and what it takes on this machine.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Sentences that an epoch draws.
    pub sentences: usize,
    /// Labels against, neutral and favor in all files.
    pub stance: [usize; 3],
    /// Labels negative, neutral and positive.
    pub sentiment: [usize; 3],
    /// Examples that a model of this form cannot be shown.
    pub left_out: usize,
    /// Records that are no examples.
    pub broken: usize,
    /// Passes over the data.
    pub epochs: usize,
    /// Steps in all.
    pub steps: usize,
    /// Tokens that the first epoch reads.
    pub tokens_per_epoch: usize,
    /// Numbers that learn.
    pub trained: usize,
    /// Numbers of the model that do not.
    pub frozen: usize,
    /// Workers.
    pub threads: usize,
    /// Where the memory goes.
    pub memory: Memory,
    /// Measured over a few steps that are thrown away; evaluation is not in it.
    pub tokens_per_second: f64,
    /// Seconds that all steps take.
    pub seconds: f64,
}

/// Estimates, in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Memory {
    /// The model.
    pub weights: usize,
    /// Gradients of what learns, one set a worker.
    pub gradients: usize,
    /// Moments, and the average where one is kept; those of row-sparse embeddings as if all rows were read.
    pub optimizer: usize,
    /// What the forward pass of the largest batch keeps for the backward pass.
    pub activations: usize,
}

impl Memory {
    /// All of it.
    pub fn total(self) -> usize {
        self.weights + self.gradients + self.optimizer + self.activations
    }
}

/// What the run of `config` on `models` would do and take; nothing is written.
///
/// # Errors
/// As [`train`](crate::train()) before its first step and in its first steps.
pub fn plan(config: &Config, models: Models) -> Result<Plan, Error> {
    let config = &setup::resolved(config, &models.base);
    let shape = models.base.encoder.clone();
    let Learner { data, mut parameters, predictor, workers, layout } = Learner::new(config, models)?;
    let batches = data.sampler.epoch(0);
    let sentences = data.sampler.sentences();
    let tokens = |batch: &[usize]| batch.iter().map(|&index| sentences[index].encoding.ids.len()).sum::<usize>();
    let tokens_per_epoch = batches.iter().map(|batch| tokens(batch)).sum();
    let largest = batches.iter().map(|batch| tokens(batch)).max().unwrap_or_default();
    let mut reading = data.steps(config);
    let steps = reading.count;

    let (mut learnt, mut seconds) = (0, 0.0);
    for step in 0..(1 + TRIED).min(steps) {
        let (place, read) = reading.at(step);
        let begun = Instant::now();
        let pass = Pass { config, model: predictor.model(), parameters: &parameters };
        let result = workers.learn(pass, &data.sampler, read, place)?;
        let tokens = result.tokens;
        parameters.step(result.gradients, factor(&config.optimizer, step, steps))?;
        if step > 0 || steps == 1 {
            learnt += tokens;
            seconds += begun.elapsed().as_secs_f64();
        }
    }
    let tokens_per_second = learnt as f64 / seconds;

    let [stance, sentiment] = sentences::counts(sentences);
    let numbers = layout.numbers();
    let trained = parameters.count();
    let dense = parameters.variables().iter().map(|(_, variable)| variable.elem_count()).sum::<usize>();
    let table = if config.trained.embeddings == Embeddings::Full { shape.vocabulary * shape.hidden } else { 0 };
    let averages = if config.optimizer.average > 0.0 { dense + table } else { 0 };
    let float = size_of::<f32>();
    // Of a layer: query, key, value, what was read, its projection, the sum and its norm, and the sum after the feed-forward
    // block, what that gives and its norm; both sides of GELU.
    let layer = 10 * shape.hidden + 2 * shape.intermediate;
    let through = config.trained.layers != Layers::Frozen || parameters.trains_words() || config.loss.adversarial > 0.0;
    let kept = match (through, config.compute.recompute) {
        (false, _) => shape.hidden,
        (_, true) => shape.layers * shape.hidden + layer,
        (_, false) => shape.layers * layer,
    };
    let memory = Memory {
        weights: numbers * float,
        gradients: (dense * config.compute.threads + table) * float,
        optimizer: (2 * trained + averages) * float,
        activations: largest * kept * float,
    };
    Ok(Plan {
        sentences: data.sampler.drawn(),
        stance,
        sentiment,
        left_out: data.left_out,
        broken: data.broken.len(),
        epochs: config.epochs,
        steps,
        tokens_per_epoch,
        trained,
        frozen: numbers.saturating_sub(trained),
        threads: config.compute.threads,
        memory,
        tokens_per_second,
        seconds: (config.epochs * tokens_per_epoch) as f64 / tokens_per_second,
    })
}
