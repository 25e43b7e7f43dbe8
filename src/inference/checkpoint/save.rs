//! A checkpoint written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde_json::Value;

use crate::encoder::{EncoderConfig, Family};
use crate::head::Question;
use crate::labels;
use crate::weights::{self, Storage};
use crate::{Error, Result};

/// The files of a checkpoint to be written.
#[derive(Debug)]
pub struct Files<'a> {
    /// `config.json`. That of a sequence classifier, our own `pair` or another's, has its tensors named as transformers names them.
    pub config: &'a Value,
    /// `tokenizer.json`.
    pub tokenizer_json: &'a [u8],
    /// The tensors of `model.safetensors`.
    pub tensors: Vec<(&'a str, Tensor)>,
    /// How they are stored.
    pub storage: Storage,
    /// `MODEL_CARD.md`.
    pub card: &'a str,
    /// What else is to lie in the directory, by file name.
    pub others: Vec<(&'a str, Vec<u8>)>,
}

/// Write a checkpoint to `directory`, in place of the one that was there. Whoever looks sees the old one or the new one
/// whole, or, for an instant and after a kill at that instant, none: see [`recover`].
///
/// # Errors
/// Where the configuration is not one that could be opened again, something else than a checkpoint is there, or a file cannot be
/// written; what was there is then left as it was.
pub fn save(directory: &Path, files: &Files<'_>) -> Result<()> {
    let named = named(files)?;
    let partial = beside(directory, "partial");
    let replaced = beside(directory, "replaced");
    recover(directory)?;
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
        // To the disk before the old one goes: a rename may reach it before the bytes do.
        let written = std::fs::File::create(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(Error::io(&path))
    };
    let config = serde_json::to_vec_pretty(files.config).map_err(|error| Error::invalid("config.json", error))?;
    write("config.json", &config)?;
    write("tokenizer.json", files.tokenizer_json)?;
    let tensors = named.iter().map(|(name, tensor)| (name.as_str(), *tensor));
    write("model.safetensors", &weights::serialize(tensors, files.storage)?)?;
    write("MODEL_CARD.md", files.card.as_bytes())?;
    files.others.iter().try_for_each(|(name, bytes)| write(name, bytes))?;
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

/// The tensors under the names that they are stored by. Those of a sequence classifier are its class's in transformers, which before
/// version 5 took names without the encoder's prefix for damage; a span checkpoint's encoder is a bare model's and has none.
fn named<'f>(files: &'f Files<'_>) -> Result<Vec<(String, &'f Tensor)>> {
    let place = "config.json";
    let family = EncoderConfig::read(files.config, place)?.family;
    let tensors = files.tensors.iter().map(|(name, tensor)| (*name, tensor));
    if matches!(labels::question(files.config, place)?, None | Some(Question::Span)) {
        return Ok(tensors.map(|(name, tensor)| (name.to_owned(), tensor)).collect());
    }
    // RoBERTa's classifiers have a layer of their own where BERT's have the pooler.
    let (prefix, pooled) = match family {
        Family::Bert => ("bert", true),
        Family::Roberta => ("roberta", false),
    };
    let tensors = tensors.filter(|(name, _)| pooled || !name.starts_with("pooler."));
    let name = |name: &str| match name.starts_with("classifier.") {
        true => name.to_owned(),
        false => format!("{prefix}.{name}"),
    };
    Ok(tensors.map(|(plain, tensor)| (name(plain), tensor)).collect())
}

/// Put the checkpoint of `directory` in its place where a [`save`] was killed between taking it away and putting the new one
/// there. Whoever takes up what such a process left calls this first.
///
/// # Errors
/// Where it cannot be renamed.
pub fn recover(directory: &Path) -> Result<()> {
    let replaced = beside(directory, "replaced");
    if replaced.exists() && !directory.exists() {
        std::fs::rename(&replaced, directory).map_err(Error::io(&replaced))?;
    }
    Ok(())
}

fn beside(directory: &Path, suffix: &str) -> PathBuf {
    let mut name = directory.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    directory.with_file_name(name)
}
