//! A model on disk: a directory in Hugging Face layout, opened whole or refused with the reason, written whole or not at all.

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::encode::Tokenizer;
use crate::encoder::EncoderConfig;
use crate::head::Question;
use crate::labels;
use crate::model::Model;
use crate::weights::{self, Storage, Weights};
use crate::{Error, Result};

/// What softmax divides logits by, so that probabilities come true (<https://arxiv.org/abs/1706.04599>); 1 changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Temperatures {
    /// Of the stance head.
    pub stance: f32,
    /// Of the sentiment head.
    pub sentiment: f32,
}

impl Default for Temperatures {
    fn default() -> Self {
        Self { stance: 1.0, sentiment: 1.0 }
    }
}

/// A checkpoint's configuration and tokenizer, and its weights where they have not been taken yet.
#[derive(Debug)]
pub struct Checkpoint {
    /// Directory, hub id or the name of what is compiled in, for messages.
    pub place: String,
    /// `config.json`, unknown keys included.
    pub config: Value,
    /// The encoder's part of it.
    pub encoder: EncoderConfig,
    /// What the head answers; `None` in a base model, which has no head yet.
    pub question: Option<Question>,
    /// Calibration.
    pub temperatures: Temperatures,
    /// `tokenizer.json`.
    pub tokenizer: Tokenizer,
    /// The bytes of `tokenizer.json`, for writing it again unchanged.
    pub tokenizer_json: Vec<u8>,
    /// The tensors.
    pub weights: Weights,
}

impl Checkpoint {
    /// Open the checkpoint in `directory`.
    ///
    /// # Errors
    /// Where a file is missing, damaged or does not fit the others.
    pub fn open(directory: &Path, device: &Device) -> Result<Self> {
        let read = |name: &str| {
            let path = directory.join(name);
            std::fs::read(&path).map_err(Error::io(&path))
        };
        let (config, tokenizer) = (read("config.json")?, read("tokenizer.json")?);
        let weights = Weights::open(directory, device)?;
        Self::assemble(&directory.display().to_string(), &config, tokenizer, weights)
    }

    /// Open a checkpoint from the bytes of its three files.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn parse(place: &str, config: &[u8], tokenizer: &[u8], weights: &[u8], device: &Device) -> Result<Self> {
        let weights = Weights::parse(weights, &format!("{place}/model.safetensors"), device)?;
        Self::assemble(place, config, tokenizer.to_vec(), weights)
    }

    fn assemble(place: &str, config: &[u8], tokenizer_json: Vec<u8>, weights: Weights) -> Result<Self> {
        let config_place = format!("{place}/config.json");
        let config: Value = serde_json::from_slice(config).map_err(|error| Error::invalid(&config_place, error))?;
        let encoder = EncoderConfig::read(&config, &config_place)?;
        let tokenizer = Tokenizer::parse(&tokenizer_json, &format!("{place}/tokenizer.json"), encoder.longest())?;
        if tokenizer.vocabulary() > encoder.vocabulary {
            let message = format!(
                "expected at most {} pieces, as config.json says, found {}",
                encoder.vocabulary,
                tokenizer.vocabulary()
            );
            return Err(Error::invalid(format!("{place}/tokenizer.json"), message));
        }
        let question = labels::question(&config, &config_place)?;
        let temperatures = match config.pointer("/regard/temperature") {
            Some(value) => Temperatures::deserialize(value)
                .map_err(|error| Error::invalid(&config_place, format!("regard.temperature: {error}")))?,
            None => Temperatures::default(),
        };
        if ![temperatures.stance, temperatures.sentiment].iter().all(|value| value.is_finite() && *value > 0.0) {
            return Err(Error::invalid(&config_place, "regard.temperature: expected positive numbers"));
        }
        Ok(Self {
            place: place.to_owned(),
            config,
            encoder,
            question,
            temperatures,
            tokenizer,
            tokenizer_json,
            weights,
        })
    }

    /// The model and what is left of the checkpoint.
    ///
    /// # Errors
    /// Where the checkpoint is a base model without a head, or its tensors do not fit its configuration.
    pub fn into_model(self) -> Result<(Model, Tokenizer, Temperatures)> {
        let Some(question) = self.question else {
            let message = "a base model without a head: fine-tune it with `regard train`";
            return Err(Error::invalid(&self.place, message));
        };
        let model = Model::load(&self.encoder, question, self.weights)?;
        Ok((model, self.tokenizer, self.temperatures))
    }
}

