//! `regard bench compare`: what changed between two benchmarks.

use std::path::PathBuf;

use regard_eval::bench::{self, Report};

use super::table;
use crate::exit::{Status, note};
use crate::{Outcome, figures};

/// Say which figures of two benchmarks differ by more than their rounds do: a table to a terminal, JSON otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What `regard bench --json` wrote.
    #[arg(value_name = "BEFORE")]
    one: PathBuf,
    /// Another.
    #[arg(value_name = "AFTER")]
    other: PathBuf,
    /// Compare although machine, model, settings or work differ; what does is named.
    #[arg(long)]
    anyway: bool,
    /// Print JSON to a terminal too.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let comparison = bench::compare(&Report::read(&arguments.one)?, &Report::read(&arguments.other)?)?;
    let comparison = match arguments.anyway {
        true => comparison,
        false => comparison.like([arguments.one.clone(), arguments.other.clone()])?,
    };
    for difference in &comparison.differs {
        note(&format_args!("differs: {difference}"));
    }
    figures::print(arguments.json, &comparison, || table::of_comparison(&comparison))?;
    Ok(Status::Done)
}
