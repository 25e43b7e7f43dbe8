//! `regard train`: examples and a base model in, a run directory with a checkpoint out.

mod dry;
mod interrupt;
mod process;
mod seeds;
mod watch;

use std::path::{Path, PathBuf};

use anstream::eprintln;
use regard_training::{Config, Models, Options};

use self::watch::Watched;
use crate::exit::Status;
use crate::{Outcome, model};

/// Fine-tune a base model on labelled files, as a TOML file says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The experiment; training/configs/example.toml shows all that it can say.
    #[arg(long, value_name = "FILE", required_unless_present = "resume")]
    config: Option<PathBuf>,
    /// Go on with the run in this directory, as its own config.toml says.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["config", "overwrite", "seeds", "dry_run"])]
    resume: Option<PathBuf>,
    /// Put a value above what the experiment says: optimizer.lr=5e-5, train.0.share=0.5. As often as you like.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// One run a seed, in seed-N below the output directory, and the mean and spread of their dev figures.
    #[arg(long, value_name = "SEED", value_delimiter = ',', conflicts_with = "dry_run",
        value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seeds: Vec<u64>,
    /// Replace an earlier run in the output directory.
    #[arg(long)]
    overwrite: bool,
    /// Stop after this step, as if interrupted.
    #[arg(long, value_name = "N", conflicts_with = "dry_run")]
    steps: Option<usize>,
    /// Read everything, time a few steps, say what the run will do and take; write nothing.
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: write every batch that the run will learn from as JSONL.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    batches: Option<PathBuf>,
    /// JSON for --dry-run and --seeds, to a terminal too.
    #[arg(long)]
    json: bool,
    /// Where to train: auto, cpu or cuda:N.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: String,
}

/// The file that says that a directory holds a run.
const CONFIG: &str = "config.toml";

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    process::prepare();
    let config = arguments.config()?;
    if arguments.dry_run {
        return dry::run(arguments, &config);
    }
    if !arguments.seeds.is_empty() {
        return seeds::run(arguments, &config);
    }
    arguments.ensure_free(&config.output)?;
    interrupt::catch()?;
    Ok(arguments.train(&config)?.status())
}

impl Arguments {
    fn config(&self) -> anyhow::Result<Config> {
        let Some(run) = &self.resume else {
            // clap asks for one of both.
            return Ok(Config::open(self.config.as_deref().unwrap_or(Path::new("")), &self.set)?);
        };
        let path = run.join(CONFIG);
        anyhow::ensure!(path.is_file(), "{}: expected a run to go on with, found no {CONFIG}", run.display());
        // The directory may have been moved since.
        Ok(Config { output: run.clone(), ..Config::open(&path, &self.set)? })
    }

    /// Refuse to write over a run that nobody gave up.
    fn ensure_free(&self, output: &Path) -> anyhow::Result<()> {
        let taken = self.resume.is_none() && !self.overwrite && output.join(CONFIG).exists();
        let place = output.display();
        anyhow::ensure!(
            !taken,
            "{place}: expected no run, found one; go on with it: regard train --resume {place}; replace it: --overwrite"
        );
        Ok(())
    }

    fn models(&self, config: &Config) -> anyhow::Result<Models> {
        let teachers = config.teacher.iter().flat_map(|teacher| &teacher.checkpoints);
        Ok(Models {
            base: model::open(&config.base, &self.device)?,
            teachers: teachers.map(|name| model::open(name, &self.device)).collect::<Result<_, _>>()?,
        })
    }

    /// One run, with all that is said on stderr.
    #[allow(clippy::print_stderr)]
    fn train(&self, config: &Config) -> anyhow::Result<Watched> {
        let options = Options { resume: self.resume.is_some(), overwrite: self.overwrite, steps: self.steps };
        let watched = watch::train(config, self.models(config)?, options)?;
        let outcome = &watched.outcome;
        if let Some(score) = outcome.score {
            let (checkpoint, metric) = (outcome.checkpoint.display(), &config.evaluation.metric);
            eprintln!("best checkpoint: {checkpoint} (mean dev {metric} {score:.4})");
        }
        if !outcome.finished {
            let (step, run) = (outcome.step, config.output.display());
            eprintln!("stopped at step {step}; go on with: regard train --resume {run}");
        }
        Ok(watched)
    }
}

impl Watched {
    fn status(&self) -> Status {
        match interrupt::wanted() && !self.outcome.finished {
            true => Status::Interrupted,
            false => Status::of_skipped(self.broken),
        }
    }
}
