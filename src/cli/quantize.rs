//! `regard quantize`: a checkpoint in smaller numbers.

use std::io::{Write, stdout};
use std::path::PathBuf;

use regard::checkpoint::{Files, save};

use crate::exit::Status;
use crate::model::Dtype;
use crate::{Outcome, changed, model};

/// Store a checkpoint in smaller numbers. From int8 a CPU then answers in int8; everything else is read as f32.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Checkpoint or base model: a directory or a hub id.
    checkpoint: String,
    /// Directory to write, in place of what is there.
    output: PathBuf,
    /// How numbers are stored. int8: matrices, with one f32 scale a row, or in 4 bits where that is no worse; all else stays f32.
    #[arg(long, value_enum, value_name = "DTYPE")]
    dtype: Dtype,
    /// Labelled files on which to compare the answers before and after.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    compare: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let directory = model::directory(&arguments.checkpoint)?;
    let checkpoint = model::open(&arguments.checkpoint, "cpu")?;
    anyhow::ensure!(
        arguments.compare.is_empty() || checkpoint.question.is_some(),
        "--compare: expected a checkpoint that answers, found a base model without a head"
    );
    let dtype = arguments.dtype.name();
    let mut config = checkpoint.config.clone();
    // What transformers computes in; it knows nothing of int8 with our scales.
    if let Some(value) = config.get_mut("torch_dtype") {
        *value = if arguments.dtype == Dtype::Int8 { Dtype::F32.name() } else { dtype }.into();
    }
    let labelled = changed::read(&arguments.compare)?;
    let size = |directory: &PathBuf| std::fs::metadata(directory.join("model.safetensors")).map(|file| file.len());
    let before = size(&directory);
    let card = std::fs::read_to_string(directory.join("MODEL_CARD.md")).unwrap_or_default();
    let tensors: Vec<_> = checkpoint.weights.iter().collect::<Result<_, _>>()?;
    let files = Files {
        config: &config,
        tokenizer_json: &checkpoint.tokenizer_json,
        tensors,
        storage: arguments.dtype.storage(),
        card: &format!("{card}\nStored as {dtype}.\n"),
        others: Vec::new(),
    };
    save(&arguments.output, &files)?;
    drop(files);
    let mut out = stdout().lock();
    write!(out, "{}: {dtype}", arguments.output.display())?;
    match (before, size(&arguments.output)) {
        (Ok(before), Ok(after)) => writeln!(out, ", {after} bytes from {before}")?,
        _ => writeln!(out)?,
    }
    changed::write(&mut out, checkpoint, &arguments.output, &labelled)?;
    Ok(Status::Done)
}
