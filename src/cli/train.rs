//! `regard train`: examples and a base model in, a run directory with a checkpoint out.

use std::path::PathBuf;

use anstream::eprintln;
use regard_training::{Config, Event};

use crate::exit::Status;
use crate::{Outcome, model, progress};

/// Fine-tune a base model on labelled files, as a TOML file says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The experiment: see training/configs.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where to train: auto, cpu or cuda:N.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: String,
}

#[allow(clippy::print_stderr)]
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let config = Config::open(&arguments.config)?;
    let base = model::open(&config.base, &arguments.device)?;
    let bar = progress::count(0, "steps");
    let outcome = regard_training::train(&config, base, |event| match event {
        Event::Started { sentences, steps, left_out } => {
            bar.set_length(steps as u64);
            bar.suspend(|| {
                eprintln!("{sentences} sentences, {steps} steps");
                if left_out > 0 {
                    eprintln!("{left_out} stance examples whose target has no offsets are left out");
                }
            });
        }
        Event::Step { step, loss, tokens_per_second } => {
            bar.set_position(step as u64);
            bar.set_message(format!("loss {loss:.3}, {tokens_per_second:.0} tokens/s,"));
            // A log file has no bar to look at.
            if bar.is_hidden() && step % 50 == 0 {
                eprintln!("step {step}: loss {loss:.4}, {tokens_per_second:.0} tokens/s");
            }
        }
        Event::Epoch { epoch, score, best, .. } => bar.suspend(|| {
            let kept = if best { ", the best so far" } else { "" };
            eprintln!("epoch {epoch}: mean dev macro-F1 {:.2}{kept}", 100.0 * score);
        }),
    })?;
    bar.finish_and_clear();
    eprintln!("best checkpoint: {} (mean dev macro-F1 {:.2})", outcome.checkpoint.display(), 100.0 * outcome.score);
    Ok(Status::Done)
}
