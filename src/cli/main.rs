//! `regard`: how the sentences of the news stand toward the actors in them.
//!
//! One file a subcommand. stdout is data, stderr is for people; only this crate prints.

mod actors;
mod average;
mod bench;
mod calibrate;
mod changed;
mod classify;
mod data;
mod eval;
mod examples;
mod exit;
mod figures;
mod info;
mod input;
mod model;
mod output;
mod progress;
mod quantize;
mod train;
mod trim;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Status;

/// Say how each sentence of the news stands toward the actors in it: against, neutral or favor.
#[derive(Debug, Parser)]
#[command(name = "regard", version, about, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Classify(classify::Arguments),
    Actors(actors::Arguments),
    Info(info::Arguments),
    Eval(Box<eval::Arguments>),
    Bench(Box<bench::Arguments>),
    Train(train::Arguments),
    Trim(trim::Arguments),
    Average(average::Arguments),
    Calibrate(calibrate::Arguments),
    Quantize(quantize::Arguments),
    Data(data::Arguments),
}

fn main() -> ExitCode {
    one_pool();
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Classify(arguments) => classify::run(&arguments),
        Command::Actors(arguments) => actors::run(&arguments),
        Command::Info(arguments) => info::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Trim(arguments) => trim::run(&arguments),
        Command::Average(arguments) => average::run(&arguments),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::Quantize(arguments) => quantize::run(&arguments),
        Command::Data(arguments) => data::run(&arguments),
    };
    exit::report(result)
}

/// candle keeps a thread pool of its own beside rayon's, whose threads spin between two small operations and so take the
/// cores from the matrix products: training ran 15 % faster without it.
fn one_pool() {
    const VARIABLE: &str = "CANDLE_NUM_THREADS";
    if std::env::var_os(VARIABLE).is_none() {
        // SAFETY: the first statement of main; no other thread is there to read the environment.
        #[allow(unsafe_code)]
        unsafe {
            std::env::set_var(VARIABLE, "1");
        }
    }
}

/// What a subcommand ends with.
type Outcome = anyhow::Result<Status>;
