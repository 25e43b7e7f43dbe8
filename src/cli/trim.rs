//! `regard trim`: a checkpoint with the part of its vocabulary that its languages need.

use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::Context;
use regard_training::{TrimPlan, trim, trim_checkpoint};
use serde::Deserialize;

use crate::exit::Status;
use crate::model::Dtype;
use crate::{Outcome, changed, model};

/// Cut a checkpoint's vocabulary to the pieces that given texts and their scripts need, and store its matrices small.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Checkpoint or base model with a Unigram vocabulary: a directory or a hub id.
    checkpoint: String,
    /// Directory to write, in place of what is there.
    output: PathBuf,
    /// Pieces to keep.
    #[arg(long, default_value_t = TrimPlan::default().pieces)]
    pieces: usize,
    /// Texts of the kind that will be read: the field `text` of `.jsonl` files, the lines of others.
    #[arg(long, num_args = 1.., required = true, value_name = "FILE")]
    text: Vec<PathBuf>,
    /// How numbers are stored.
    #[arg(long, value_enum, default_value = "f32", value_name = "DTYPE")]
    dtype: Dtype,
    /// Labelled files on which to compare the answers before and after.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    compare: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut texts = Vec::new();
    for path in &arguments.text {
        texts.extend(lines(path)?);
    }
    // A sentence with several targets stands in several examples.
    texts.sort_unstable();
    texts.dedup();
    let labelled = changed::read(&arguments.compare)?;
    let directory = model::directory(&arguments.checkpoint)?;
    let checkpoint = model::open(&arguments.checkpoint, "cpu")?;
    let plan = TrimPlan { pieces: arguments.pieces, ..TrimPlan::default() };
    let trimmed = trim(&checkpoint.tokenizer_json, texts.iter().map(String::as_str), &plan)?;
    let storage = arguments.dtype.storage();
    let card = std::fs::read_to_string(directory.join("MODEL_CARD.md")).unwrap_or_default();
    let (pieces, of) = (trimmed.kept.len(), checkpoint.tokenizer.vocabulary());
    let card =
        format!("{card}\nVocabulary trimmed to {pieces} of {of} pieces; stored as {}.\n", arguments.dtype.name());
    trim_checkpoint(&checkpoint, &arguments.output, &trimmed, storage, &card)?;
    let mut out = stdout().lock();
    writeln!(out, "{}: {pieces} of {of} pieces", arguments.output.display())?;
    changed::write(&mut out, checkpoint, &arguments.output, &labelled)?;
    Ok(Status::Done)
}

/// The texts of a file.
fn lines(path: &Path) -> anyhow::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Record {
        text: String,
    }
    let place = || path.display().to_string();
    let labelled = path.extension().is_some_and(|extension| extension == "jsonl");
    let mut texts = Vec::new();
    for (index, line) in BufReader::new(File::open(path).with_context(place)?).lines().enumerate() {
        let line = line.with_context(place)?;
        if line.trim().is_empty() {
            continue;
        }
        texts.push(match labelled {
            true => serde_json::from_str::<Record>(&line).with_context(|| format!("{}:{}", place(), index + 1))?.text,
            false => line,
        });
    }
    Ok(texts)
}
