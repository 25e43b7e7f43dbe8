//! `--dry-run`: what a run will do and take, before it does.

use std::time::Duration;

use indicatif::{FormattedDuration, HumanBytes, HumanCount};
use regard::{Label, Sentiment, Stance};
use regard_training::{Config, Plan};

use super::Arguments;
use crate::exit::Status;
use crate::{Outcome, figures};

/// Print the plan, and write what the run will read where that was asked for.
pub(super) fn run(arguments: &Arguments, config: &Config) -> Outcome {
    let plan = regard_training::plan(config, arguments.models(config)?)?;
    if let Some(path) = &arguments.batches {
        regard_training::write_batches(config, arguments.models(config)?, path)?;
    }
    figures::print(arguments.json, &plan, || table(&plan))?;
    Ok(Status::of_skipped(plan.broken))
}

fn table(plan: &Plan) -> String {
    let mut table = figures::table(["", "plan"], 1);
    let mut row = |name: &str, value: String| {
        table.add_row([name.to_owned(), value]);
    };
    let count = |count: usize| HumanCount(count as u64).to_string();
    let bytes = |bytes: usize| HumanBytes(bytes as u64).to_string();
    row("sentences an epoch", count(plan.sentences));
    for (question, names, counts) in
        [("stance", Stance::NAMES, plan.stance), ("sentiment", Sentiment::NAMES, plan.sentiment)]
    {
        for (name, number) in names.into_iter().zip(counts).filter(|_| counts != [0; 3]) {
            row(&format!("{question} {name}"), count(number));
        }
    }
    row("examples left out", count(plan.left_out));
    row("broken records", count(plan.broken));
    row("tokens in the first epoch", count(plan.tokens_per_epoch));
    row("epochs", count(plan.epochs));
    row("steps", count(plan.steps));
    row("trained parameters", count(plan.trained));
    row("frozen parameters", count(plan.frozen));
    row("threads", count(plan.threads));
    row("memory, about", bytes(plan.memory.total()));
    for (part, size) in [
        ("  weights", plan.memory.weights),
        ("  gradients", plan.memory.gradients),
        ("  optimizer", plan.memory.optimizer),
        ("  activations", plan.memory.activations),
    ] {
        row(part, bytes(size));
    }
    row("tokens a second", format!("{:.0}", plan.tokens_per_second));
    let time = Duration::try_from_secs_f64(plan.seconds).unwrap_or_default();
    row("time without evaluation, about", FormattedDuration(time).to_string());
    table.to_string()
}
