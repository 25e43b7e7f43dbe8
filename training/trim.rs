//! A smaller vocabulary for a checkpoint: most rows of a multilingual embedding belong to languages that it will never read.
//!
//! Only Unigram vocabularies can be cut so: each piece has a score of its own, and a text is split into those of the highest sum. A
//! text made of kept pieces is split as before; elsewhere the next best split takes the place of the lost piece.

mod pieces;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use candle_core::Tensor;
use regard::checkpoint::{self, Checkpoint, Files};
use regard::encode::Tokenizer;
use regard::encoder::Family;
use regard::weights::Storage;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Error;

/// For messages: the tokenizer comes as bytes.
const PLACE: &str = "tokenizer.json";

/// The rows of the embedding.
const EMBEDDING: &str = "embeddings.word_embeddings.weight";

/// What is wanted of a trimmed vocabulary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Pieces in all, special tokens included.
    pub pieces: usize,
    /// How far the texts are trusted to show what will be read: in each script, the scores of the pieces weigh as much as this
    /// many tokens of text.
    pub unseen: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Self { pieces: 40_000, unseen: 300_000.0 }
    }
}

/// A trimmed vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trimmed {
    /// The new `tokenizer.json`.
    pub tokenizer_json: Vec<u8>,
    /// The old id of each new one, ascending.
    pub kept: Vec<u32>,
}

/// Keep the pieces of a Unigram `tokenizer.json` that are worth most: to `texts`, each given once, and to what may be read beside
/// them in the scripts of this project. Special tokens always stay.
///
/// # Errors
/// Where the tokenizer is not a Unigram, or the plan leaves no room for pieces.
pub fn trim<'a>(
    tokenizer_json: &[u8],
    texts: impl IntoIterator<Item = &'a str>,
    plan: &Plan,
) -> Result<Trimmed, Error> {
    if !(plan.unseen.is_finite() && plan.unseen > 0.0) {
        return Err(invalid("unseen", format!("expected a positive number, found {}", plan.unseen)));
    }
    let mut file: Value = serde_json::from_slice(tokenizer_json).map_err(|error| invalid(PLACE, error))?;
    let vocabulary = vocabulary(&mut file)?;
    let specials = specials(&mut file)?;
    if plan.pieces <= specials.len() {
        let message = format!("expected more than the {} special ones, found {}", specials.len(), plan.pieces);
        return Err(invalid("pieces", message));
    }
    let tokenizer = Tokenizer::parse(tokenizer_json, PLACE, usize::MAX)?;
    let mut counts = vec![0.0; vocabulary.len()];
    for text in texts {
        for id in tokenizer.encode(text, &[])?.ids {
            if let Some(count) = counts.get_mut(id as usize) {
                *count += 1.0;
            }
        }
    }
    let mut kept = pieces::choose(&vocabulary, &counts, &specials, plan);
    kept.extend(&specials);
    kept.sort_unstable();

    let new_ids: HashMap<u32, u32> = kept.iter().zip(0..).map(|(&old, new)| (old, new)).collect();
    for id in ids(&mut file)? {
        *id = json!(id.as_u64().and_then(|old| new_ids.get(&u32::try_from(old).ok()?)));
    }
    let rows: Vec<(&str, f64)> = kept
        .iter()
        .filter_map(|&old| vocabulary.get(old as usize))
        .map(|(piece, score)| (piece.as_str(), shortest(*score)))
        .collect();
    file["model"]["vocab"] = json!(rows);
    let tokenizer_json = serde_json::to_vec(&file).map_err(|error| invalid(PLACE, error))?;
    Ok(Trimmed { tokenizer_json, kept })
}

/// Save `checkpoint`, which may be a base model, with the vocabulary that [`trim`] made of its own.
///
/// # Errors
/// Where the vocabulary was made of another one, or a file cannot be written; what `output` held is then left as it was.
pub fn trim_checkpoint(
    checkpoint: &Checkpoint,
    output: &Path,
    trimmed: &Trimmed,
    storage: Storage,
    card: &str,
) -> Result<(), Error> {
    let old = checkpoint.weights.get(EMBEDDING)?;
    let old = old.ok_or_else(|| invalid(&checkpoint.place, format!("tensor {EMBEDDING} is missing")))?;
    let last = trimmed.kept.last().map_or(0, |&id| id as usize);
    if last >= old.dim(0)? {
        let message = format!("tensor {EMBEDDING}: expected more than {last} rows, found {}", old.dim(0)?);
        return Err(invalid(&checkpoint.place, message));
    }
    let kept = Tensor::new(trimmed.kept.as_slice(), old.device())?;
    let mut weights = checkpoint.weights.clone();
    weights.insert(EMBEDDING, old.index_select(&kept, 0)?);
    drop(old);
    let config = config(checkpoint, &trimmed.kept)?;
    let files = Files {
        config: &config,
        tokenizer_json: &trimmed.tokenizer_json,
        tensors: weights.iter().collect::<Result<_, _>>()?,
        storage,
        card,
        others: Vec::new(),
    };
    Ok(checkpoint::save(output, &files)?)
}

