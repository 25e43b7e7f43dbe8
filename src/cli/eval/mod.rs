//! `regard eval`: how good answers are, a checkpoint's or anyone's.

mod compare;
mod gold;
mod probing;
mod system;
mod table;

use std::path::PathBuf;

use clap::Subcommand;
use regard_eval::Settings;
use regard_eval::compare::System;
use regard_eval::report::Report;
use serde_json::json;

use self::gold::{Gold, GoldArguments};
use self::probing::Probing;
use self::system::{Asking, Opened, Source};
use crate::exit::Status;
use crate::model::Dtype;
use crate::{Outcome, figures};

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
    /// What matrix products are computed in: f32, bf16 or int8 on the CPU, as the checkpoint is stored where left out; f32, bf16 or f16 on a
    /// GPU, f32 where left out.
    #[arg(long, value_enum, value_name = "DTYPE", hide_possible_values = true, global = true)]
    dtype: Option<Dtype>,
    /// In place of a checkpoint, anyone's answers: JSONL with {"id", "scores": {"against", "neutral", "favor"}}, {"id", "label"} or both;
    /// negative, neutral and positive for sentiment; "dataset" too where two sets share ids. Several files are runs of one recipe.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    predictions: Vec<PathBuf>,
    /// Read each sentence twice, once with the actors' names masked, and average: less prejudice about names, half the speed.
    #[arg(long, conflicts_with = "predictions")]
    half_masking: bool,
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

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    if let Some(Command::Compare(compare)) = &arguments.command {
        return compare::run(compare, arguments.asking());
    }
    let sources = arguments.sources();
    for (option, given) in [("--report", arguments.report.is_some()), ("--save", arguments.save.is_some())] {
        let count = sources.len();
        anyhow::ensure!(!given || count == 1, "{option} takes one checkpoint or file of predictions, found {count}");
    }
    let gold = arguments.gold.read()?;
    let mut problems = gold.left_out;
    let settings = arguments.gold.settings(&mut problems)?;
    let asking = arguments.asking();
    let mut systems = Vec::new();
    let mut reports = Vec::new();
    for source in sources {
        let Opened { system, predictor } = source.open(asking, &gold.examples, &mut problems)?;
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
    let text = || {
        let tables: Vec<String> = reports.iter().map(table::of_report).collect();
        tables.into_iter().chain(over_runs.as_ref().map(table::of_runs)).collect::<Vec<_>>().join("\n")
    };
    match reports.as_slice() {
        [report] => figures::print(arguments.gold.json, report, text)?,
        runs => figures::print(arguments.gold.json, &json!({"runs": runs, "over_runs": over_runs}), text)?,
    }
    Ok(Status::of_skipped(problems))
}

impl Arguments {
    fn asking(&self) -> Asking<'_> {
        Asking { device: &self.device, dtype: self.dtype, half_masking: self.half_masking }
    }

    fn sources(&self) -> Vec<Source<'_>> {
        let predictions = self.predictions.iter().map(|path| Source::Predictions(path));
        let named: Vec<_> = predictions.chain(self.model.iter().map(|name| Source::Model(name))).collect();
        if named.is_empty() { vec![Source::SHIPPED] } else { named }
    }

    fn report(&self, system: &System<'_>, gold: &Gold, settings: &Settings) -> Report {
        let about = gold.about(settings);
        let evaluation = regard_eval::evaluate(&system.answered, settings);
        let mistakes = regard_eval::mistakes(&system.answered);
        Report { system: system.name.clone(), about, evaluation, mistakes, probes: Vec::new(), prejudice: None }
    }
}
