//! `regard eval`: how good answers are, a checkpoint's or anyone's.

mod compare;
mod probing;
mod system;
mod table;

use std::io::{IsTerminal, Write, stdout};
use std::path::PathBuf;

use clap::Subcommand;
use regard::actor::Catalogue;
use regard_eval::compare::System;
use regard_eval::report::{About, DataFile, Report};
use regard_eval::{Bootstrap, Breakdown, Example, Settings};
use serde_json::json;

use self::probing::Probing;
use self::system::Opened;
use crate::Outcome;
use crate::examples::{self, Read};
use crate::exit::Status;

/// Measure a checkpoint, or anyone's predictions, on labelled files: a table to a terminal, JSON otherwise.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Checkpoint: a directory or a hub id; the shipped default where left out. Given several times, runs of one recipe: their mean
    /// and spread are told too.
    #[arg(long, value_name = "MODEL", conflicts_with = "predictions")]
    model: Vec<String>,
    /// Where the weights live: auto, cpu or cuda:N.
    #[arg(long, value_name = "DEVICE", default_value = "auto", global = true)]
    device: String,
    /// In place of a checkpoint, anyone's answers: JSONL with {"id", "scores": {"against", "neutral", "favor"}} or {"id", "label"}.
    /// Several files are runs of one recipe.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    predictions: Vec<PathBuf>,
    #[command(flatten)]
    gold: GoldArguments,
    /// Change the sentences and ask again: target hidden, another, masked or renamed, quotation marks gone, negated, misspelt.
    #[arg(long, conflicts_with = "predictions")]
    probes: bool,
    /// Have every actor of the catalogue judged in sentences that say nothing for or against anyone.
    #[arg(long, conflicts_with = "predictions")]
    prejudice: bool,
    /// Write evaluation.json, report.html and report.md to a directory.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write the answers as JSONL that --predictions and compare read.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Compare(compare::Arguments),
}

/// Labelled files and how to measure on them.
#[derive(Debug, clap::Args)]
struct GoldArguments {
    /// JSONL files with id, dataset, lang, text, target, target_start, target_end and label, or sentiment.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Labelled files that the model was trained on: figures are broken down by whether a target is among theirs.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    train: Vec<PathBuf>,
    /// Draws of the bootstrap behind the intervals; 0 for none.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().draws)]
    draws: usize,
    /// Seed of the draws.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Share of right answers to find the least confidence for; may be given several times.
    #[arg(long, value_name = "SHARE", default_values_t = [0.7, 0.8, 0.9, 0.95], value_parser = share)]
    precision: Vec<f64>,
    /// Print JSON to a terminal too.
    #[arg(long)]
    json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("expected a share from 0 to 1, found {text:?}"))
}

/// Labelled examples, and what could not be used of their files.
struct Gold {
    examples: Vec<Example>,
    files: Vec<DataFile>,
    left_out: usize,
}

impl Gold {
    fn about(&self, settings: &Settings) -> About {
        let Bootstrap { draws, seed } = settings.bootstrap;
        About { regard: env!("CARGO_PKG_VERSION"), data: self.files.clone(), draws, seed }
    }
}

impl GoldArguments {
    fn read(&self) -> anyhow::Result<Gold> {
        let Read { examples, of_files, left_out } = examples::read(&self.data)?;
        let files = self.data.iter().zip(of_files).map(|(path, examples)| DataFile::new(path, examples));
        let files = files.collect::<Result<_, _>>()?;
        Ok(Gold { examples, files, left_out })
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        let mut breakdown = Breakdown::new(Catalogue::shipped()?)?;
        if !self.train.is_empty() {
            breakdown = breakdown.with_training(&examples::read(&self.train)?.examples);
        }
        let bootstrap = Bootstrap { draws: self.draws, seed: self.seed };
        Ok(Settings { bootstrap, breakdown, precisions: self.precision.clone() })
    }

    fn prints_json(&self) -> bool {
        self.json || !stdout().is_terminal()
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    if let Some(Command::Compare(compare)) = &arguments.command {
        return compare::run(compare, &arguments.device);
    }
    let names = arguments.systems();
    for (option, given) in [("--report", arguments.report.is_some()), ("--save", arguments.save.is_some())] {
        let count = names.len();
        anyhow::ensure!(!given || count == 1, "{option} takes one checkpoint or file of predictions, found {count}");
    }
    let gold = arguments.gold.read()?;
    let settings = arguments.gold.settings()?;
    let mut problems = gold.left_out;
    let mut systems = Vec::new();
    let mut reports = Vec::new();
    for name in names {
        let Opened { system, predictor } =
            system::open(name.as_deref(), &arguments.device, &gold.examples, &mut problems)?;
        let mut report = arguments.report(&system, &gold, &settings);
        if let Some(predictor) = predictor {
            let probing = Probing::new(&predictor, arguments.gold.seed)?;
            if arguments.probes {
                report.probes = probing.probes(&system.answered)?;
            }
            if arguments.prejudice {
                report.prejudice = Some(probing.prejudice()?);
            }
        }
        systems.push(system);
        reports.push(report);
    }
    if let (Some(path), [system]) = (&arguments.save, systems.as_slice()) {
        system::save(path, system)?;
    }
    let over_runs = (reports.len() > 1).then(|| regard_eval::over_runs(&systems, &settings.bootstrap));
    if let (Some(directory), [report]) = (&arguments.report, reports.as_slice()) {
        regard_eval::report::write(report, directory)?;
    }
    let mut out = stdout().lock();
    match (reports.as_slice(), arguments.gold.prints_json()) {
        ([report], true) => writeln!(out, "{}", serde_json::to_string_pretty(report)?)?,
        (reports, true) => {
            let value = json!({"runs": reports, "over_runs": over_runs});
            writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        }
        (reports, false) => {
            for report in reports {
                writeln!(out, "{}", table::of_report(report))?;
            }
            if let Some(over_runs) = &over_runs {
                writeln!(out, "{}", table::of_runs(over_runs))?;
            }
        }
    }
    Ok(Status::of_skipped(problems))
}

impl Arguments {
    /// Files of predictions, checkpoints, or the shipped default.
    fn systems(&self) -> Vec<Option<String>> {
        let predictions = self.predictions.iter().map(|path| Some(path.display().to_string()));
        let named: Vec<_> = predictions.chain(self.model.iter().cloned().map(Some)).collect();
        if named.is_empty() { vec![None] } else { named }
    }

    fn report(&self, system: &System<'_>, gold: &Gold, settings: &Settings) -> Report {
        let about = gold.about(settings);
        let evaluation = regard_eval::evaluate(&system.answered, settings);
        let mistakes = regard_eval::mistakes(&system.answered);
        Report { system: system.name.clone(), about, evaluation, mistakes, probes: Vec::new(), prejudice: None }
    }
}
