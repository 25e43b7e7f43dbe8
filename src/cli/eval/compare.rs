//! `regard eval compare`: several systems on the same examples.

use std::io::{Write, stdout};

use crate::Outcome;
use crate::exit::Status;

use super::{GoldArguments, system, table};

/// Compare systems on the same examples: who is better, by how much, and is that more than chance?
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files of predictions, checkpoints (directory or hub id), or `default` for the shipped one.
    #[arg(required = true, num_args = 2.., value_name = "SYSTEM")]
    systems: Vec<String>,
    #[command(flatten)]
    gold: GoldArguments,
}

pub(super) fn run(arguments: &Arguments, device: &str) -> Outcome {
    let gold = arguments.gold.read()?;
    let settings = arguments.gold.settings()?;
    let mut problems = gold.left_out;
    let mut systems = Vec::new();
    for name in &arguments.systems {
        systems.push(system::open(Some(name), device, &gold.examples, &mut problems)?.system);
    }
    let comparison = regard_eval::compare::compare(&systems, &settings);
    anyhow::ensure!(!comparison.questions.is_empty(), "no example that all systems answer");
    let mut out = stdout().lock();
    match arguments.gold.prints_json() {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&comparison)?)?,
        false => writeln!(out, "{}", table::of_comparison(&comparison))?,
    }
    Ok(Status::of_skipped(problems))
}
