//! One layer: attention and feed-forward block, each with a residual and a norm after it.

use std::sync::Arc;

use rayon::prelude::*;

use super::embeddings::Norm;
use super::linear::{Linear, Rows};
use crate::Result;
use crate::encoder::EncoderConfig;
use crate::kernels::int8::Instructions;
use crate::kernels::{Attention, gelu};
use crate::weights::Weights;

/// Rows of a block: what a block makes of the widest matrix then fits the second-level cache beside the matrix's part in use.
const BLOCK: usize = 64;
/// Rows that a product computes together.
const TILE: usize = 8;

#[derive(Debug)]
pub(super) struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attended_norm: Norm,
    up: Linear,
    down: Linear,
    down_norm: Norm,
    heads: usize,
    width: usize,
    inner: usize,
}

/// Room of one thread for one block.
#[derive(Default)]
struct Scratch {
    rows: Rows,
    inner: Vec<f32>,
    normed: Vec<f32>,
}

impl Layer {
    pub(super) fn load(
        config: &EncoderConfig,
        index: usize,
        weights: &mut Weights,
        instructions: Option<Instructions>,
    ) -> Result<Self> {
        let (width, inner) = (config.hidden, config.intermediate);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let mut linear =
            |part: &str, inputs, outputs| Linear::load(weights, &name(part), inputs, outputs, instructions);
        Ok(Self {
            query: linear("attention.self.query", width, width)?,
            key: linear("attention.self.key", width, width)?,
            value: linear("attention.self.value", width, width)?,
            attended: linear("attention.output.dense", width, width)?,
            up: linear("intermediate.dense", width, inner)?,
            down: linear("output.dense", inner, width)?,
            attended_norm: Norm::load(weights, &name("attention.output.LayerNorm"), config)?,
            down_norm: Norm::load(weights, &name("output.LayerNorm"), config)?,
            heads: config.heads,
            width,
            inner,
        })
    }

    /// `xs` (N, H), sequences at `offsets`, to (N, H), or to (R, H) of the tokens `rows` alone, where these are given.
    pub(super) fn forward(&self, xs: Vec<f32>, offsets: &Arc<[usize]>, rows: Option<&[u32]>) -> Vec<f32> {
        let width = self.width;
        let read_by = match rows {
            Some(rows) => offsets.iter().map(|offset| rows.partition_point(|row| (*row as usize) < *offset)).collect(),
            None => Arc::clone(offsets),
        };
        let (mut keys, mut values) = (vec![0.0; xs.len()], vec![0.0; xs.len()]);
        let mut queries = vec![0.0; if rows.is_none() { xs.len() } else { 0 }];
        let block = block(xs.len() / width) * width;
        // An empty chunk of queries each where only some tokens ask.
        let mut parts: Vec<&mut [f32]> = queries.chunks_mut(block).collect();
        parts.resize_with(xs.len().div_ceil(block), Default::default);
        let blocks = xs.par_chunks(block).zip(parts).zip(keys.par_chunks_mut(block)).zip(values.par_chunks_mut(block));
        blocks.for_each_init(Scratch::default, |scratch, (((xs, queries), keys), values)| {
            let prepared = &mut scratch.rows;
            prepared.prepare(&self.key, xs, width);
            if !queries.is_empty() {
                prepared.multiply(&self.query, xs, queries);
            }
            prepared.multiply(&self.key, xs, keys);
            prepared.multiply(&self.value, xs, values);
        });
        let mut own = xs;
        if let Some(rows) = rows {
            let row = |row: &u32| &own[*row as usize * width..][..width];
            own = rows.iter().flat_map(row).copied().collect();
            queries = vec![0.0; own.len()];
            let mut prepared = Rows::default();
            prepared.prepare(&self.query, &own, width);
            prepared.multiply(&self.query, &own, &mut queries);
        }
        let (all, padding) = (Arc::clone(offsets), Arc::default());
        let attention = Attention { keys: all, queries: read_by, heads: self.heads, dropout: None, padding };
        let mut read = vec![0.0; own.len()];
        attention.read([&queries, &keys, &values], width, &mut read);
        self.feed_forward(&mut read, &own);
        read
    }

    /// All that comes after attention: `read` (R, H), what attention gave for `own` (R, H), becomes the layer's output.
    fn feed_forward(&self, read: &mut [f32], own: &[f32]) {
        let width = self.width;
        let block = block(own.len() / width) * width;
        let blocks = read.par_chunks_mut(block).zip(own.par_chunks(block));
        blocks.for_each_init(Scratch::default, |scratch, (read, own)| {
            let Scratch { rows, inner, normed } = scratch;
            let count = own.len() / width;
            normed.resize(own.len(), 0.0);
            inner.resize(count * self.inner, 0.0);
            rows.prepare(&self.attended, read, width);
            rows.multiply(&self.attended, read, normed);
            self.attended_norm.of_sum(normed, own);
            rows.prepare(&self.up, normed, width);
            rows.multiply(&self.up, normed, inner);
            gelu::in_place(inner);
            rows.prepare(&self.down, inner, self.inner);
            rows.multiply(&self.down, inner, read);
            self.down_norm.of_sum(read, normed);
        });
    }
}

/// How many of `rows` rows a block takes, so that every thread gets one.
fn block(rows: usize) -> usize {
    rows.div_ceil(rayon::current_num_threads()).next_multiple_of(TILE).clamp(TILE, BLOCK)
}
