//! `regard eval`: how good a checkpoint is on labelled files.

use std::io::{IsTerminal, Write, stdout};
use std::path::PathBuf;

use comfy_table::{CellAlignment, Table, presets};
use regard::predict::Predictor;
use regard_eval::metrics::Figure;
use regard_eval::{Evaluation, Example, Settings};

use crate::exit::{Status, skipped};
use crate::model::ModelArguments;
use crate::{Outcome, progress};

/// Measure a checkpoint on labelled files: a table to a terminal, JSON otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// JSONL files with id, dataset, lang, text, target, target_start, target_end and label, or sentiment.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Print JSON to a terminal too.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut examples: Vec<Example> = Vec::new();
    let mut left_out = 0;
    for path in &arguments.data {
        for example in regard_eval::example::read(path)? {
            match example {
                Ok(example) => examples.push(example),
                Err(error) => {
                    left_out += 1;
                    skipped(&error);
                }
            }
        }
    }
    anyhow::ensure!(!examples.is_empty(), "no example to evaluate in {:?}", arguments.data);
    let predictor = Predictor::new(arguments.model.open()?)?;
    let bar = progress::count(examples.len(), "examples");
    let answered = regard_eval::answer(&predictor, &examples, |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    let evaluation = regard_eval::evaluate(&answered, &Settings::default());
    let mut out = stdout().lock();
    if arguments.json || !out.is_terminal() {
        writeln!(out, "{}", serde_json::to_string_pretty(&evaluation)?)?;
    } else {
        writeln!(out, "{}", table(&evaluation))?;
    }
    Ok(Status::of_skipped(left_out))
}

fn table(evaluation: &Evaluation) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["", "question", "n", "macro-F1", "F1(PN)", "accuracy"]);
    rows(&mut table, "all", evaluation);
    for (dimension, parts) in &evaluation.by {
        for (name, part) in &parts.parts {
            rows(&mut table, &format!("{dimension} {name}"), part);
        }
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn rows(table: &mut Table, name: &str, evaluation: &Evaluation) {
    for (question, metrics) in evaluation.questions() {
        let percent = |figure| metrics.value(figure).map_or_else(String::new, |value| format!("{:.1}", 100.0 * value));
        let values = [Figure::MacroF1, Figure::F1Pn, Figure::Accuracy].map(percent);
        table.add_row([name.to_owned(), question.to_owned(), metrics.n.to_string()].into_iter().chain(values));
    }
}
