//! What cuts words into pieces: our own Unigram, or a model of the tokenizers library.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::value::RawValue;
use tokenizers::models::unigram::UnigramTrainer;
use tokenizers::models::{ModelWrapper, TrainerWrapper};
use tokenizers::{Model, Token};

use super::unigram::Unigram;

/// The key `model` of `tokenizer.json`.
#[derive(Debug)]
pub(super) enum Pieces {
    Unigram(Unigram),
    Library(ModelWrapper),
}

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        match Unigram::read(json) {
            Some(unigram) => Ok(Self::Unigram(unigram)),
            None => serde_json::from_str(json).map(Self::Library).map_err(D::Error::custom),
        }
    }
}

impl Pieces {
    /// One more than the largest id.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Unigram(unigram) => unigram.len(),
            Self::Library(model) => model.get_vocab().values().max().map_or(0, |id| *id as usize + 1),
        }
    }
}

impl Model for Pieces {
    type Trainer = TrainerWrapper;

    fn tokenize(&self, text: &str) -> tokenizers::Result<Vec<Token>> {
        match self {
            Self::Unigram(unigram) => unigram.tokenize(text).ok_or_else(|| "an unknown letter, and no unk_id".into()),
            Self::Library(model) => model.tokenize(text),
        }
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        match self {
            Self::Unigram(unigram) => unigram.id(token),
            Self::Library(model) => model.token_to_id(token),
        }
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        match self {
            Self::Unigram(unigram) => unigram.piece(id).map(str::to_owned),
            Self::Library(model) => model.id_to_token(id),
        }
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        match self {
            Self::Unigram(unigram) => unigram.vocabulary(),
            Self::Library(model) => model.get_vocab(),
        }
    }

    fn get_vocab_size(&self) -> usize {
        match self {
            Self::Unigram(unigram) => unigram.len(),
            Self::Library(model) => model.get_vocab_size(),
        }
    }

    /// A checkpoint keeps the file that it was opened from.
    fn save(&self, _: &Path, _: Option<&str>) -> tokenizers::Result<Vec<PathBuf>> {
        Err("a tokenizer is saved as the file that it was read from".into())
    }

    fn get_trainer(&self) -> TrainerWrapper {
        match self {
            Self::Unigram(_) => UnigramTrainer::default().into(),
            Self::Library(model) => model.get_trainer(),
        }
    }
}
