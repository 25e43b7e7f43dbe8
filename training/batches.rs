//! Everything that a run reads, step by step, for eyes and for other trainers: `scripts/peers` trains on it with PyTorch.

use std::path::Path;

use regard_eval::Replacement;
use serde_json::{Value, json};

use crate::Error;
use crate::config::{Config, Embeddings};
use crate::optimizer::factor;
use crate::parameters::TABLE;
use crate::sentences::{Answer, Sentence};
use crate::setup::{self, Learner};
use crate::train::Models;

/// Write what the run of `config` on `models` would read to `path`: one line with its numbers, then one a step.
///
/// # Errors
/// As [`train`](crate::train()) before its first step, or where the file cannot be written.
pub fn write_batches(config: &Config, models: Models, path: &Path) -> Result<(), Error> {
    let config = &setup::resolved(config, &models.base);
    let Learner { data, workers, .. } = Learner::new(config, models)?;
    let mut reading = data.steps(config);
    let steps = reading.count;
    let mut file = Replacement::create(path)?;
    let frozen: &[&str] = if config.trained.embeddings == Embeddings::Frozen { &[TABLE] } else { &[] };
    file.write_line(&json!({"config": {
        "seed": config.seed,
        "steps": steps,
        "sentiment_weight": config.loss.sentiment_weight,
        "longest": config.longest,
        "optimizer": config.optimizer,
        "target": config.target,
        "loss": config.loss,
        "trained": config.trained,
        "frozen": frozen,
    }}))?;
    for step in 0..steps {
        let (place, batches) = reading.at(step);
        let read = workers.read(config, &data.sampler, batches, place);
        let sentences: Vec<Value> =
            read.into_iter().flatten().map(|(sentence, encoding)| line(sentence, &encoding)).collect();
        let factor = factor(&config.optimizer, step, steps);
        file.write_line(&json!({"step": step + 1, "factor": factor, "sentences": sentences}))?;
    }
    Ok(file.keep()?)
}

fn line(sentence: &Sentence, encoding: &regard::encode::Encoding) -> Value {
    let golds = |answers: &[Answer]| answers.iter().map(|answer| answer.gold).collect::<Vec<_>>();
    let possible = |answers: &[Answer]| answers.iter().map(|answer| answer.possible).collect::<Vec<_>>();
    json!({
        "name": sentence.name,
        "ids": encoding.ids,
        "targets": encoding.targets,
        "stance": golds(&sentence.stance),
        "stance_possible": possible(&sentence.stance),
        "sentiment": sentence.sentiment.map(|answer| answer.gold),
        "sentiment_possible": sentence.sentiment.map_or([true; 3], |answer| answer.possible),
    })
}
