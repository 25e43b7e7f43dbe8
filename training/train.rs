//! The training loop, top to bottom.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use candle_core::Tensor;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regard::batch::Batch;
use regard::checkpoint::{self, Checkpoint, Files, Temperatures};
use regard::encoder::{DropoutStream, Mode};
use regard::head::Question;
use regard::model::Model;
use regard::predict::Predictor;
use regard::weights::{Storage, Weights};
use regard_eval::{Evaluation, Example};
use serde_json::{Value, json};

use crate::calibration;
use crate::config::Config;
use crate::optimizer::AdamW;
use crate::sentences::{self, Examples, Labels, Sentence};
use crate::{Error, card};

/// What happens in a run, for whoever shows it.
#[derive(Debug)]
pub enum Event<'a> {
    /// Before the first step.
    Started {
        /// Sentences to learn from.
        sentences: usize,
        /// Steps in all.
        steps: usize,
        /// Stance examples whose target has no mention to pool.
        left_out: usize,
    },
    /// After each step.
    Step {
        /// Counted from 1.
        step: usize,
        /// Mean loss of the last steps.
        loss: f64,
        /// Tokens learnt from a second, since the start.
        tokens_per_second: f64,
    },
    /// After each epoch.
    Epoch {
        /// Counted from 1.
        epoch: usize,
        /// On the dev files.
        evaluation: &'a Evaluation,
        /// Mean macro-F1 of the dev files.
        score: f64,
        /// Whether it is the best so far, and saved.
        best: bool,
    },
}

/// What a run ends with.
#[derive(Debug)]
pub struct Outcome {
    /// The best checkpoint.
    pub checkpoint: PathBuf,
    /// Its mean macro-F1 on the dev files.
    pub score: f64,
}

/// Fine-tune `base` as `config` says; the heads of a `span` checkpoint are trained on, any other base gets new ones.
///
/// The run directory gets `config.toml` before the first step, `metrics.jsonl` as it goes and `best/`, the checkpoint of the best
/// epoch with its temperatures fitted on dev.
///
/// # Errors
/// Where data, base model or run directory do not serve, a trained tensor gets no gradient, or the loss is no longer finite.
pub fn train(config: &Config, base: Checkpoint, mut report: impl FnMut(Event<'_>)) -> Result<Outcome, Error> {
    let run = &config.output;
    let tokenizer = base.tokenizer.clone().with_longest(config.longest.min(base.encoder.longest()));
    let mut files = Vec::new();
    for source in &config.train {
        files.push(Examples { examples: examples(&source.path)?, share: source.share, absent: source.absent });
    }
    let (sentences, left_out) = sentences::gather(&files, &tokenizer)?;
    drop(files);
    let mut dev = Vec::new();
    for path in &config.dev {
        dev.push(examples(path)?);
    }

    std::fs::create_dir_all(run).map_err(regard::Error::io(run))?;
    let resolved = toml::to_string_pretty(config)
        .map_err(|error| Error::Config { path: run.clone(), message: error.to_string() })?;
    write(&run.join("config.toml"), resolved.as_bytes())?;
    let mut metrics = File::create(run.join("metrics.jsonl")).map_err(regard::Error::io(run.join("metrics.jsonl")))?;

    // Everything random in a run comes from this stream, in this order.
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut weights = base.weights;
    if base.question != Some(Question::Span) {
        weights.retain(|name| name.starts_with("embeddings.") || name.starts_with("encoder."));
        new_heads(&mut weights, base.encoder.hidden, &mut rng)?;
    }
    let frozen = |name: &str| config.optimizer.freeze_embeddings && name == "embeddings.word_embeddings.weight";
    let variables = weights.train(|name| !frozen(name))?;
    let dropout = DropoutStream::new(rng.random());
    let epochs: Vec<_> = (0..config.epochs).map(|_| sentences::batches(&sentences, config.batch, &mut rng)).collect();
    let steps = epochs.iter().map(Vec::len).sum();
    let saved = weights.clone();
    let model = Model::load(&base.encoder, Question::Span, weights)?;
    let mut predictor = Predictor::from_parts(model, tokenizer, Temperatures::default());
    let mut optimizer = AdamW::new(variables, &config.optimizer)?;
    let [stance, sentiment] = sentences::counts(&sentences);
    log(
        &mut metrics,
        run,
        &json!({"sentences": sentences.len(), "stance": stance, "sentiment": sentiment, "steps": steps}),
    )?;
    report(Event::Started { sentences: sentences.len(), steps, left_out });

    let (mut step, mut tokens, mut smooth, start) = (0, 0, None, Instant::now());
    let mut best = None;
    for (epoch, batches) in epochs.iter().enumerate() {
        for batch in batches {
            let picked: Vec<&Sentence> = batch.iter().map(|&index| &sentences[index]).collect();
            let labels = Labels::of(picked.iter().copied());
            let packed = Batch::pack(picked.iter().map(|sentence| &sentence.encoding));
            let logits = predictor.model().forward(&packed, Mode::Train(&dropout))?;
            let Some(loss) = labels.loss(&logits, config.sentiment_weight)? else { continue };
            let gradients = loss.backward()?;
            if step == 0 {
                let missing: Vec<&str> = optimizer.without_gradient(&gradients)?;
                let (stance, sentiment) = labels.kinds();
                let asked = |name: &str| {
                    (stance || !name.starts_with("stance_head.")) && (sentiment || !name.starts_with("sentiment_head."))
                };
                let missing: Vec<String> = missing.into_iter().filter(|name| asked(name)).map(String::from).collect();
                if !missing.is_empty() {
                    return Err(Error::NoGradient { names: missing.join(", ") });
                }
            }
            let norm = optimizer.step(&gradients, schedule(step, steps, config.optimizer.warmup))?;
            step += 1;
            tokens += packed.ids().len();
            let loss = f64::from(loss.to_scalar::<f32>()?);
            let mean = smooth.map_or(loss, |mean: f64| mean + 0.02 * (loss - mean));
            smooth = Some(mean);
            let tokens_per_second = tokens as f64 / start.elapsed().as_secs_f64();
            if step % 10 == 0 {
                log(
                    &mut metrics,
                    run,
                    &json!({"step": step, "loss": loss, "norm": norm, "tokens_per_second": tokens_per_second}),
                )?;
            }
            report(Event::Step { step, loss: mean, tokens_per_second });
        }
        predictor.calibrate(Temperatures::default());
        let dev_answers = answers(&predictor, &dev)?;
        let scores: Vec<f64> = dev_answers.iter().map(|file| score(&regard_eval::count(file))).collect();
        let score = scores.iter().sum::<f64>() / scores.len() as f64;
        let all = dev_answers.concat();
        let evaluation = regard_eval::count(&all);
        let is_best = best.is_none_or(|best| score > best);
        if is_best {
            best = Some(score);
            let temperatures = calibration::fit(&all);
            let config_json = checkpoint::span_config(base.config.clone(), temperatures);
            let card = card::of_run(config, epoch + 1, score, &evaluation);
            save(&run.join("best"), &config_json, &base.tokenizer_json, &saved, &card)?;
        }
        log(&mut metrics, run, &json!({"epoch": epoch + 1, "score": score, "best": is_best, "dev": evaluation}))?;
        report(Event::Epoch { epoch: epoch + 1, evaluation: &evaluation, score, best: is_best });
    }
    Ok(Outcome { checkpoint: run.join("best"), score: best.unwrap_or_default() })
}

/// Linear warm-up over the first share of `steps`, then linear decay to zero: a factor of the highest rate.
fn schedule(step: usize, steps: usize, warmup: f64) -> f64 {
    let rising = (warmup * steps as f64).ceil();
    let step = step as f64;
    if step < rising { (step + 1.0) / rising } else { (steps as f64 - step) / (steps as f64 - rising).max(1.0) }
}

/// Heads that know nothing yet: weights from N(0, 0.02²), as BERT's were, biases zero.
fn new_heads(weights: &mut Weights, width: usize, rng: &mut ChaCha8Rng) -> Result<(), Error> {
    for (head, inputs) in [("stance_head", 2 * width), ("sentiment_head", width)] {
        for (layer, outputs, inputs) in [("dense", width, inputs), ("out", 3, width)] {
            let values: Vec<f32> = (0..outputs * inputs).map(|_| 0.02 * normal(rng)).collect();
            let device = &candle_core::Device::Cpu;
            let place = weights.device();
            let weight = Tensor::from_vec(values, (outputs, inputs), device)?.to_device(&place)?;
            weights.insert(format!("{head}.{layer}.weight"), weight);
            weights.insert(format!("{head}.{layer}.bias"), Tensor::zeros(outputs, candle_core::DType::F32, &place)?);
        }
    }
    Ok(())
}

/// A draw from N(0, 1), by Box and Muller.
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}

