//! One layer: attention and feed-forward block, each with a residual and a norm after it.

use std::cell::Cell;
use std::sync::Arc;

use rayon::prelude::*;

use super::embeddings::Norm;
use super::linear::{Linear, Rows};
use crate::encoder::EncoderConfig;
use crate::kernels::{Attention, gelu};
use crate::weights::Weights;
use crate::{Precision, Result};

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
    precision: Precision,
}

/// Room for what is between a layer's stages, kept from one layer to the next.
#[derive(Default)]
pub(super) struct Room {
    /// How many threads may share the work: all, or fewer where other parts keep them busy.
    pub(super) threads: usize,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    read: Vec<f32>,
}

/// Room for what is between the matrices of one block.
#[derive(Default)]
struct Scratch {
    rows: Rows,
    inner: Vec<f32>,
    normed: Vec<f32>,
}

thread_local! {
    /// Kept from one block of a thread to the next: the system would clear fresh pages each time.
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// Run `compute` with this thread's scratch.
fn with_scratch(compute: impl FnOnce(&mut Scratch)) {
    let mut scratch = SCRATCH.take();
    compute(&mut scratch);
    SCRATCH.set(scratch);
}

impl Layer {
    pub(super) fn load(
        config: &EncoderConfig,
        index: usize,
        weights: &mut Weights,
        precision: Precision,
    ) -> Result<Self> {
        let (width, inner) = (config.hidden, config.intermediate);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let mut linear = |part: &str, inputs, outputs| Linear::load(weights, &name(part), inputs, outputs, precision);
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
            precision,
        })
    }

    /// `xs` (N, H), sequences at `offsets`, becomes the layer's output (N, H), or (R, H) of the tokens `rows` alone, where these are given.
    pub(super) fn forward(&self, xs: &mut Vec<f32>, offsets: &Arc<[usize]>, rows: Option<&[u32]>, room: &mut Room) {
        let width = self.width;
        let Room { threads, queries, keys, values, read } = room;
        keys.resize(xs.len(), 0.0);
        values.resize(xs.len(), 0.0);
        let read_by: Arc<[usize]> = match rows {
            Some(rows) => offsets.iter().map(|offset| rows.partition_point(|row| (*row as usize) < *offset)).collect(),
            None => Arc::clone(offsets),
        };
        // Only some ask in the last layer: they do so by themselves.
        queries.resize(rows.map_or(xs.len(), |rows| rows.len() * width), 0.0);
        let asked = if rows.is_none() { queries.as_mut_slice() } else { &mut [] };
        let block = block(xs.len() / width, *threads) * width;
        let mut parts: Vec<&mut [f32]> = asked.chunks_mut(block).collect();
        parts.resize_with(xs.len().div_ceil(block), Default::default);
        let blocks = xs.par_chunks(block).zip(parts).zip(keys.par_chunks_mut(block)).zip(values.par_chunks_mut(block));
        blocks.for_each(|(((xs, queries), keys), values)| {
            with_scratch(|Scratch { rows, .. }| {
                rows.prepare(&self.key, xs, width);
                if !queries.is_empty() {
                    rows.multiply(&self.query, xs, queries);
                }
                rows.multiply(&self.key, xs, keys);
                rows.multiply(&self.value, xs, values);
            });
        });
        if let Some(rows) = rows {
            // Sorted: no row is written over before it is read.
            for (place, &row) in rows.iter().enumerate() {
                xs.copy_within(row as usize * width..(row as usize + 1) * width, place * width);
            }
            xs.truncate(rows.len() * width);
            let blocks = xs.par_chunks(block).zip(queries.par_chunks_mut(block));
            blocks.for_each(|(xs, queries)| {
                with_scratch(|Scratch { rows, .. }| {
                    rows.prepare(&self.query, xs, width);
                    rows.multiply(&self.query, xs, queries);
                });
            });
        }
        let (keys_at, padding) = (Arc::clone(offsets), Arc::default());
        let attention = Attention { keys: keys_at, queries: read_by, heads: self.heads, dropout: None, padding };
        read.resize(xs.len(), 0.0);
        match self.precision {
            Precision::F32 => attention.read([queries, keys, values], width, read),
            _ => attention.read_rounded([queries, keys, values], width, read),
        }
        self.feed_forward(read, xs, *threads);
        std::mem::swap(xs, read);
    }

    /// All that comes after attention: `read` (R, H), what attention gave for `own` (R, H), becomes the layer's output.
    fn feed_forward(&self, read: &mut [f32], own: &[f32], threads: usize) {
        let width = self.width;
        let block = block(own.len() / width, threads) * width;
        let blocks = read.par_chunks_mut(block).zip(own.par_chunks(block));
        blocks.for_each(|(read, own)| {
            with_scratch(|Scratch { rows, inner, normed }| {
                normed.resize(own.len(), 0.0);
                inner.resize(own.len() / width * self.inner, 0.0);
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
        });
    }
}

/// How many of `rows` rows a block takes, so that each of the `threads` gets one.
fn block(rows: usize, threads: usize) -> usize {
    rows.div_ceil(threads.max(1)).next_multiple_of(TILE).clamp(TILE, BLOCK)
}
