//! `regard data split`: train, dev and test that share nothing.

use std::path::PathBuf;

use anyhow::Context;
use comfy_table::Table;
use regard::{Label, Stance};
use regard_eval::dataset::split::{NAMES, Shares, split};
use regard_eval::{Example, Replacement};
use serde_json::{Map, json};

use crate::Outcome;
use crate::examples::{self, Read};
use crate::exit::Status;
use crate::figures::{self, percent};

/// Split labelled files by group into train.jsonl, dev.jsonl and test.jsonl; equal texts stay together, and labels in
/// like shares.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// JSONL files of the schema.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The directory to write to.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Share of dev, from 0 to below 1.
    #[arg(long, default_value_t = 0.1, value_name = "SHARE", allow_negative_numbers = true)]
    dev: f64,
    /// Share of test, from 0 to below 1.
    #[arg(long, default_value_t = 0.1, value_name = "SHARE", allow_negative_numbers = true)]
    test: f64,
    /// The same seed gives the same splits.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print JSON to a terminal too.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let Read { examples, left_out, .. } = examples::read(&arguments.files)?;
    let splits = split(examples, Shares { dev: arguments.dev, test: arguments.test }, arguments.seed)?;
    let directory = &arguments.output;
    std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    // All three are written before the first is put in its place.
    let mut files = Vec::new();
    for (name, examples) in NAMES.iter().zip(&splits) {
        let mut file = Replacement::create(&directory.join(format!("{name}.jsonl")))?;
        examples.iter().try_for_each(|example| file.write_line(example))?;
        files.push(file);
    }
    files.into_iter().try_for_each(Replacement::keep)?;
    let parts = NAMES.iter().zip(&splits).map(|(name, examples)| {
        let labels = LABELS.iter().zip(shares(examples)).map(|(label, share)| ((*label).to_owned(), json!(share)));
        ((*name).to_owned(), json!({"n": examples.len(), "labels": labels.collect::<Map<_, _>>()}))
    });
    figures::print(arguments.json, &parts.collect::<Map<_, _>>(), || table(&splits))?;
    Ok(Status::of_skipped(left_out))
}

/// Negative counts as against, positive as favor.
const LABELS: [&str; 3] = Stance::NAMES;

/// The share of each label among `examples`.
fn shares(examples: &[Example]) -> [f64; 3] {
    let mut counts = [0; 3];
    for example in examples {
        counts[example.gold.index()] += 1;
    }
    counts.map(|count| f64::from(count) / examples.len().max(1) as f64)
}

fn table(splits: &[Vec<Example>; 3]) -> Table {
    let headings = ["split".to_owned(), "n".to_owned()].into_iter().chain(LABELS.map(|label| format!("{label} %")));
    let mut table = figures::table(headings, 1);
    for (name, examples) in NAMES.iter().zip(splits) {
        table
            .add_row([(*name).to_owned(), examples.len().to_string()].into_iter().chain(shares(examples).map(percent)));
    }
    table
}
