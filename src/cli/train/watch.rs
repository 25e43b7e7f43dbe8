//! A run as people watch it: a bar on a terminal, lines in a log.

use std::ops::ControlFlow;
use std::time::Duration;

use anstream::eprintln;
use indicatif::FormattedDuration;
use regard_eval::Evaluation;
use regard_training::{Config, Event, Models, Options, Outcome};

use super::interrupt;
use crate::exit::skipped;
use crate::progress;

/// Steps between two lines of a log.
const LINE_EVERY: usize = 50;

/// A run that came to an end, and what was seen of it.
pub(super) struct Watched {
    pub(super) outcome: Outcome,
    /// Records that were left out.
    pub(super) broken: usize,
    /// Of the best weights that this process saw.
    pub(super) evaluation: Option<Evaluation>,
}

/// Train, and tell people how it goes; stops where a signal asks for it.
#[allow(clippy::print_stderr)]
pub(super) fn train(config: &Config, models: Models, options: Options) -> anyhow::Result<Watched> {
    let metric = &config.evaluation.metric;
    let bar = progress::steps();
    let (mut left_out_records, mut best_evaluation) = (0, None);
    let mut report = |event: Event<'_>| {
        match event {
            Event::Started { sentences, steps, step, left_out, broken } => {
                bar.set_length(steps as u64);
                bar.set_position(step as u64);
                left_out_records = broken.len();
                bar.suspend(|| {
                    broken.iter().for_each(|error| skipped(error));
                    eprintln!("{sentences} sentences an epoch, {steps} steps");
                    if step > 0 {
                        eprintln!("going on after step {step}");
                    }
                    if left_out > 0 {
                        eprintln!("{left_out} examples that this form of model cannot be shown are left out");
                    }
                });
            }
            Event::Step { step, loss, lr, tokens_per_second, seconds_left } => {
                let left = FormattedDuration(Duration::try_from_secs_f64(seconds_left).unwrap_or_default());
                let message = format!("loss {loss:.4}, lr {lr:.1e}, {tokens_per_second:.0} tokens/s, {left} left");
                // A log has no bar to look at.
                if bar.is_hidden() && step % LINE_EVERY == 0 {
                    eprintln!("step {step}: {message}");
                }
                bar.set_position(step as u64);
                bar.set_message(message);
            }
            Event::Evaluated { step, epoch, score, best, evaluation } => {
                if best {
                    best_evaluation = Some(evaluation.clone());
                }
                let kept = if best { ", the best so far" } else { "" };
                bar.suspend(|| eprintln!("step {step}, epoch {epoch}: mean dev {metric} {score:.4}{kept}"));
            }
            Event::Saved { .. } => {}
        }
        if interrupt::wanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let outcome = regard_training::train(config, models, options, &mut report);
    bar.finish_and_clear();
    Ok(Watched { outcome: outcome?, broken: left_out_records, evaluation: best_evaluation })
}
