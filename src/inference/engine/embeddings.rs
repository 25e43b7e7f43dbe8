//! From token ids to what the first layer reads.

use super::part::Part;
use crate::Result;
use crate::encoder::EncoderConfig;
use crate::kernels::layer_norm;
use crate::weights::{Int4Rows, Int8Rows, Weights};

#[derive(Debug)]
pub(super) struct Embeddings {
    words: Table,
    positions: Vec<f32>,
    token_types: Vec<f32>,
    norm: Norm,
}

/// Weight and bias of a LayerNorm, both (H).
#[derive(Debug)]
pub(super) struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
}

/// Rows of which a batch reads few: they stay as they are stored.
#[derive(Debug)]
enum Table {
    F32(Vec<f32>),
    Int8(Int8Rows),
    Int4(Int4Rows),
}

impl Norm {
    /// Take `{name}.weight` and `{name}.bias`.
    pub(super) fn load(weights: &mut Weights, name: &str, config: &EncoderConfig) -> Result<Self> {
        let mut take = |part: &str| {
            weights.take(&format!("{name}.{part}"), &[config.hidden])?.to_vec1().map_err(crate::Error::from)
        };
        Ok(Self { weight: take("weight")?, bias: take("bias")?, eps: config.layer_norm_eps as f32 })
    }

    /// `xs` (N, H) becomes the norm of `xs + skipped`.
    pub(super) fn of_sum(&self, xs: &mut [f32], skipped: &[f32]) {
        layer_norm::of_sum(xs, skipped, &self.weight, &self.bias, self.eps);
    }
}

impl Table {
    /// Add row `index` to `sum` (H).
    fn add(&self, index: u32, sum: &mut [f32]) {
        let width = sum.len();
        let index = index as usize;
        match self {
            Self::F32(rows) => sum.iter_mut().zip(&rows[index * width..]).for_each(|(sum, x)| *sum += x),
            Self::Int8(rows) => {
                let (row, scale) = rows.row(index);
                sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += f32::from(*x) * scale);
            }
            Self::Int4(rows) => rows.add(index, sum),
        }
    }
}

impl Embeddings {
    pub(super) fn load(config: &EncoderConfig, weights: &mut Weights, int8: bool) -> Result<Self> {
        let width = config.hidden;
        let name = "embeddings.word_embeddings.weight";
        let shape = [config.vocabulary, width];
        let words = match weights.take_int4(name, &shape) {
            Some(rows) => Table::Int4(rows),
            None if int8 => Table::Int8(weights.take_int8(name, &shape)?),
            None => Table::F32(weights.take(name, &shape)?.flatten_all()?.to_vec1()?),
        };
        let mut take = |name: &str, rows: usize| {
            let tensor = weights.take(&format!("embeddings.{name}.weight"), &[rows, width])?;
            tensor.flatten_all()?.to_vec1::<f32>().map_err(crate::Error::from)
        };
        Ok(Self {
            words,
            positions: take("position_embeddings", config.positions)?,
            token_types: take("token_type_embeddings", config.token_types)?,
            norm: Norm::load(weights, "embeddings.LayerNorm", config)?,
        })
    }

    /// (N, H) of sequences whose ids and lengths are known to be within the tables.
    pub(super) fn forward(&self, part: &Part<'_>, config: &EncoderConfig) -> Vec<f32> {
        let width = config.hidden;
        let last_type = config.token_types - 1;
        let mut sums = vec![0.0; part.ids.len() * width];
        let mut rows = sums.chunks_exact_mut(width).zip(part.ids).zip(part.token_types);
        for bounds in part.offsets.windows(2) {
            let positions = self.positions.chunks_exact(width).skip(config.first_position);
            for (position, ((sum, &id), &kind)) in positions.zip(rows.by_ref().take(bounds[1] - bounds[0])) {
                sum.copy_from_slice(position);
                self.words.add(id, sum);
                let kind = (kind as usize).min(last_type);
                sum.iter_mut().zip(&self.token_types[kind * width..]).for_each(|(sum, x)| *sum += x);
            }
        }
        let zeros = vec![0.0; sums.len()];
        self.norm.of_sum(&mut sums, &zeros);
        sums
    }
}
