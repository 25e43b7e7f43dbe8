//! `regard classify`: documents in, judged sentences out.

use std::io::{BufWriter, IsTerminal, stdout};
use std::path::PathBuf;

use clap::ValueEnum;
use regard::actor::{Catalogue, Matcher};
use regard::predict::Predictor;
use regard::{Classifier, Document};

use crate::exit::{Status, skipped};
use crate::input::documents;
use crate::model::ModelArguments;
use crate::output::{Csv, Jsonl, Table, Writer};
use crate::{Outcome, examples, progress};

/// Documents that are judged together: enough sentences to fill the batches, few enough to see the first answers soon.
const TOGETHER: usize = 32;

/// Judge every sentence of an article toward every actor that it names.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Text files, `-` for standard input, or `.jsonl` files with records {"id", "text", "targets": [{"start", "end"}]}.
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    #[command(flatten)]
    model: ModelArguments,
    /// TOML file of actors to look for beside the shipped ones; one with a known id replaces it.
    #[arg(long, value_name = "FILE")]
    actors: Vec<PathBuf>,
    /// Pass over sentences that name no actor: they are not read and not printed.
    #[arg(long)]
    actors_only: bool,
    /// How to print: table to a terminal, jsonl otherwise.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Answer `uncertain` where the most probable label is less probable than this; `regard eval` says what that gains.
    #[arg(long, value_name = "P", default_value_t = 0.0, hide_default_value = true, allow_negative_numbers = true, value_parser = examples::share::<f32>)]
    min_confidence: f32,
    /// After each document one more line of jsonl: how it stands toward each of the catalogue's actors. Tables always have it.
    #[arg(long)]
    summary: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// One line a sentence.
    Jsonl,
    /// One row a sentence and actor.
    Csv,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    if arguments.summary && matches!(arguments.format, Some(Format::Csv)) {
        let message = "--summary goes with table and jsonl: a csv has rows of one kind\n";
        clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, message).exit();
    }
    let classifier = classifier(arguments)?;
    let terminal = stdout().is_terminal();
    let format = arguments.format.unwrap_or(if terminal { Format::Table } else { Format::Jsonl });
    let out = BufWriter::new(stdout());
    let least = arguments.min_confidence;
    let mut writer: Box<dyn Writer> = match format {
        Format::Table => Box::new(Table::new(BufWriter::new(anstream::AutoStream::auto(stdout())), least)),
        Format::Jsonl => Box::new(Jsonl::new(out, arguments.summary, least)),
        Format::Csv => Box::new(Csv::new(out, least)),
    };
    // A bar would run through the answers where both go to one terminal.
    let bar = if terminal { indicatif::ProgressBar::hidden() } else { progress::open_ended("documents") };
    let mut left_out = 0;
    let mut waiting: Vec<Document> = Vec::new();
    for record in arguments.inputs.iter().flat_map(|input| documents(input)) {
        match record {
            Ok(document) => waiting.push(document),
            Err(reason) => {
                left_out += 1;
                bar.suspend(|| skipped(&reason));
            }
        }
        if waiting.len() == TOGETHER {
            judge(&classifier, &mut waiting, writer.as_mut())?;
            bar.inc(TOGETHER as u64);
        }
    }
    judge(&classifier, &mut waiting, writer.as_mut())?;
    bar.finish_and_clear();
    Ok(Status::of_skipped(left_out))
}

/// The catalogue and the model, which know nothing of each other, are read side by side: together they are most of a short run.
fn classifier(arguments: &Arguments) -> anyhow::Result<Classifier> {
    let actors = || -> anyhow::Result<_> {
        let mut catalogue = Catalogue::shipped()?;
        for path in &arguments.actors {
            catalogue = catalogue.extended(Catalogue::open(path)?)?;
        }
        let matcher = Matcher::new(&catalogue)?;
        Ok((catalogue, matcher))
    };
    let (actors, predictor) = rayon::join(actors, || anyhow::Ok(Predictor::new(arguments.model.open()?)?));
    let (catalogue, matcher) = actors?;
    let classifier = Classifier::from_parts(predictor?, catalogue, matcher);
    Ok(if arguments.actors_only { classifier.actors_only() } else { classifier })
}

/// Write the answers to the documents that wait, and let these go.
fn judge(classifier: &Classifier, waiting: &mut Vec<Document>, writer: &mut dyn Writer) -> anyhow::Result<()> {
    for (document, report) in waiting.iter().zip(classifier.classify(waiting)?) {
        writer.write(document, &report)?;
    }
    waiting.clear();
    Ok(writer.flush()?)
}
