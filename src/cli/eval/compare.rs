//! `regard eval compare`: several systems on the same examples.

use std::path::PathBuf;

use regard_eval::report::{ComparisonReport, write_comparison};

use crate::exit::Status;
use crate::{Outcome, figures};

use super::gold::GoldArguments;
use super::system::{Asking, Source};
use super::table;

/// Compare systems on the same examples: who is better, by how much, and is that more than chance?
#[derive(Debug, clap::Args)]
#[command(override_usage = "regard eval compare [OPTIONS] <SYSTEM> <SYSTEM>... --data <FILE>...")]
pub(crate) struct Arguments {
    /// Files of predictions, checkpoints (directory or hub id), or `default` for the shipped one.
    #[arg(required = true, num_args = 2.., value_name = "SYSTEM")]
    systems: Vec<String>,
    #[command(flatten)]
    gold: GoldArguments,
    /// Write comparison.json, comparison.html and comparison.md to a directory.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, asking: Asking<'_>) -> Outcome {
    let gold = arguments.gold.read()?;
    let mut problems = gold.left_out;
    let settings = arguments.gold.settings(&mut problems)?;
    let mut systems = Vec::new();
    for name in &arguments.systems {
        systems.push(Source::guess(name).open(asking, &gold.examples, &mut problems)?.system);
    }
    let comparison = regard_eval::compare::compare(&systems, &settings);
    anyhow::ensure!(!comparison.questions.is_empty(), "no example that all systems answer");
    let report = ComparisonReport { about: gold.about(&settings), comparison };
    if let Some(directory) = &arguments.report {
        write_comparison(&report, directory)?;
    }
    figures::print(arguments.gold.json, &report, || table::of_comparison(&report.comparison))?;
    Ok(Status::of_skipped(problems))
}
