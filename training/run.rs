//! A run on disk: where its files are, and its full state, saved whole or not at all.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use candle_core::Device;
use regard::checkpoint::{self, Checkpoint, Files, Temperatures};
use regard::weights::{self, Storage, Weights};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;
use crate::config::{Config, TargetForm};
use crate::parameters::Parameters;

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Progress {
    /// Steps taken.
    pub(crate) step: usize,
    /// The step after which dev was last judged.
    pub(crate) evaluated: usize,
    /// The best score so far, and the step that had it.
    pub(crate) best: Option<(f64, usize)>,
    /// Evaluations since then.
    pub(crate) worse: usize,
    /// Smoothed loss.
    pub(crate) loss: Option<f64>,
    /// Tokens learnt from.
    pub(crate) tokens: u64,
    /// Seconds spent learning; judging dev and saving do not count.
    pub(crate) seconds: f64,
}

impl Progress {
    /// Count a step.
    pub(crate) fn learnt(&mut self, loss: f64, tokens: usize, time: Duration) {
        self.step += 1;
        self.tokens += tokens as u64;
        self.seconds += time.as_secs_f64();
        self.loss = Some(self.loss.map_or(loss, |mean| mean + 0.02 * (loss - mean)));
    }
}

/// The directory of a run.
#[derive(Debug, Clone)]
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    /// The configuration as it was resolved.
    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// What the run was made from.
    pub(crate) fn provenance(&self) -> PathBuf {
        self.0.join("run.json")
    }

    /// One JSON object a line.
    pub(crate) fn metrics(&self) -> PathBuf {
        self.0.join("metrics.jsonl")
    }

    /// Loss and dev score as a picture.
    pub(crate) fn curves(&self) -> PathBuf {
        self.0.join("curves.svg")
    }

    /// The weights that did best on dev.
    pub(crate) fn best(&self) -> PathBuf {
        self.0.join("best")
    }

    /// The full state of the last save.
    pub(crate) fn last(&self) -> PathBuf {
        self.0.join("last")
    }

    /// Whether a run, or what is called as if it were one's, is there.
    pub(crate) fn is_taken(&self) -> bool {
        [self.config(), self.metrics(), self.best(), self.last()].iter().any(|path| path.exists())
    }

    /// How far the last save is; `None` where there is none.
    pub(crate) fn progress(&self) -> Result<Option<Progress>, Error> {
        checkpoint::recover(&self.last())?;
        checkpoint::recover(&self.best())?;
        if !self.last().exists() {
            return Ok(None);
        }
        let path = self.last().join("progress.json");
        let bytes = std::fs::read(&path).map_err(regard::Error::io(&path))?;
        Ok(Some(serde_json::from_slice(&bytes).map_err(|error| regard::Error::invalid(path.display(), error))?))
    }

    /// Put weights and moments of the last save, after `step` steps, into `parameters`.
    pub(crate) fn restore(&self, parameters: &mut Parameters, step: usize, device: &Device) -> Result<(), Error> {
        let mut weights = Weights::open(&self.last(), device)?;
        let path = self.last().join("state.safetensors");
        let bytes = std::fs::read(&path).map_err(regard::Error::io(&path))?;
        let mut state = Weights::parse(bytes, &path.display().to_string(), device)?;
        parameters.restore(step, &mut weights, &mut state)
    }
}

/// What checkpoints of a run have in common, and the weights, which are the model's own as they move.
#[derive(Debug)]
pub(crate) struct Layout {
    config: Value,
    tokenizer_json: Cow<'static, [u8]>,
    form: TargetForm,
    half_masking: bool,
    weights: Weights,
}

impl Layout {
    /// Of a run of `config` on `base`, whose model's weights are `weights`.
    pub(crate) fn new(config: &Config, base: &Checkpoint, weights: Weights) -> Self {
        let Checkpoint { config: base_config, tokenizer_json, .. } = base;
        Self {
            config: base_config.clone(),
            tokenizer_json: tokenizer_json.clone(),
            form: config.target,
            half_masking: config.evaluation.half_masking,
            weights,
        }
    }

    /// Where the weights are.
    pub(crate) fn device(&self) -> Device {
        self.weights.device()
    }

    /// Numbers of the model.
    pub(crate) fn numbers(&self) -> usize {
        self.weights.numbers()
    }

    /// Write a checkpoint with further files beside it.
    fn save(
        &self,
        directory: &Path,
        temperatures: &Temperatures,
        card: &str,
        others: Vec<(&str, Vec<u8>)>,
    ) -> Result<(), Error> {
        let config = match self.form {
            TargetForm::Span => checkpoint::span_config(self.config.clone(), temperatures, self.half_masking),
            TargetForm::Pair => checkpoint::pair_config(self.config.clone(), temperatures)?,
        };
        let Self { tokenizer_json, weights, .. } = self;
        let tensors = weights.iter().collect::<Result<_, _>>()?;
        let storage = Storage::F32;
        Ok(checkpoint::save(directory, &Files { config: &config, tokenizer_json, tensors, storage, card, others })?)
    }

    /// Save the weights as the best so far.
    pub(crate) fn save_best(
        &self,
        directory: &Directory,
        temperatures: &Temperatures,
        card: &str,
    ) -> Result<(), Error> {
        self.save(&directory.best(), temperatures, card, Vec::new())
    }

    /// Save the full state: a checkpoint with the moments and the progress beside it.
    pub(crate) fn save_last(
        &self,
        directory: &Directory,
        parameters: &Parameters,
        progress: &Progress,
    ) -> Result<(), Error> {
        let path = directory.last();
        let state = parameters.state()?;
        let state = weights::serialize(state.iter().map(|(name, tensor)| (name.as_str(), tensor)), Storage::F32)?;
        let progress =
            serde_json::to_vec_pretty(progress).map_err(|error| regard::Error::invalid(path.display(), error))?;
        let others = vec![("state.safetensors", state), ("progress.json", progress)];
        let card = "# The state of a run of `regard train`\n\nNot calibrated; see the `best` beside it.\n";
        self.save(&path, &Temperatures::default(), card, others)
    }
}

/// Remove what an earlier run left, its directory excepted.
pub(crate) fn clear(directory: &Directory) -> Result<(), Error> {
    let remove_file = |path: &Path| match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(regard::Error::io(path)(error)),
        _ => Ok(()),
    };
    for path in [directory.config(), directory.provenance(), directory.metrics(), directory.curves()] {
        remove_file(&path)?;
    }
    for path in [directory.best(), directory.last()] {
        // What a save that was killed left beside them must not be taken for the new run's.
        for path in [path.clone(), path.with_extension("partial"), path.with_extension("replaced")] {
            if path.is_dir() {
                std::fs::remove_dir_all(&path).map_err(regard::Error::io(&path))?;
            }
        }
    }
    let entries = std::fs::read_dir(&directory.0).map_err(regard::Error::io(&directory.0))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with("events.out.tfevents.") {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}
