//! One head of one sequence: probabilities are computed again in the backward pass, not kept.

use multiversion::multiversion;

use super::product::{COLUMNS, Left, Matrix, product};
use crate::kernels::dropout::Mask;
use crate::kernels::exponential::exp;

/// Where a head's numbers stand in the packed rows (T, H) of its sequence, of which R read the others.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// R.
    pub(super) readers: usize,
    /// T.
    pub(super) length: usize,
    /// H.
    pub(super) width: usize,
    /// The head's first column.
    pub(super) first: usize,
    /// Its columns.
    pub(super) size: usize,
    /// Which probabilities are dropped.
    pub(super) mask: Option<Mask>,
}

/// Inputs of one sequence, packed (T, H), but for the queries, (R, H).
pub(super) struct Inputs<'a> {
    pub(super) queries: &'a [f32],
    pub(super) keys: &'a [f32],
    pub(super) values: &'a [f32],
}

/// Gradients of one sequence, packed like the inputs.
pub(super) struct Gradients<'a> {
    pub(super) queries: &'a mut [f32],
    pub(super) keys: &'a mut [f32],
    pub(super) values: &'a mut [f32],
}

/// Room for one head, kept from one to the next.
#[derive(Default)]
pub(super) struct Scratch {
    /// One of the inputs, (T or R, size) or transposed.
    input: Matrix,
    /// One of the results, (T or R, size).
    result: Matrix,
    /// (R, T), like those below: a row is how one token reads the others.
    weights: Matrix,
    dropped: Matrix,
    dweights: Matrix,
}

