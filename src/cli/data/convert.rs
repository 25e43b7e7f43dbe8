//! `regard data convert`: from the forms of others to the schema.

use std::collections::HashSet;
use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use regard_eval::dataset::{Column, Form, LabelName, Labels, Reading, convert};
use regard_eval::{Example, Replacement};

use crate::Outcome;
use crate::exit::{Status, note, skipped};

/// Turn labelled files into JSONL that eval, train and the other data commands read.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files of one form.
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The form they are in; told by the extension of csv, tsv, parquet and jsonl files.
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(Form::ALL.map(Form::name)).try_map(|name| name.parse::<Form>()))]
    from: Option<Form>,
    /// Write here instead of to stdout; the file is there whole or not at all.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where fields are found: text=sentence,target=entity,label=polarity; also start, end, id, language, group,
    /// dataset, sentiment, target_type, and meta as often as you like.
    #[arg(long, value_name = "FIELD=COLUMN", value_delimiter = ',')]
    columns: Vec<Column>,
    /// What label values mean: neg=against,0=neutral,pos=favor. Names of the house are known, and -1, 0 and 1 where
    /// this is left out.
    #[arg(long, value_name = "VALUE=LABEL", value_delimiter = ',', allow_hyphen_values = true)]
    labels: Vec<LabelName>,
    /// Language of files without such a column, such as ar.
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// Name of the data set, for files without such a column.
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let reading = Reading {
        columns: arguments.columns.clone(),
        labels: Labels(arguments.labels.clone()),
        language: arguments.language.clone(),
        dataset: arguments.dataset.clone(),
    };
    let forms: Vec<Form> = arguments.inputs.iter().map(|path| form(path, arguments.from)).collect::<Result<_, _>>()?;
    let mut output = Output::open(arguments.output.as_deref())?;
    let mut left_out = 0;
    let mut written = 0;
    let mut known = HashSet::new();
    for (path, form) in arguments.inputs.iter().zip(forms) {
        let converted = match convert(path, form, &reading) {
            Ok(converted) => converted,
            Err(error) => {
                left_out += 1;
                skipped(&error);
                continue;
            }
        };
        let mut examples = 0;
        for example in &converted.examples {
            match example {
                Ok(example) if known.insert((example.dataset.clone(), example.id.clone())) => {
                    output.write(example)?;
                    examples += 1;
                }
                Ok(Example { dataset, id, .. }) => {
                    left_out += 1;
                    let place = path.display();
                    skipped(&format_args!(
                        "{place}: id: expected each id once in a data set, found {id:?} of {dataset:?} again"
                    ));
                }
                Err(error) => {
                    left_out += 1;
                    skipped(error);
                }
            }
        }
        written += examples;
        note(&summary(path, examples, converted.unlocated, converted.misread));
    }
    anyhow::ensure!(written > 0, "no example in {:?}", arguments.inputs);
    output.finish()?;
    Ok(Status::of_skipped(left_out))
}

fn form(path: &Path, given: Option<Form>) -> anyhow::Result<Form> {
    given.or_else(|| Form::of_extension(path)).ok_or_else(|| {
        let names = Form::ALL.map(Form::name).join(", ");
        anyhow::anyhow!("{}: expected --from with one of {names}: the extension does not tell", path.display())
    })
}

fn summary(path: &Path, examples: usize, unlocated: usize, misread: usize) -> String {
    let mut summary = format!("{}: {examples} examples", path.display());
    if unlocated > 0 {
        summary += &format!("; {unlocated} with a target that the text does not name exactly once");
    }
    if misread > 0 {
        summary += &format!("; {misread} with offsets that do not read as the target");
    }
    summary
}

/// Where lines of the schema go.
enum Output {
    Stdout(BufWriter<std::io::StdoutLock<'static>>),
    File(Replacement),
}

impl Output {
    fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        Ok(match path {
            Some(path) => Self::File(Replacement::create(path)?),
            None => Self::Stdout(BufWriter::new(stdout().lock())),
        })
    }

    fn write(&mut self, example: &Example) -> anyhow::Result<()> {
        match self {
            Self::Stdout(out) => {
                serde_json::to_writer(&mut *out, example).map_err(std::io::Error::from)?;
                out.write_all(b"\n")?;
            }
            Self::File(file) => file.write_line(example)?,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush()?,
            Self::File(file) => file.keep()?,
        }
        Ok(())
    }
}
