//! `regard trim`: a checkpoint with the part of its vocabulary that its languages need.

use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use regard::checkpoint::Checkpoint;
use regard::predict::Predictor;
use regard::weights::Storage;
use regard_eval::{Answered, Example};
use regard_training::{TrimPlan, trim, trim_checkpoint};
use serde::Deserialize;

use crate::exit::Status;
use crate::{Outcome, model, progress};

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
    #[arg(long, value_enum, default_value = "f32")]
    dtype: Dtype,
    /// Labelled files on which to compare the answers before and after.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    compare: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Dtype {
    F32,
    /// One byte a number in matrices, one scale a row.
    Int8,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut texts = Vec::new();
    for path in &arguments.text {
        texts.extend(lines(path)?);
    }
    // A sentence with several targets stands in several examples.
    texts.sort_unstable();
    texts.dedup();
    let directory = model::directory(&arguments.checkpoint)?;
    let checkpoint = model::open(&arguments.checkpoint, "cpu")?;
    let plan = TrimPlan { pieces: arguments.pieces, ..TrimPlan::default() };
    let trimmed = trim(&checkpoint.tokenizer_json, texts.iter().map(String::as_str), &plan)?;
    let storage = match arguments.dtype {
        Dtype::F32 => Storage::F32,
        Dtype::Int8 => Storage::Int8,
    };
    let card = std::fs::read_to_string(directory.join("MODEL_CARD.md")).unwrap_or_default();
    let (pieces, of) = (trimmed.kept.len(), checkpoint.tokenizer.vocabulary());
    let card = format!("{card}\nVocabulary trimmed to {pieces} of {of} pieces; matrices stored as {:?}.\n", storage);
    trim_checkpoint(&checkpoint, &arguments.output, &trimmed, storage, &card)?;
    let mut out = stdout().lock();
    writeln!(out, "{}: {pieces} of {of} pieces", arguments.output.display())?;
    if !arguments.compare.is_empty() {
        compare(&mut out, checkpoint, arguments)?;
    }
    Ok(Status::Done)
}

fn compare(out: &mut impl Write, before: Checkpoint, arguments: &Arguments) -> anyhow::Result<()> {
    let after = Checkpoint::open(&arguments.output, &before.weights.device())?;
    let (before, after) = (Predictor::new(before)?, Predictor::new(after)?);
    writeln!(out, "{:<40} {:>6} {:>9} {:>9} {:>9}", "answers before and after", "n", "before", "after", "same")?;
    for path in &arguments.compare {
        let examples: Vec<Example> = regard_eval::example::read(path)?.into_iter().collect::<Result<_, _>>()?;
        let bar = progress::count(2 * examples.len(), "answers");
        let old = regard_eval::answer(&before, &examples, |done| bar.set_position(done as u64))?;
        let new = regard_eval::answer(&after, &examples, |done| bar.set_position((examples.len() + done) as u64))?;
        bar.finish_and_clear();
        let best = |answer: &Answered<'_>| answer.answer.map(|answer| answer.label);
        let same = old.iter().zip(&new).filter(|(old, new)| best(old) == best(new)).count();
        let macro_f1 = |answered: &[Answered<'_>]| {
            let evaluation = regard_eval::count(answered);
            evaluation.stance.or(evaluation.sentiment).map_or(0.0, |metrics| 100.0 * metrics.macro_f1())
        };
        let share = 100.0 * same as f64 / examples.len().max(1) as f64;
        let name = path.display().to_string();
        writeln!(
            out,
            "{name:<40} {:>6} {:>9.2} {:>9.2} {share:>8.1}%",
            examples.len(),
            macro_f1(&old),
            macro_f1(&new)
        )?;
    }
    Ok(())
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
