//! Read token ids with candle-transformers, as `infer.py` does it with others:
//! `infer-candle MODEL DATA VECTORS.f32 ROUNDS BUDGET`. Sequences stand sorted by length in batches of at most BUDGET padded tokens;
//! VECTORS.f32 gets the last hidden state of each first token, in the order of DATA, as little-endian f32 without a header.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use candle_core::{DType, Device, IndexOp, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, data, vectors, rounds, budget] = arguments.as_slice() else {
        anyhow::bail!("expected MODEL DATA VECTORS.f32 ROUNDS BUDGET, found {} arguments", arguments.len());
    };
    let (rounds, budget): (usize, usize) = (rounds.parse()?, budget.parse()?);
    let ids = read(data)?;
    let batches = batches(&ids, budget)?;
    let start = Instant::now();
    let model = open(Path::new(model))?;
    let load = start.elapsed().as_secs_f64();
    let mut seconds = Vec::new();
    let mut answers = Vec::new();
    for _ in 0..=rounds {
        let start = Instant::now();
        answers = batches.iter().map(|batch| batch.answer(&model)).collect::<Result<_>>()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    // The first round warmed up.
    seconds.remove(0);
    write(vectors, &batches, &answers, ids.len())?;
    let tokens: usize = ids.iter().map(Vec::len).sum();
    let mut sorted = seconds.clone();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).context("ROUNDS: expected at least 1")?;
    let told = json!({
        "engine": "candle f32",
        "tokens_per_s": tokens as f64 / median,
        "pairs_per_s": ids.len() as f64 / median,
        "tokens": tokens,
        "load_s": load,
        "rounds_s": seconds,
    });
    println!("{told}");
    Ok(())
}

fn read(path: &str) -> Result<Vec<Vec<u32>>> {
    let text = std::fs::read_to_string(path).with_context(|| path.to_owned())?;
    let ids = |line: &str| -> Result<Vec<u32>> {
        let line: Value = serde_json::from_str(line)?;
        Ok(serde_json::from_value(line.get("ids").context("expected ids")?.clone())?)
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(ids).collect()
}

fn open(directory: &Path) -> Result<BertModel> {
    let config: Config = serde_json::from_slice(&std::fs::read(directory.join("config.json"))?)?;
    let file = std::fs::read(directory.join("model.safetensors"))?;
    let weights = VarBuilder::from_buffered_safetensors(file, DType::F32, &Device::Cpu)?;
    Ok(BertModel::load(weights, &config)?)
}

/// Sequences padded to the longest, and which of all they are.
struct Batch {
    indices: Vec<usize>,
    ids: Tensor,
    types: Tensor,
    mask: Tensor,
}

impl Batch {
    /// One vector a sequence.
    fn answer(&self, model: &BertModel) -> Result<Vec<Vec<f32>>> {
        let hidden = model.forward(&self.ids, &self.types, Some(&self.mask))?;
        Ok(hidden.i((.., 0))?.to_vec2()?)
    }
}

fn batches(ids: &[Vec<u32>], budget: usize) -> Result<Vec<Batch>> {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|index| ids[*index].len());
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in order {
        match groups.last_mut() {
            // Sorted: the one to be added is the longest.
            Some(group) if ids[index].len() * (group.len() + 1) <= budget => group.push(index),
            _ => groups.push(vec![index]),
        }
    }
    groups.into_iter().map(|group| padded(ids, group)).collect()
}

fn padded(ids: &[Vec<u32>], indices: Vec<usize>) -> Result<Batch> {
    let longest = indices.iter().map(|index| ids[*index].len()).max().unwrap_or(0);
    let row = |index: &usize, value: fn(u32) -> u32| {
        let mut row: Vec<u32> = ids[*index].iter().map(|id| value(*id)).collect();
        row.resize(longest, 0);
        row
    };
    let tensor = |value: fn(u32) -> u32| {
        let numbers: Vec<u32> = indices.iter().flat_map(|index| row(index, value)).collect();
        Tensor::from_vec(numbers, (indices.len(), longest), &Device::Cpu)
    };
    let (ids, mask) = (tensor(|id| id)?, tensor(|_| 1)?);
    Ok(Batch { types: ids.zeros_like()?, ids, mask, indices })
}

fn write(path: &str, batches: &[Batch], answers: &[Vec<Vec<f32>>], count: usize) -> Result<()> {
    let mut rows = vec![&[][..]; count];
    for (batch, answers) in batches.iter().zip(answers) {
        for (index, answer) in batch.indices.iter().zip(answers) {
            rows[*index] = answer;
        }
    }
    let bytes: Vec<u8> = rows.concat().iter().flat_map(|value| value.to_le_bytes()).collect();
    Ok(std::fs::write(path, bytes)?)
}
