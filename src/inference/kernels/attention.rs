//! Scaled dot-product attention (<https://arxiv.org/abs/1706.03762>) over sequences packed end to end: no padding, no mask.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use multiversion::multiversion;
use rayon::prelude::*;

use super::dropout::Mask;
use super::exponential::exp;
use super::slices::{floats, read};

/// How packed rows fall into sequences and heads.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    /// B + 1 offsets: sequence b is rows `offsets[b]..offsets[b + 1]`.
    pub(crate) offsets: Arc<[usize]>,
    /// Number of heads; the width H is a multiple of it.
    pub(crate) heads: usize,
    /// Dropout on the attention probabilities, in training.
    pub(crate) dropout: Option<Mask>,
}

/// Each token of `queries` (N, H) reads `values` (N, H) of its own sequence by its likeness to `keys` (N, H), head by head.
pub(crate) fn attention(queries: &Tensor, keys: &Tensor, values: &Tensor, shape: &Attention) -> Result<Tensor> {
    if queries.device().is_cpu() {
        queries.apply_op3(keys, values, shape.clone())
    } else {
        plain(queries, keys, values, shape)
    }
}

/// The same, one sequence after the other, from candle's differentiable operations.
pub(super) fn plain(queries: &Tensor, keys: &Tensor, values: &Tensor, shape: &Attention) -> Result<Tensor> {
    let (_, width) = queries.dims2()?;
    let scale = 1.0 / ((width / shape.heads) as f64).sqrt();
    let mut outputs = Vec::new();
    for (sequence, bounds) in shape.offsets.windows(2).enumerate() {
        let length = bounds[1] - bounds[0];
        let split = |xs: &Tensor| {
            let rows = xs.narrow(0, bounds[0], length)?;
            rows.reshape((length, shape.heads, width / shape.heads))?.transpose(0, 1)?.contiguous()
        };
        let (queries, keys, values) = (split(queries)?, split(keys)?, split(values)?);
        let likeness = (queries.matmul(&keys.t()?)? * scale)?;
        let mut weights = candle_nn::ops::softmax(&likeness, D::Minus1)?;
        if let Some(mask) = shape.dropout {
            let factors: Vec<f32> = (0..shape.heads)
                .flat_map(|head| {
                    let mask = row_mask(mask, sequence, head);
                    (0..length * length).map(move |index| mask.factor(index as u32))
                })
                .collect();
            weights = (weights * Tensor::from_vec(factors, (shape.heads, length, length), queries.device())?)?;
        }
        outputs.push(weights.matmul(&values)?.transpose(0, 1)?.reshape((length, width))?);
    }
    Tensor::cat(&outputs, 0)
}

/// Every sequence of a batch and every head has a mask of its own.
fn row_mask(mask: Mask, sequence: usize, head: usize) -> Mask {
    let stream = ((sequence as u64) << 16 | head as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Mask { seed: mask.seed ^ stream, ..mask }
}

/// One head of one sequence: where its numbers stand in the packed rows.
#[derive(Clone, Copy)]
struct Head {
    length: usize,
    width: usize,
    first: usize,
    size: usize,
    mask: Option<Mask>,
}

impl Head {
    #[inline(always)]
    fn row<'a>(&self, packed: &'a [f32], token: usize) -> &'a [f32] {
        let start = token * self.width + self.first;
        &packed[start..start + self.size]
    }

    #[inline(always)]
    fn row_mut<'a>(&self, packed: &'a mut [f32], token: usize) -> &'a mut [f32] {
        let start = token * self.width + self.first;
        &mut packed[start..start + self.size]
    }

    /// (size, length): so that one token's products with all others are sums of whole rows.
    #[inline(always)]
    fn transposed(&self, packed: &[f32]) -> Vec<f32> {
        let mut columns = vec![0.0; self.size * self.length];
        for token in 0..self.length {
            for (dim, &value) in self.row(packed, token).iter().enumerate() {
                columns[dim * self.length + token] = value;
            }
        }
        columns
    }

    /// The products of `vector` with every token's row.
    #[inline(always)]
    fn products(&self, vector: &[f32], columns: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        for (&value, column) in vector.iter().zip(columns.chunks_exact(self.length)) {
            add_scaled(out, value, column);
        }
    }

    /// Attention probabilities of one token, before dropout.
    #[inline(always)]
    fn probabilities(&self, query: &[f32], key_columns: &[f32], out: &mut [f32]) {
        self.products(query, key_columns, out);
        let scale = self.scale();
        let largest = out.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut total = 0.0;
        for weight in out.iter_mut() {
            *weight = exp((*weight - largest) * scale);
        }
        for weight in out.iter() {
            total += weight;
        }
        out.iter_mut().for_each(|weight| *weight /= total);
    }

    #[inline(always)]
    fn factor(&self, token: usize, other: usize) -> f32 {
        self.mask.map_or(1.0, |mask| mask.factor((token * self.length + other) as u32))
    }

    fn scale(&self) -> f32 {
        1.0 / (self.size as f32).sqrt()
    }
}

