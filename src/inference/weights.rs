//! Tensors by name, strictly: what a model takes must be there, and nothing may be left over.

mod int4;
mod storage;
mod stored;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor, Var};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use self::storage::quantize;
pub use self::storage::{Storage, serialize};
use self::stored::Stored;
pub(crate) use self::stored::{Int4Rows, Int8Rows};
use crate::{Error, Result};

/// Suffix of the tensor that holds the scales of a matrix of integers.
const SCALE: &str = "_scale";

/// The named tensors of a checkpoint, under transformers' names without the model's prefix. Those of a file stay in its bytes until
/// they are asked for, and then are f32 on one device.
#[derive(Debug, Clone)]
pub struct Weights {
    place: String,
    device: Device,
    tensors: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    Stored(Stored),
    Tensor(Tensor),
}

impl Entry {
    fn shape(&self) -> &[usize] {
        match self {
            Self::Stored(stored) => stored.shape(),
            Self::Tensor(tensor) => tensor.dims(),
        }
    }

    fn tensor(&self, device: &Device) -> Result<Tensor> {
        match self {
            Self::Stored(stored) => stored.widened(device),
            Self::Tensor(tensor) => Ok(tensor.clone()),
        }
    }
}

impl Weights {
    /// Read `model.safetensors` of a checkpoint directory, or the shards that `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// Where a file is missing, truncated or not safetensors, a shard lacks a tensor that the index promises, a type is not
    /// f32, f16, bf16, or int8 or int4 with scales, or a value is not finite.
    pub fn open(directory: &Path, device: &Device) -> Result<Self> {
        #[derive(Deserialize)]
        struct Index {
            weight_map: BTreeMap<String, String>,
        }
        let single = directory.join("model.safetensors");
        let index = directory.join("model.safetensors.index.json");
        if single.exists() || !index.exists() {
            let bytes = std::fs::read(&single).map_err(Error::io(&single))?;
            return Self::parse(bytes, &single.display().to_string(), device);
        }
        let place = index.display().to_string();
        let text = std::fs::read(&index).map_err(Error::io(&index))?;
        let index: Index = serde_json::from_slice(&text).map_err(|error| Error::invalid(&place, error))?;
        let mut shards: Vec<&String> = index.weight_map.values().collect();
        shards.sort_unstable();
        shards.dedup();
        let mut all = Self { place: place.clone(), device: device.clone(), tensors: BTreeMap::new() };
        for shard in shards {
            // A shard is a file beside the index, nothing else: an index from a stranger must not reach across the disk.
            if shard.contains(['/', '\\']) {
                return Err(Error::invalid(&place, format!("weight_map: expected a file name, found {shard:?}")));
            }
            let path = directory.join(shard);
            let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
            for (name, tensor) in Self::parse(bytes, &path.display().to_string(), device)?.tensors {
                if all.tensors.insert(name.clone(), tensor).is_some() {
                    return Err(Error::invalid(path.display(), format!("tensor {name} is in another shard too")));
                }
            }
        }
        for (name, shard) in &index.weight_map {
            if let Some(name) = canonical(name).filter(|name| !all.tensors.contains_key(name)) {
                return Err(Error::invalid(&place, format!("tensor {name} is not in {shard}, as weight_map says")));
            }
        }
        Ok(all)
    }

    /// Read the bytes of a safetensors file, which are kept as long as a tensor is in them; `place` names it in errors.
    ///
    /// # Errors
    /// As [`Weights::open`].
    pub fn parse(bytes: impl Into<Cow<'static, [u8]>>, place: &str, device: &Device) -> Result<Self> {
        let source = Arc::new(bytes.into());
        let file = SafeTensors::deserialize(&source)
            .map_err(|error| Error::invalid(place, format!("expected a whole safetensors file: {error}")))?;
        let mut tensors = BTreeMap::new();
        let is_scale = |name: &str| {
            let matrix = name.strip_suffix(SCALE).and_then(|name| file.tensor(name).ok());
            matrix.is_some_and(|matrix| matches!(matrix.dtype(), Dtype::I8 | Dtype::U8))
        };
        for (name, view) in file.tensors() {
            let Some(canonical) = canonical(&name).filter(|_| !is_scale(&name)) else { continue };
            let stored = Stored::new(&source, &file, &name, &view).map_err(|message| Error::invalid(place, message))?;
            if tensors.insert(canonical.clone(), Entry::Stored(stored)).is_some() {
                return Err(Error::invalid(place, format!("tensor {canonical} is there twice")));
            }
        }
        Ok(Self { place: place.to_owned(), device: device.clone(), tensors })
    }

    /// None yet.
    pub fn empty() -> Self {
        Self { place: "weights".to_owned(), device: Device::Cpu, tensors: BTreeMap::new() }
    }

    /// Whether matrices are stored as integers.
    pub fn stores_integers(&self) -> bool {
        self.tensors.values().any(|entry| matches!(entry, Entry::Stored(stored) if stored.is_of_integers()))
    }

