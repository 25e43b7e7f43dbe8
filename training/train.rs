//! The training loop, top to bottom.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use regard::checkpoint::Checkpoint;
use regard_eval::Evaluation;

use crate::config::Config;
use crate::optimizer::factor;
use crate::pass::Pass;
use crate::run::Directory;
use crate::setup::{self, Learner, Standing};
use crate::{Error, card, dev};

/// The models that a run begins with.
#[derive(Debug)]
pub struct Models {
    /// What is fine-tuned.
    pub base: Checkpoint,
    /// Whose answers are learnt; one for each of `teacher.checkpoints`.
    pub teachers: Vec<Checkpoint>,
}

/// How a run is started and ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Take up the run that is in the output directory.
    pub resume: bool,
    /// Replace the run that is there.
    pub overwrite: bool,
    /// Stop after so many steps, as if interrupted.
    pub steps: Option<usize>,
}

/// What happens in a run, for whoever shows it.
#[derive(Debug)]
pub enum Event<'a> {
    /// Before the first step.
    Started {
        /// Sentences that an epoch draws.
        sentences: usize,
        /// Steps in all.
        steps: usize,
        /// Steps taken before, in a run that is taken up.
        step: usize,
        /// Examples that a model of this form cannot be shown, such as a target without a mention to pool.
        left_out: usize,
        /// Records that are no examples, with their place.
        broken: &'a [regard_eval::Error],
    },
    /// After each step.
    Step {
        /// Counted from 1.
        step: usize,
        /// Mean loss of the last steps.
        loss: f64,
        /// The encoder's highest learning rate in this step.
        lr: f64,
        /// Tokens learnt from a second, since the start.
        tokens_per_second: f64,
        /// Seconds that the steps left will take.
        seconds_left: f64,
    },
    /// Dev was judged.
    Evaluated {
        /// After this step.
        step: usize,
        /// The epoch it belongs to, counted from 1.
        epoch: usize,
        /// Mean of the dev files' figures.
        score: f64,
        /// Whether it is the best so far, and saved.
        best: bool,
        /// All figures.
        evaluation: &'a Evaluation,
    },
    /// The full state was saved.
    Saved {
        /// Where.
        path: PathBuf,
    },
}

/// What a run ends with.
#[derive(Debug)]
pub struct Outcome {
    /// The best checkpoint; not there yet where dev was never judged.
    pub checkpoint: PathBuf,
    /// Its mean figure on the dev files.
    pub score: Option<f64>,
    /// Steps taken.
    pub step: usize,
    /// Whether the run came to its end; an interrupted one can be taken up.
    pub finished: bool,
}

/// Fine-tune `models.base` as `config` says; the heads of a checkpoint of the same form are trained on, any other base gets new
/// ones. `report` may break the run off after any event: its state is saved then.
///
/// The run directory gets `config.toml` and `run.json` before the first step, `metrics.jsonl` and TensorBoard events as it goes,
/// `last/`, the full state of the last save, `best/`, the checkpoint that did best on dev, with temperatures fitted there, and
/// `curves.svg` at the end.
///
/// # Errors
/// Where data, models or run directory do not serve, a trained tensor gets no gradient, or the loss is no longer finite; the last
/// good state is saved then.
pub fn train(
    config: &Config,
    models: Models,
    options: Options,
    report: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<Outcome, Error> {
    let config = &setup::resolved(config, &models.base);
    let provenance = setup::provenance(config, &models)?;
    setup::admit(config, &provenance, options)?;
    let mut learner = Learner::new(config, models)?;
    let Standing { mut progress, mut records } = setup::begin(config, &mut learner, &provenance, options)?;
    let Learner { data, mut parameters, predictor, workers, layout } = learner;
    let directory = Directory(config.output.clone());
    let figure = config.figure()?;
    let mut reading = data.steps(config);
    let (in_epoch, steps) = (reading.in_epoch, reading.count);
    let sentences = data.sampler.drawn();
    let started =
        Event::Started { sentences, steps, step: progress.step, left_out: data.left_out, broken: &data.broken };
    let mut going = report(started);

    let (mut saved, mut checked) = (Instant::now(), false);
    let finished = loop {
        let every = if config.evaluation.every == 0 { in_epoch } else { config.evaluation.every };
        let due = progress.step > 0 && (progress.step.is_multiple_of(every) || progress.step == steps);
        if due && progress.evaluated < progress.step && going.is_continue() {
            parameters.exchange()?;
            let verdict = dev::judge(&predictor, &data.dev, figure)?;
            let best = progress.best.is_none_or(|(best, _)| dev::better(figure, verdict.score, best));
            let epoch = progress.step.div_ceil(in_epoch);
            if best {
                let card = card::of_run(config, &provenance, &progress, &verdict);
                layout.save_best(&directory, &verdict.temperatures, &card)?;
                progress.best = Some((verdict.score, progress.step));
            }
            parameters.exchange()?;
            progress.worse = if best { 0 } else { progress.worse + 1 };
            progress.evaluated = progress.step;
            records.dev(progress.step, epoch, &verdict, best)?;
            let (step, score) = (progress.step, verdict.score);
            let event = Event::Evaluated { step, epoch, score, best, evaluation: &verdict.evaluation };
            going = report(event);
        }
        let patience = config.evaluation.patience;
        let finished = progress.evaluated >= steps || patience > 0 && progress.worse >= patience;
        let stopped = going.is_break() || options.steps.is_some_and(|stop| progress.step >= stop);
        if finished || stopped || saved.elapsed().as_secs_f64() > 60.0 * config.compute.save_minutes {
            layout.save_last(&directory, &parameters, &progress)?;
            saved = Instant::now();
            let going = report(Event::Saved { path: directory.last() });
            if finished || stopped || going.is_break() {
                break finished;
            }
        }

        let begun = Instant::now();
        let (place, read) = reading.at(progress.step);
        let pass = Pass { config, model: predictor.model(), parameters: &parameters };
        let learnt = workers.learn(pass, &data.sampler, read, place)?;
        if !checked && learnt.kinds.contains(&true) {
            parameters.check(&learnt)?;
            checked = true;
        }
        let rate = factor(&config.optimizer, progress.step, steps);
        let (loss, tokens) = (learnt.loss, learnt.tokens);
        let norm = if loss.is_finite() { parameters.step(learnt.gradients, rate)? } else { f64::NAN };
        if !norm.is_finite() {
            // What cannot be opened again must not take the place of what can.
            if parameters.is_finite()? {
                layout.save_last(&directory, &parameters, &progress)?;
            }
            let names = read.iter().flatten().map(|&index| data.sampler.sentences()[index].name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            return Err(Error::Diverged { step: progress.step + 1, kept: directory.last(), names });
        }
        progress.learnt(loss, tokens, begun.elapsed());
        let lr = config.optimizer.lr * rate;
        records.step(&progress, progress.step.div_ceil(in_epoch), [loss, lr, norm])?;
        let event = Event::Step {
            step: progress.step,
            loss: progress.loss.unwrap_or(loss),
            lr,
            tokens_per_second: progress.tokens as f64 / progress.seconds,
            seconds_left: progress.seconds / progress.step as f64 * steps.saturating_sub(progress.step) as f64,
        };
        going = report(event);
    };
    records.curves(&directory, figure)?;
    let score = progress.best.map(|(score, _)| score);
    Ok(Outcome { checkpoint: directory.best(), score, step: progress.step, finished })
}