/// `config.json` with the new number of rows and the new ids of special tokens.
fn config(checkpoint: &Checkpoint, kept: &[u32]) -> Result<Value, Error> {
    let place = format!("{}/config.json", checkpoint.place);
    let mut config = checkpoint.config.clone();
    for (key, value) in config.as_object_mut().into_iter().flatten() {
        if key == "vocab_size" {
            *value = json!(kept.len());
        } else if let (true, Some(old)) = (key.ends_with("_token_id"), value.as_u64()) {
            let Ok(new) = kept.binary_search_by_key(&old, |&id| u64::from(id)) else {
                return Err(invalid(place, format!("{key}: expected the id of a special token, found {old}")));
            };
            // RoBERTa's positions are counted from it.
            if key == "pad_token_id" && checkpoint.encoder.family == Family::Roberta && new as u64 != old {
                return Err(invalid(place, format!("{key}: expected only special tokens before it, found {old}")));
            }
            *value = json!(new);
        }
    }
    Ok(config)
}

/// Take the pieces and their scores out of `file`, by id.
fn vocabulary(file: &mut Value) -> Result<Vec<(String, f64)>, Error> {
    let mut model = file.get_mut("model").map(Value::take).unwrap_or_default();
    let kind = model.get("type").unwrap_or(&Value::Null);
    if kind != "Unigram" {
        return Err(invalid(PLACE, format!("model.type: expected \"Unigram\", found {kind}")));
    }
    // The pieces of single bytes would have to stay, all 256.
    if model.get("byte_fallback").is_some_and(|value| value == true) {
        return Err(invalid(PLACE, "model.byte_fallback: expected false, found true"));
    }
    let pieces = model.get_mut("vocab").map(Value::take).unwrap_or_default();
    file["model"] = model;
    Vec::deserialize(pieces).map_err(|error| invalid(PLACE, format!("model.vocab: {error}")))
}

/// The ids that `file` speaks of outside its vocabulary: special tokens all.
fn specials(file: &mut Value) -> Result<BTreeSet<u32>, Error> {
    let read = |id: &mut Value| {
        let small = id.as_u64().and_then(|id| u32::try_from(id).ok());
        small.ok_or_else(|| invalid(PLACE, format!("expected the id of a special token, found {id}")))
    };
    ids(file)?.into_iter().map(read).collect()
}

/// Every id in `file` outside its vocabulary.
fn ids(file: &mut Value) -> Result<Vec<&mut Value>, Error> {
    let mut ids = Vec::new();
    for (key, part) in file.as_object_mut().into_iter().flatten() {
        match key.as_str() {
            "model" => ids.extend(part.get_mut("unk_id")),
            "padding" => ids.extend(part.get_mut("pad_id")),
            "added_tokens" => {
                let tokens = part.as_array_mut().into_iter().flatten();
                ids.extend(tokens.filter_map(|token| token.get_mut("id")));
            }
            "post_processor" if !part.is_null() => {
                if part.get("type").is_none_or(|kind| kind != "TemplateProcessing") {
                    let found = part.get("type").unwrap_or(&Value::Null);
                    let message = format!("post_processor.type: expected \"TemplateProcessing\", found {found}");
                    return Err(invalid(PLACE, message));
                }
                let tokens = part.get_mut("special_tokens").and_then(Value::as_object_mut).into_iter().flatten();
                let lists = tokens.filter_map(|(_, token)| token.get_mut("ids").and_then(Value::as_array_mut));
                ids.extend(lists.flatten());
            }
            _ => {}
        }
    }
    ids.retain(|id| !id.is_null());
    Ok(ids)
}

/// The shortest decimal that is `score` in single precision, in which Unigram models are trained: half as many digits to store.
/// Nothing but the order of equal pieces in a row, as in "!! !!!", can depend on the rest.
fn shortest(score: f64) -> f64 {
    (score as f32).to_string().parse().unwrap_or(score)
}

fn invalid(place: impl ToString, message: impl ToString) -> Error {
    regard::Error::invalid(place, message).into()
}