/// `config` as that of a `span` checkpoint of ours.
pub fn span_config(mut config: Value, temperatures: Temperatures) -> Value {
    if let Some(fields) = config.as_object_mut() {
        fields.insert("id2label".into(), json!({"0": "against", "1": "neutral", "2": "favor"}));
        fields.insert("label2id".into(), json!({"against": 0, "neutral": 1, "favor": 2}));
        fields.insert("regard".into(), json!({"target": "span", "temperature": temperatures}));
    }
    config
}

/// The files of a checkpoint to be written.
#[derive(Debug)]
pub struct Files<'a> {
    /// `config.json`.
    pub config: &'a Value,
    /// `tokenizer.json`.
    pub tokenizer_json: &'a [u8],
    /// The tensors of `model.safetensors`.
    pub tensors: Vec<(&'a str, &'a Tensor)>,
    /// How they are stored.
    pub storage: Storage,
    /// `MODEL_CARD.md`.
    pub card: &'a str,
}

/// Write a checkpoint to `directory`, in place of the one that was there. Whoever looks sees the old one or the new one whole.
///
/// # Errors
/// Where something else than a checkpoint is there, or a file cannot be written; what was there is then left as it was.
pub fn save(directory: &Path, files: &Files<'_>) -> Result<()> {
    let partial = beside(directory, "partial");
    let replaced = beside(directory, "replaced");
    // A save that was killed between its two renames left the old checkpoint here.
    if replaced.exists() && !directory.exists() {
        std::fs::rename(&replaced, directory).map_err(Error::io(&replaced))?;
    }
    if directory.exists() && !directory.is_dir() {
        return Err(Error::invalid(directory.display(), "expected a directory to save a checkpoint to, found a file"));
    }
    let mut entries = std::fs::read_dir(directory).into_iter().flatten();
    if entries.next().is_some() && !directory.join("config.json").exists() {
        let message = "expected a checkpoint to replace or an empty place, found a directory without config.json";
        return Err(Error::invalid(directory.display(), message));
    }
    for stale in [&partial, &replaced] {
        if stale.exists() {
            std::fs::remove_dir_all(stale).map_err(Error::io(stale))?;
        }
    }
    std::fs::create_dir_all(&partial).map_err(Error::io(&partial))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = partial.join(name);
        std::fs::write(&path, bytes).map_err(Error::io(&path))
    };
    let config = serde_json::to_vec_pretty(files.config).map_err(|error| Error::invalid("config.json", error))?;
    write("config.json", &config)?;
    write("tokenizer.json", files.tokenizer_json)?;
    write("model.safetensors", &weights::serialize(files.tensors.iter().copied(), files.storage)?)?;
    write("MODEL_CARD.md", files.card.as_bytes())?;
    // A directory cannot be renamed onto one with files in it.
    if directory.exists() {
        std::fs::rename(directory, &replaced).map_err(Error::io(directory))?;
    }
    if let Err(error) = std::fs::rename(&partial, directory) {
        // Best effort: the first error is the one to report.
        let _ = std::fs::rename(&replaced, directory);
        return Err(Error::io(directory)(error));
    }
    if replaced.exists() {
        std::fs::remove_dir_all(&replaced).map_err(Error::io(&replaced))?;
    }
    Ok(())
}

fn beside(directory: &Path, suffix: &str) -> PathBuf {
    let mut name = directory.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    directory.with_file_name(name)
}
