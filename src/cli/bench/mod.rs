//! `regard bench`: how fast a model answers on this machine, and what that takes.

mod compare;
mod options;
mod table;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use regard::Precision;
use regard::checkpoint::Checkpoint;
use regard::encoder::EncoderConfig;
use regard::head::Question;
use regard_eval::Replacement;
use regard_eval::bench::{
    self, Bench, Device, Input, Loaded, ModelRecord, Plan, Random, Report, Settings, Shape, Work,
};
use serde_json::json;

use self::options::{Reading, positive};
use crate::exit::Status;
use crate::model::Dtype;
use crate::{Outcome, figures, model, progress};

/// Tokens of a drawn sequence where none are asked for: a sentence of the news.
const LENGTH: usize = 32;

/// Tokens that drawn work holds at least.
const DRAWN: usize = 8192;

/// Measure how fast a model answers on this machine: a table to a terminal, JSON otherwise.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Checkpoint or base model: a directory or a hub id; the shipped default where left out.
    #[arg(long, value_name = "MODEL", conflicts_with = "shape")]
    model: Option<String>,
    /// In place of a checkpoint, random weights of these sizes: layers,hidden,heads,vocabulary.
    #[arg(long, value_name = "SIZES")]
    shape: Option<Shape>,
    /// Where the weights live: auto, cpu or cuda:N.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: String,
    /// What matrix products are computed in: f32, bf16 or int8 on the CPU, as the checkpoint is stored where left out; f32, bf16 or f16 on a
    /// GPU, f32 where left out.
    #[arg(long, value_enum, value_name = "DTYPE", hide_possible_values = true)]
    dtype: Option<Dtype>,
    /// Threads; all cores where left out.
    #[arg(long, value_name = "N", value_parser = positive)]
    threads: Option<usize>,
    /// JSONL to read, whose lines have `text`, `target`, `target_start`, `target_end`, as labelled files do, or `ids`; drawn ids where
    /// left out.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["length", "sequences"])]
    data: Option<PathBuf>,
    /// What a line gives; by default what the checkpoint is asked by users, ids where it has no stance head.
    #[arg(long, value_enum, requires = "data")]
    input: Option<Reading>,
    /// Tokens of each drawn sequence; several are a sweep.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [LENGTH], value_parser = positive)]
    length: Vec<usize>,
    /// Drawn sequences; enough for every thread where left out.
    #[arg(long, value_name = "N", value_parser = positive)]
    sequences: Option<usize>,
    /// Tokens that are read at once, at most; several are a sweep.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [2048], value_parser = positive)]
    batch_tokens: Vec<usize>,
    /// Rounds over the work, each told; the model is loaded as often.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = positive)]
    rounds: usize,
    /// Rounds before them.
    #[arg(long, value_name = "N", default_value_t = 1)]
    warm_up: usize,
    /// Measure the machine's matrix product too, and what share of it the model reaches.
    #[arg(long)]
    peak: bool,
    /// Write the report as JSON, which `compare` reads.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw tokens a second by length and batch.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the encoder's vector of each sequence's first token as NumPy's npy; rows stand in the order of the work.
    #[arg(long, value_name = "FILE")]
    vectors: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Compare(compare::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    if let Some(Command::Compare(arguments)) = &arguments.command {
        return compare::run(arguments);
    }
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    let source = arguments.source()?;
    // Opened once to know its sizes; all that is measured comes after what can be refused.
    let loaded = source.load()?;
    let works = arguments.works(&loaded)?;
    for (_, work) in &works {
        work.check(&loaded)?;
    }
    let [first, ..] = works.as_slice() else { anyhow::bail!("expected something to read, found nothing") };
    let points = works.len() * arguments.batch_tokens.len();
    anyhow::ensure!(points == 1 || arguments.vectors.is_none(), "--vectors goes with one length and one size of batch");
    let model = source.record(&loaded.config, loaded.question)?;
    let dtype = loaded.precision();
    drop(loaded);
    let data = arguments.data.as_deref().map(read).transpose()?.map(|bytes| bench::sha256(&bytes));
    let [json_file, svg_file, vectors_file] = [&arguments.json, &arguments.svg, &arguments.vectors]
        .map(|path| path.as_deref().map(Replacement::create).transpose());
    let (json_file, svg_file, vectors_file) = (json_file?, svg_file?, vectors_file?);

    let peak = || if arguments.peak { bench::peak(&source.device, dtype).map(Some) } else { Ok(None) };
    let before = peak()?;
    let bench = Bench::load(|| source.load(), arguments.rounds, &first.1)?;
    let bar = progress::count(points * (arguments.warm_up + arguments.rounds), "rounds");
    let mut reports = Vec::new();
    for &batch_tokens in &arguments.batch_tokens {
        for (length, work) in &works {
            let plan = Plan { batch_tokens, rounds: arguments.rounds, warm_up: arguments.warm_up };
            let measured = bench.measure(work, plan, || bar.inc(1))?;
            let settings =
                Settings { data: data.clone(), length: *length, ..arguments.settings(work.input(), dtype, plan) };
            let commit = regard_training::commit();
            reports.push(Report::now(commit, model.clone(), settings, measured, bench.loads.clone()));
        }
    }
    bar.finish_and_clear();
    // The better of two looks: whatever else ran during one of them would flatter the model.
    if let Some((before, after)) = before.zip(peak()?) {
        reports = reports.into_iter().map(|report| report.with_peak(before.max(after))).collect();
    }
    let value = match reports.as_slice() {
        [report] => serde_json::to_value(report)?,
        reports => json!({"sweep": reports}),
    };
    if let Some(mut file) = json_file {
        file.write(&serde_json::to_string_pretty(&value)?)?;
        file.write("\n")?;
        file.keep()?;
    }
    if let Some(mut file) = svg_file {
        file.write(&bench::svg(&reports))?;
        file.keep()?;
    }
    if let Some(mut file) = vectors_file {
        file.write_bytes(&bench::npy(&bench.vectors(&first.1, arguments.batch_tokens[0])?))?;
        file.keep()?;
    }
    figures::print(false, &value, || table::of(&reports))?;
    Ok(Status::Done)
}