impl Head {
    /// The head's columns of `packed` (R, H), to be a left-hand factor.
    #[inline(always)]
    fn left<'a>(&self, packed: &'a [f32]) -> Left<'a> {
        Left { values: &packed[self.first..], rows: self.readers, stride: self.width, transposed: false }
    }

    /// What each reads of the others, to be a left-hand factor.
    #[inline(always)]
    fn rows<'a>(&self, weights: &'a Matrix) -> Left<'a> {
        Left { values: &weights.values, rows: self.readers, stride: weights.stride, transposed: false }
    }

    /// What is read of every token by the others, to be a left-hand factor.
    #[inline(always)]
    fn columns<'a>(&self, weights: &'a Matrix) -> Left<'a> {
        Left { values: &weights.values, rows: self.length, stride: weights.stride, transposed: true }
    }

    #[inline(always)]
    fn gather(&self, packed: &[f32], own: &mut Matrix) {
        own.reset(packed.len() / self.width, self.size);
        for (own, packed) in own.values.chunks_exact_mut(own.stride).zip(packed.chunks_exact(self.width)) {
            own[..self.size].copy_from_slice(&packed[self.first..][..self.size]);
        }
    }

    #[inline(always)]
    fn scatter(&self, own: &Matrix, packed: &mut [f32]) {
        for (own, packed) in own.values.chunks_exact(own.stride).zip(packed.chunks_exact_mut(self.width)) {
            packed[self.first..][..self.size].copy_from_slice(&own[..self.size]);
        }
    }

    #[inline(always)]
    fn transpose(&self, packed: &[f32], own: &mut Matrix) {
        own.reset(self.size, packed.len() / self.width);
        let stride = own.stride;
        // A register's width of tokens at a time: what is written lies together, what is read stays in the cache.
        for (block, packed) in packed.chunks(COLUMNS * self.width).enumerate() {
            let count = packed.len() / self.width;
            let rows = own.values.chunks_exact_mut(stride).enumerate();
            for (dim, row) in rows {
                let column = packed[self.first + dim..].iter().step_by(self.width);
                row[block * COLUMNS..][..count].iter_mut().zip(column).for_each(|(own, value)| *own = *value);
            }
        }
    }

    /// Attention probabilities before dropout, into `scratch.weights`.
    #[inline(always)]
    fn probabilities(&self, queries: &[f32], keys: &[f32], scratch: &mut Scratch) {
        self.transpose(keys, &mut scratch.input);
        product(self.left(queries), &scratch.input, &mut scratch.weights);
        let scale = self.scale();
        for row in scratch.weights.values.chunks_exact_mut(scratch.weights.stride) {
            row[self.length..].fill(f32::NEG_INFINITY);
            let largest =
                folded(row, f32::NEG_INFINITY, |largest, weight| if weight > largest { weight } else { largest });
            for weight in row.iter_mut() {
                *weight = exp((*weight - largest) * scale);
            }
            let share = 1.0 / folded(row, 0.0, |total, weight| total + weight);
            for weight in row.iter_mut() {
                *weight *= share;
            }
        }
    }

    /// Dropout of how `token` reads the others.
    #[inline(always)]
    fn drop(&self, token: usize, weights: &mut [f32]) {
        if let Some(mask) = self.mask {
            let first = (token * self.length) as u32;
            for (other, weight) in weights.iter_mut().enumerate() {
                *weight *= mask.factor(first.wrapping_add(other as u32));
            }
        }
    }

    /// The same of two rows: which are dropped is found out once.
    #[inline(always)]
    fn drop_both(&self, token: usize, weights: &mut [f32], others: &mut [f32]) {
        if let Some(mask) = self.mask {
            let first = (token * self.length) as u32;
            for (other, (weight, second)) in weights.iter_mut().zip(others).enumerate() {
                let factor = mask.factor(first.wrapping_add(other as u32));
                *weight *= factor;
                *second *= factor;
            }
        }
    }

    #[inline(always)]
    fn scale(&self) -> f32 {
        1.0 / (self.size as f32).sqrt()
    }

    #[inline(always)]
    fn read(&self, inputs: &Inputs<'_>, outputs: &mut [f32], scratch: &mut Scratch) {
        self.probabilities(inputs.queries, inputs.keys, scratch);
        let weights = &mut scratch.weights;
        for (token, row) in weights.values.chunks_exact_mut(weights.stride).enumerate() {
            self.drop(token, row);
        }
        self.gather(inputs.values, &mut scratch.input);
        product(self.rows(weights), &scratch.input, &mut scratch.result);
        self.scatter(&scratch.result, outputs);
    }

    #[inline(always)]
    fn gradients(&self, inputs: &Inputs<'_>, grad: &[f32], gradients: &mut Gradients<'_>, scratch: &mut Scratch) {
        self.probabilities(inputs.queries, inputs.keys, scratch);
        let Scratch { input, result, weights, dropped, dweights } = scratch;
        self.transpose(inputs.values, input);
        product(self.left(grad), input, dweights);
        dropped.copy(weights);
        let (scale, stride) = (self.scale(), weights.stride);
        let rows = weights.values.chunks_exact(stride).zip(dropped.values.chunks_exact_mut(stride));
        let rows = rows.zip(dweights.values.chunks_exact_mut(stride)).enumerate();
        for (token, ((weights, dropped), dweights)) in rows {
            self.drop_both(token, dropped, dweights);
            let inner = dot(weights, dweights);
            for (dweight, weight) in dweights.iter_mut().zip(weights) {
                *dweight = weight * (*dweight - inner) * scale;
            }
        }
        // From here on `dweights` are gradients of the likenesses.
        let pairs = [
            (self.columns(dropped), grad, &mut *gradients.values),
            (self.rows(dweights), inputs.keys, &mut *gradients.queries),
            (self.columns(dweights), inputs.queries, &mut *gradients.keys),
        ];
        for (left, right, gradient) in pairs {
            self.gather(right, input);
            product(left, input, result);
            self.scatter(result, gradient);
        }
    }
}

/// All of a row, whose length is a multiple of [`COLUMNS`], lane by lane: that vectorises.
#[inline(always)]
fn folded(row: &[f32], start: f32, fold: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [start; COLUMNS];
    for start in (0..row.len()).step_by(COLUMNS) {
        for (lane, folded) in lanes.iter_mut().enumerate() {
            *folded = fold(*folded, row[start + lane]);
        }
    }
    lanes.into_iter().fold(start, fold)
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; COLUMNS];
    for (a, b) in a.chunks_exact(COLUMNS).zip(b.chunks_exact(COLUMNS)) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += a[lane] * b[lane];
        }
    }
    lanes.iter().sum()
}

/// The head's columns of `outputs`.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
pub(super) fn forward(head: Head, inputs: &Inputs<'_>, outputs: &mut [f32], scratch: &mut Scratch) {
    head.read(inputs, outputs, scratch);
}

/// The head's columns of `gradients`, where `grad` is that of the outputs.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
pub(super) fn backward(
    head: Head,
    inputs: &Inputs<'_>,
    grad: &[f32],
    gradients: &mut Gradients<'_>,
    scratch: &mut Scratch,
) {
    head.gradients(inputs, grad, gradients, scratch);
}
