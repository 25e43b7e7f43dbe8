//! `regard data`: labelled files in and out of the forms they are published in.

mod convert;
mod split;
mod stats;
mod validate;

use crate::Outcome;
use clap::Subcommand;

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
