//! What answers are measured against, and how.

use std::collections::HashSet;
use std::path::PathBuf;

use regard::actor::Catalogue;
use regard_eval::report::{About, DataFile};
use regard_eval::{Bootstrap, Breakdown, Example, Settings};

use crate::examples::{self, Read};
use crate::exit::skipped;

/// Fewer draws than this say nothing about the ends of an interval.
const FEWEST_DRAWS: usize = 100;

/// More would fill the memory with the figures of each draw, and say no more.
const MOST_DRAWS: usize = 1_000_000;

/// Labelled files and how to measure on them.
#[derive(Debug, clap::Args)]
pub(super) struct GoldArguments {
    /// JSONL files with id, dataset, lang, text, target, target_start, target_end and label, or sentiment.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Labelled files that the model was trained on: figures are broken down by whether a target is among theirs.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    train: Vec<PathBuf>,
    /// Draws of the bootstrap behind the intervals, 100 to 1,000,000; 0 for no intervals.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().draws, value_parser = draws)]
    draws: usize,
    /// Seed of the draws.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Shares of right answers to find the least confidence for.
    #[arg(long, value_name = "SHARE", num_args = 1.., default_values_t = [0.7, 0.8, 0.9, 0.95], value_parser = examples::share::<f64>)]
    precision: Vec<f64>,
    /// Print JSON to a terminal too.
    #[arg(long)]
    pub(super) json: bool,
}

fn draws(text: &str) -> Result<usize, String> {
    let draws = text.parse().ok().filter(|draws| *draws == 0 || (FEWEST_DRAWS..=MOST_DRAWS).contains(draws));
    draws.ok_or_else(|| format!("expected 0, or a number from {FEWEST_DRAWS} to {MOST_DRAWS}, found {text:?}"))
}

/// Labelled examples, and what could not be used of their files.
pub(super) struct Gold {
    pub(super) examples: Vec<Example>,
    files: Vec<DataFile>,
    pub(super) left_out: usize,
}

impl Gold {
    pub(super) fn about(&self, settings: &Settings) -> About {
        let Bootstrap { draws, seed } = settings.bootstrap;
        About { regard: env!("CARGO_PKG_VERSION"), data: self.files.clone(), draws, seed }
    }
}

impl GoldArguments {
    /// The examples, each id of a data set once: answers could not be told apart otherwise, and copies would make figures surer.
    pub(super) fn read(&self) -> anyhow::Result<Gold> {
        let Read { mut examples, of_files, mut left_out } = examples::read(&self.data)?;
        let mut known = HashSet::new();
        let copies = examples.iter().map(|example| !known.insert((example.dataset.clone(), example.id.clone())));
        let mut copies: Vec<bool> = copies.collect();
        for example in examples.iter().zip(&copies).filter_map(|(example, copy)| copy.then_some(example)) {
            let Example { dataset, id, .. } = example;
            skipped(&format_args!("id: expected each id once in a data set, found {id:?} of {dataset:?} again"));
            left_out += 1;
        }
        let mut files = Vec::new();
        let mut next = 0;
        for (path, count) in self.data.iter().zip(of_files) {
            let kept = copies[next..next + count].iter().filter(|copy| !**copy).count();
            next += count;
            files.push(DataFile::new(path, kept)?);
        }
        copies.reverse();
        examples.retain(|_| copies.pop() == Some(false));
        Ok(Gold { examples, files, left_out })
    }

    /// `problems` counts lines of training files that are no examples.
    pub(super) fn settings(&self, problems: &mut usize) -> anyhow::Result<Settings> {
        let mut breakdown = Breakdown::new(Catalogue::shipped()?)?;
        if !self.train.is_empty() {
            let training = examples::read(&self.train)?;
            *problems += training.left_out;
            breakdown = breakdown.with_training(&training.examples);
        }
        let bootstrap = Bootstrap { draws: self.draws, seed: self.seed };
        Ok(Settings { bootstrap, breakdown, precisions: self.precision.clone() })
    }
}
