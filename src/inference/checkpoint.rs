//! A model on disk: a directory in Hugging Face layout, opened whole or refused with the reason, written whole or not at all.

mod config;
mod save;
mod temperatures;

use std::borrow::Cow;
use std::path::Path;

use candle_core::Device;
use serde_json::Value;

use crate::encode::Tokenizer;
use crate::encoder::EncoderConfig;
use crate::head::Question;
use crate::labels;
use crate::model::Model;
use crate::weights::Weights;
use crate::{Error, Precision, Result};

pub use self::config::{calibrated_config, pair_config, span_config};
pub use self::save::{Files, recover, save};
pub use self::temperatures::{LanguageTemperatures, Temperatures};

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
    /// Whether sentences are read twice, the second time without the targets' names: [`Predictor::with_half_masking`].
    ///
    /// [`Predictor::with_half_masking`]: crate::predict::Predictor::with_half_masking
    pub half_masking: bool,
    /// What it computes its answers in; `None` for [`Precision::stored`].
    pub precision: Option<Precision>,
    /// `tokenizer.json`.
    pub tokenizer: Tokenizer,
    /// The bytes of `tokenizer.json`, for writing it again unchanged.
    pub tokenizer_json: Cow<'static, [u8]>,
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
        Self::assemble(&directory.display().to_string(), &config, tokenizer.into(), weights)
    }

    /// Open a checkpoint from the bytes of its three files. The tensors stay in those of `weights` until they are taken.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn parse(
        place: &str,
        config: &[u8],
        tokenizer: impl Into<Cow<'static, [u8]>>,
        weights: impl Into<Cow<'static, [u8]>>,
        device: &Device,
    ) -> Result<Self> {
        let weights = Weights::parse(weights, &format!("{place}/model.safetensors"), device)?;
        Self::assemble(place, config, tokenizer.into(), weights)
    }

    fn assemble(place: &str, config: &[u8], tokenizer_json: Cow<'static, [u8]>, weights: Weights) -> Result<Self> {
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
        let invalid = |message| Error::invalid(&config_place, message);
        let temperatures = config::temperatures(&config).map_err(invalid)?;
        let half_masking = config::half_masking(&config).map_err(invalid)?;
        Ok(Self {
            place: place.to_owned(),
            config,
            encoder,
            question,
            temperatures,
            half_masking,
            precision: None,
            tokenizer,
            tokenizer_json,
            weights,
        })
    }

    /// The model and what is left of the checkpoint. It computes in f32 where int8 is asked for: that is of [`into_engine`](Self::into_engine).
    ///
    /// # Errors
    /// Where the checkpoint is a base model without a head, its tensors do not fit its configuration, or its device does not answer in
    /// what it is to.
    pub fn into_model(mut self) -> Result<(Model, Tokenizer, Temperatures)> {
        let question = self.question()?;
        let precision = self.precision()?;
        precision.cast(&mut self.weights)?;
        let model = Model::load(&self.encoder, question, self.weights)?;
        Ok((model, self.tokenizer, self.temperatures))
    }

    /// The same with the model laid out to answer on a CPU.
    ///
    /// # Errors
    /// As [`Checkpoint::into_model`].
    pub fn into_engine(self) -> Result<(Model, Tokenizer, Temperatures)> {
        let precision = self.precision()?;
        let model = Model::load_engine(&self.encoder, self.question()?, self.weights, precision)?;
        Ok((model, self.tokenizer, self.temperatures))
    }

    /// What it computes its answers in, if its device does.
    fn precision(&self) -> Result<Precision> {
        let precision = self.precision.unwrap_or_else(|| Precision::stored(&self.weights));
        precision.check(&self.weights.device())?;
        Ok(precision)
    }

    fn question(&self) -> Result<Question> {
        let message = "a base model without a head: fine-tune it with `regard train`";
        self.question.ok_or_else(|| Error::invalid(&self.place, message))
    }
}