/// Where the model comes from.
struct Source {
    device: Device,
    dtype: Option<Dtype>,
    kind: Kind,
}

enum Kind {
    #[cfg(feature = "shipped")]
    Shipped,
    Directory {
        name: String,
        path: PathBuf,
    },
    Random {
        shape: Shape,
        random: Random,
    },
}

impl Source {
    fn load(&self) -> regard::Result<Loaded> {
        let loaded = match &self.kind {
            #[cfg(feature = "shipped")]
            Kind::Shipped => Loaded::from(Checkpoint::shipped(&self.device)?),
            Kind::Directory { path, .. } => Loaded::from(Checkpoint::open(path, &self.device)?),
            Kind::Random { random, .. } => random.load(&self.device)?,
        };
        Ok(Loaded { precision: self.dtype.map(Dtype::precision).or(loaded.precision), ..loaded })
    }

    fn record(&self, config: &EncoderConfig, question: Option<Question>) -> anyhow::Result<ModelRecord> {
        let (name, sha256) = match &self.kind {
            #[cfg(feature = "shipped")]
            Kind::Shipped => ("default".to_owned(), Some(bench::sha256(regard::shipped::WEIGHTS))),
            Kind::Directory { name, path } => (name.clone(), Some(bench::sha256_of_weights(path)?)),
            Kind::Random { shape: Shape { layers, hidden, heads, vocabulary }, .. } => {
                (format!("random {layers},{hidden},{heads},{vocabulary}"), None)
            }
        };
        Ok(ModelRecord::new(name, sha256, config, question))
    }
}

impl Arguments {
    fn source(&self) -> anyhow::Result<Source> {
        let device = regard::device(&self.device)?;
        let longest = self.length.iter().copied().max().unwrap_or(LENGTH);
        let kind = match (&self.model, self.shape) {
            (Some(model), _) => Kind::Directory { name: model.clone(), path: model::directory(model)? },
            (None, Some(shape)) => Kind::Random { shape, random: Random::new(shape, longest)? },
            #[cfg(feature = "shipped")]
            (None, None) => Kind::Shipped,
            #[cfg(not(feature = "shipped"))]
            (None, None) => {
                anyhow::bail!("expected --model or --shape: this binary was built without the default model")
            }
        };
        Ok(Source { device, dtype: self.dtype, kind })
    }

    /// What is read, and how long each sequence is where that was asked for.
    fn works(&self, loaded: &Loaded) -> anyhow::Result<Vec<(Option<usize>, Work)>> {
        if let Some(path) = &self.data {
            let input = self.input.map_or_else(|| Input::of(loaded.question), Input::from);
            return Ok(vec![(None, Work::read(path, input)?)]);
        }
        let longest = loaded.config.longest();
        // A batch for every thread.
        let most = self.batch_tokens.iter().copied().max().unwrap_or(0);
        let tokens = DRAWN.max(most.saturating_mul(rayon::current_num_threads()));
        let mut works = Vec::new();
        for &length in &self.length {
            anyhow::ensure!(length <= longest, "--length: expected at most {longest} tokens, found {length}");
            let count = self.sequences.unwrap_or(tokens / length);
            works.push((Some(length), Work::drawn(loaded, length, count)));
        }
        Ok(works)
    }

    fn settings(&self, input: Input, dtype: Precision, plan: Plan) -> Settings {
        Settings {
            input,
            data: None,
            length: None,
            device: self.device.clone(),
            dtype: dtype.to_string(),
            threads: rayon::current_num_threads(),
            batch_tokens: plan.batch_tokens,
            rounds: plan.rounds,
            warm_up: plan.warm_up,
        }
    }
}

fn read(path: &Path) -> regard::Result<Vec<u8>> {
    std::fs::read(path).map_err(regard::Error::io(path))
}