/// All examples of a file: a line that is not one stops the run before it starts.
fn examples(path: &Path) -> Result<Vec<Example>, Error> {
    Ok(regard_eval::example::read(path)?.into_iter().collect::<Result<_, _>>()?)
}

fn answers<'a>(predictor: &Predictor, files: &'a [Vec<Example>]) -> Result<Vec<Vec<regard_eval::Answered<'a>>>, Error> {
    files.iter().map(|file| Ok(regard_eval::answer(predictor, file, |_| ())?)).collect()
}

/// Macro-F1 of what the file asks.
fn score(evaluation: &Evaluation) -> f64 {
    let scores: Vec<f64> = evaluation.questions().map(|(_, metrics)| metrics.macro_f1()).collect();
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

fn save(directory: &Path, config: &Value, tokenizer_json: &[u8], weights: &Weights, card: &str) -> Result<(), Error> {
    let files = Files { config, tokenizer_json, tensors: weights.iter().collect(), storage: Storage::F32, card };
    Ok(checkpoint::save(directory, &files)?)
}

fn log(file: &mut File, run: &Path, value: &Value) -> Result<(), Error> {
    Ok(writeln!(file, "{value}").map_err(regard::Error::io(run.join("metrics.jsonl")))?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes).map_err(regard::Error::io(&partial))?;
    Ok(std::fs::rename(&partial, path).map_err(regard::Error::io(path))?)
}

#[cfg(test)]
mod tests {
    use super::schedule;

    #[test]
    fn the_rate_rises_and_falls() {
        let factors: Vec<f64> = (0..10).map(|step| schedule(step, 10, 0.2)).collect();
        assert_eq!(factors[..3], [0.5, 1.0, 1.0]);
        assert!(factors[2..].windows(2).all(|pair| pair[0] > pair[1]));
        assert!(factors[9] > 0.0);
        assert_eq!(schedule(0, 1, 0.0), 1.0);
    }
}