    /// Take the tensor `name`, which must have `shape`, as f32.
    ///
    /// # Errors
    /// Where it is missing or has another shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let Some(entry) = self.tensors.get(name) else {
            return Err(Error::invalid(&self.place, format!("tensor {name} {shape:?} is missing")));
        };
        if entry.shape() != shape {
            let message = format!("tensor {name}: expected {shape:?}, found {:?}", entry.shape());
            return Err(Error::invalid(&self.place, message));
        }
        self.remove(name)
    }

    /// Take the matrix `name` as int8 rows and a scale a row: what is stored so comes as it is, in the bytes of its file.
    ///
    /// # Errors
    /// As [`Weights::take`].
    pub(crate) fn take_int8(&mut self, name: &str, shape: &[usize; 2]) -> Result<Int8Rows> {
        if let Some(Entry::Stored(stored)) = self.tensors.get(name)
            && stored.shape() == shape
            && let Some(rows) = stored.int8()
        {
            self.tensors.remove(name);
            return Ok(rows);
        }
        let values = self.take(name, shape)?.flatten_all()?.to_vec1::<f32>()?;
        let (rows, scales) = quantize(&values, shape[1]);
        Ok(Int8Rows::new(rows, scales, shape[1]))
    }

    /// Take the matrix `name` in the bytes of its file where it is stored as int4 and has `shape`.
    pub(crate) fn take_int4(&mut self, name: &str, shape: &[usize; 2]) -> Option<Int4Rows> {
        let Some(Entry::Stored(stored)) = self.tensors.get(name).filter(|entry| entry.shape() == shape) else {
            return None;
        };
        let rows = stored.int4()?;
        self.tensors.remove(name);
        Some(rows)
    }

    /// Take the tensor `name`, whatever its shape, as f32.
    ///
    /// # Errors
    /// Where it is missing.
    pub fn remove(&mut self, name: &str) -> Result<Tensor> {
        let missing = || Error::invalid(&self.place, format!("tensor {name} is missing"));
        self.tensors.remove(name).ok_or_else(missing)?.tensor(&self.device)
    }

    /// Widen every tensor now and let go of the files' bytes: from here on clones of these weights share their tensors.
    ///
    /// # Errors
    /// Where one cannot be put on the device.
    pub fn widen(&mut self) -> Result<()> {
        for entry in self.tensors.values_mut() {
            *entry = Entry::Tensor(entry.tensor(&self.device)?);
        }
        Ok(())
    }

    /// Put `tensor` under `name`, in place of what was there.
    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor) {
        self.tensors.insert(name.into(), Entry::Tensor(tensor));
    }

    /// Leave only the tensors whose name `keep` accepts.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.tensors.retain(|name, _| keep(name));
    }

    /// Cast the tensors whose name `cast` accepts to `dtype`.
    ///
    /// # Errors
    /// Where a copy cannot be allocated.
    pub(crate) fn cast(&mut self, cast: impl Fn(&str) -> bool, dtype: DType) -> Result<()> {
        for (_, entry) in self.tensors.iter_mut().filter(|(name, _)| cast(name)) {
            *entry = Entry::Tensor(entry.tensor(&self.device)?.to_dtype(dtype)?);
        }
        Ok(())
    }

    /// Make the tensors that `trained` accepts variables, and return these in order of name. Clones made from then on share all
    /// tensors, those that do not learn too.
    ///
    /// # Errors
    /// Where a copy cannot be allocated.
    pub fn train(&mut self, trained: impl Fn(&str) -> bool) -> Result<Vec<(String, Var)>> {
        self.widen()?;
        let mut variables = Vec::new();
        for (name, entry) in self.tensors.iter_mut().filter(|(name, _)| trained(name)) {
            let variable = Var::from_tensor(&entry.tensor(&self.device)?)?;
            *entry = Entry::Tensor(variable.as_tensor().clone());
            variables.push((name.clone(), variable));
        }
        Ok(variables)
    }

    /// The tensors in order of name, those of a file widened as they come.
    ///
    /// # Errors
    /// Where one cannot be put on the device.
    pub fn iter(&self) -> impl Iterator<Item = Result<(&str, Tensor)>> {
        self.tensors.iter().map(|(name, entry)| Ok((name.as_str(), entry.tensor(&self.device)?)))
    }

    /// The shapes of the tensors in order of name.
    pub fn shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.tensors.iter().map(|(name, entry)| (name.as_str(), entry.shape()))
    }

    /// How many numbers there are in all.
    pub fn numbers(&self) -> usize {
        self.shapes().map(|(_, shape)| shape.iter().product::<usize>()).sum()
    }

    /// The tensor `name` as f32, `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be put on the device.
    pub fn get(&self, name: &str) -> Result<Option<Tensor>> {
        self.tensors.get(name).map(|entry| entry.tensor(&self.device)).transpose()
    }

    /// Where the tensors live.
    pub fn device(&self) -> Device {
        self.device.clone()
    }

    /// End the taking: nothing may be left.
    ///
    /// # Errors
    /// Where a tensor was not taken; all are named.
    pub fn finish(self) -> Result<()> {
        if self.tensors.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        Err(Error::invalid(&self.place, format!("tensors that this model has no place for: {}", names.join(", "))))
    }
}

/// The name that this library uses for a tensor that transformers calls `name`, or `None` where it is a buffer and no weight.
fn canonical(name: &str) -> Option<String> {
    let name = ["bert.", "roberta."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    // Saved by old versions of transformers: 0, 1, 2 … and zeros.
    if matches!(name, "embeddings.position_ids" | "embeddings.token_type_ids") {
        return None;
    }
    // TensorFlow's names for the two parts of a LayerNorm.
    let renamed = name.strip_suffix(".gamma").map(|stem| format!("{stem}.weight"));
    let renamed = renamed.or_else(|| name.strip_suffix(".beta").map(|stem| format!("{stem}.bias")));
    Some(renamed.unwrap_or_else(|| name.to_owned()))
}
