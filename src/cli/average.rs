//! `regard average`: one checkpoint of several runs.

use std::io::{Write, stdout};
use std::path::PathBuf;

use regard_training::average;

use crate::exit::Status;
use crate::{Outcome, model};

/// Average the weights of checkpoints that were trained from the same base: nearly as good as all of them together, as fast as one.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Checkpoints: directories or hub ids. Their vocabularies and shapes must be the same.
    #[arg(required = true, num_args = 2.., value_name = "CHECKPOINT")]
    checkpoints: Vec<String>,
    /// Directory to write, in place of what is there.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let checkpoints = arguments.checkpoints.iter().map(|name| model::open(name, "cpu"));
    let checkpoints: Vec<_> = checkpoints.collect::<anyhow::Result<_>>()?;
    let names = arguments.checkpoints.join("`, `");
    average(&checkpoints, &arguments.output, &format!("# A `regard` checkpoint\n\nMean of `{names}`.\n"))?;
    writeln!(stdout(), "{}: mean of {}", arguments.output.display(), checkpoints.len())?;
    Ok(Status::Done)
}
