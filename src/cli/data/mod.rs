//! `regard data`: labelled files in and out of the forms they are published in.

mod convert;
mod split;
mod stats;
mod validate;

use std::path::PathBuf;

use clap::Subcommand;
use regard_eval::Example;

use crate::Outcome;
use crate::exit::skipped;

/// Convert, check, split and count labelled data sets.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Convert(convert::Arguments),
    Validate(validate::Arguments),
    Split(split::Arguments),
    Stats(stats::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    match &arguments.command {
        Command::Convert(arguments) => convert::run(arguments),
        Command::Validate(arguments) => validate::run(arguments),
        Command::Split(arguments) => split::run(arguments),
        Command::Stats(arguments) => stats::run(arguments),
    }
}

/// The examples of `files`, and how many lines are none; these are named on stderr.
fn examples(files: &[PathBuf]) -> anyhow::Result<(Vec<Example>, usize)> {
    let mut examples = Vec::new();
    let mut left_out = 0;
    for path in files {
        for example in regard_eval::example::read(path)? {
            match example {
                Ok(example) => examples.push(example),
                Err(error) => {
                    left_out += 1;
                    skipped(&error);
                }
            }
        }
    }
    anyhow::ensure!(!examples.is_empty(), "no example in {files:?}");
    Ok((examples, left_out))
}

/// A fraction of 1 for people.
fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}
