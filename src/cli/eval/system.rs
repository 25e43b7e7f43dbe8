//! Who answers: a checkpoint, or a file of predictions.

use std::path::Path;

use regard::predict::Predictor;
use regard_eval::compare::System;
use regard_eval::{Example, Replacement, predictions};

use crate::exit::skipped;
use crate::model::{Dtype, ModelArguments};
use crate::progress;

/// A system's answers, and the model that gave them, where one was asked.
pub(super) struct Opened<'a> {
    pub(super) system: System<'a>,
    pub(super) predictor: Option<Predictor>,
}

/// How a checkpoint is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    /// Where the weights live.
    pub(super) device: &'a str,
    /// What it computes in.
    pub(super) dtype: Option<Dtype>,
    /// Whether sentences are read twice, even where the checkpoint does not say so.
    pub(super) half_masking: bool,
}

/// Where answers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source<'a> {
    /// A file of predictions.
    Predictions(&'a Path),
    /// A checkpoint: a directory, a hub id, or `default` for the shipped one.
    Model(&'a str),
}

impl<'a> Source<'a> {
    /// The shipped checkpoint.
    pub(super) const SHIPPED: Self = Self::Model("default");

    /// What `name` most likely is, where nobody says.
    pub(super) fn guess(name: &'a str) -> Self {
        let path = Path::new(name);
        let is_file = path.exists() && !path.is_dir() || path.extension().is_some_and(|extension| extension == "jsonl");
        if is_file { Self::Predictions(path) } else { Self::Model(name) }
    }

    /// The answers to `examples`. `problems` counts what is said on stderr.
    pub(super) fn open<'e>(
        self,
        asking: Asking<'_>,
        examples: &'e [Example],
        problems: &mut usize,
    ) -> anyhow::Result<Opened<'e>> {
        let name = match self {
            Self::Model(name) => name,
            Self::Predictions(path) => {
                let read = predictions::read(path, examples)?;
                *problems += read.problems.len();
                read.problems.iter().for_each(|problem| skipped(problem));
                let system = System { name: path.display().to_string(), answered: read.answered };
                return Ok(Opened { system, predictor: None });
            }
        };
        let model = (self != Self::SHIPPED).then(|| name.to_owned());
        let Asking { device, dtype, half_masking } = asking;
        let asked = ModelArguments { model, device: device.to_owned(), dtype, half_masking };
        let predictor = Predictor::new(asked.open()?)?;
        let bar = progress::count(examples.len(), "examples");
        let answered = regard_eval::answer(&predictor, examples, |done| bar.set_position(done as u64))?;
        bar.finish_and_clear();
        let name = if half_masking { format!("{name}, half-masked") } else { name.to_owned() };
        Ok(Opened { system: System { name, answered }, predictor: Some(predictor) })
    }
}

/// Write the answers of `system` as JSONL: the file whole, or none.
pub(super) fn save(path: &Path, system: &System<'_>) -> anyhow::Result<()> {
    let mut file = Replacement::create(path)?;
    system.answered.iter().filter_map(predictions::line).try_for_each(|line| file.write_line(&line))?;
    Ok(file.keep()?)
}