#[inline(always)]
fn add_scaled(out: &mut [f32], factor: f32, xs: &[f32]) {
    for (out, x) in out.iter_mut().zip(xs) {
        *out += factor * x;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn forward(head: Head, queries: &[f32], keys: &[f32], values: &[f32], outputs: &mut [f32]) {
    let key_columns = head.transposed(keys);
    let mut weights = vec![0.0; head.length];
    for token in 0..head.length {
        head.probabilities(head.row(queries, token), &key_columns, &mut weights);
        let output = head.row_mut(outputs, token);
        for (other, &weight) in weights.iter().enumerate() {
            add_scaled(output, weight * head.factor(token, other), head.row(values, other));
        }
    }
}

/// Inputs of one sequence, packed (T, H).
struct Inputs<'a> {
    queries: &'a [f32],
    keys: &'a [f32],
    values: &'a [f32],
    grad: &'a [f32],
}

/// Gradients of one sequence, packed (T, H).
struct Gradients<'a> {
    queries: &'a mut [f32],
    keys: &'a mut [f32],
    values: &'a mut [f32],
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn backward(head: Head, inputs: &Inputs<'_>, gradients: &mut Gradients<'_>) {
    let key_columns = head.transposed(inputs.keys);
    let value_columns = head.transposed(inputs.values);
    let mut weights = vec![0.0; head.length];
    let mut dweights = vec![0.0; head.length];
    for token in 0..head.length {
        let query = head.row(inputs.queries, token);
        let grad = head.row(inputs.grad, token);
        head.probabilities(query, &key_columns, &mut weights);
        head.products(grad, &value_columns, &mut dweights);
        let mut inner = 0.0;
        for (other, (dweight, &weight)) in dweights.iter_mut().zip(&weights).enumerate() {
            let factor = head.factor(token, other);
            add_scaled(head.row_mut(gradients.values, other), weight * factor, grad);
            *dweight *= factor;
            inner += *dweight * weight;
        }
        for (other, (&dweight, &weight)) in dweights.iter().zip(&weights).enumerate() {
            let dlikeness = weight * (dweight - inner) * head.scale();
            add_scaled(head.row_mut(gradients.queries, token), dlikeness, head.row(inputs.keys, other));
            add_scaled(head.row_mut(gradients.keys, other), dlikeness, query);
        }
    }
}

impl Attention {
    fn heads_of(&self, sequence: usize, length: usize, width: usize) -> impl Iterator<Item = Head> {
        let size = width / self.heads;
        let mask = self.dropout;
        (0..self.heads).map(move |head| Head {
            length,
            width,
            first: head * size,
            size,
            mask: mask.map(|mask| row_mask(mask, sequence, head)),
        })
    }

    /// `packed` cut into its sequences.
    fn sequences<'a>(&self, mut packed: &'a mut [f32], width: usize) -> Vec<&'a mut [f32]> {
        let mut parts = Vec::with_capacity(self.offsets.len());
        for bounds in self.offsets.windows(2) {
            let (part, rest) = packed.split_at_mut((bounds[1] - bounds[0]) * width);
            parts.push(part);
            packed = rest;
        }
        parts
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        queries: &CpuStorage,
        queries_layout: &Layout,
        keys: &CpuStorage,
        keys_layout: &Layout,
        values: &CpuStorage,
        values_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, width) = queries_layout.shape().dims2()?;
        let queries = floats(queries, queries_layout)?;
        let (keys, values) = (floats(keys, keys_layout)?, floats(values, values_layout)?);
        let mut outputs = vec![0.0; queries.len()];
        let parts = self.sequences(&mut outputs, width);
        parts.into_par_iter().enumerate().for_each(|(sequence, outputs)| {
            let rows = self.offsets[sequence] * width..self.offsets[sequence + 1] * width;
            for head in self.heads_of(sequence, outputs.len() / width, width) {
                forward(head, &queries[rows.clone()], &keys[rows.clone()], &values[rows.clone()], outputs);
            }
        });
        Ok((CpuStorage::F32(outputs), queries_layout.shape().clone()))
    }

    fn bwd(
        &self,
        queries: &Tensor,
        keys: &Tensor,
        values: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, width) = queries.dims2()?;
        let [dqueries, dkeys, dvalues] = read([queries, keys, values, grad], |[queries, keys, values, grad]| {
            let mut gradients = [(); 3].map(|()| vec![0.0; queries.len()]);
            let [dqueries, dkeys, dvalues] = gradients.each_mut().map(|packed| self.sequences(packed, width));
            let parts = dqueries.into_par_iter().zip(dkeys).zip(dvalues).enumerate();
            parts.for_each(|(sequence, ((queries_part, keys_part), values_part))| {
                let rows = self.offsets[sequence] * width..self.offsets[sequence + 1] * width;
                let inputs = Inputs {
                    queries: &queries[rows.clone()],
                    keys: &keys[rows.clone()],
                    values: &values[rows.clone()],
                    grad: &grad[rows.clone()],
                };
                let length = rows.len() / width;
                let mut gradients = Gradients { queries: queries_part, keys: keys_part, values: values_part };
                for head in self.heads_of(sequence, length, width) {
                    backward(head, &inputs, &mut gradients);
                }
            });
            gradients
        })?;
        let tensor = |packed| Tensor::from_vec(packed, queries.shape(), queries.device()).map(Some);
        Ok((tensor(dqueries)?, tensor(dkeys)?, tensor(dvalues)?))
    }
}
