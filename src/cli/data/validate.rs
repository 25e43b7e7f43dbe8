//! `regard data validate`: what is wrong with labelled files.

use std::path::PathBuf;

use comfy_table::Table;
use regard_eval::dataset::validate::{Kind, Report, validate};
use serde_json::json;

use crate::exit::{Status, note};
use crate::{Outcome, figures};

/// Check labelled files: every line on its own, and what files named train, dev and test share.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// JSONL files of the schema; a name with train, dev or test in it says the split.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON to a terminal too.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let report = validate(&arguments.files)?;
    for finding in &report.findings {
        match finding.kind.is_warning() {
            true => note(&format_args!("warning: {finding}")),
            false => note(finding),
        }
    }
    let summary = json!({"files": report.files, "wrong": report.wrong()});
    figures::print(arguments.json, &summary, || table(&report))?;
    Ok(Status::of_skipped(report.wrong()))
}

fn table(report: &Report) -> Table {
    let mut table = figures::table(["file", "split", "examples"].into_iter().chain(Kind::ALL.map(Kind::name)), 2);
    for file in &report.files {
        let counts = Kind::ALL.map(|kind| file.findings.get(&kind).copied().unwrap_or(0).to_string());
        let start = [file.path.display().to_string(), file.split.unwrap_or("").into(), file.examples.to_string()];
        table.add_row(start.into_iter().chain(counts));
    }
    table
}
