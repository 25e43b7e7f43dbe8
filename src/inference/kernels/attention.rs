//! Scaled dot-product attention (<https://arxiv.org/abs/1706.03762>) over sequences packed end to end: no padding, no mask.

mod head;
mod product;

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use self::head::{Gradients, Head, Inputs, Scratch};
use super::dropout::Mask;
use super::slices::{asked, floats, read};

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

impl Attention {
    /// The gradients of queries, keys and values.
    pub(crate) fn backward(
        &self,
        queries: &Tensor,
        keys: &Tensor,
        values: &Tensor,
        grad: &Tensor,
    ) -> Result<[Tensor; 3]> {
        let (_, width) = queries.dims2()?;
        let gradients = read([queries, keys, values, grad], |[queries, keys, values, grad]| {
            let mut gradients = [(); 3].map(|()| vec![0.0; queries.len()]);
            let [dqueries, dkeys, dvalues] = gradients.each_mut().map(|packed| self.sequences(packed, width));
            let parts = dqueries.into_par_iter().zip(dkeys).zip(dvalues).enumerate();
            parts.for_each_init(Scratch::default, |scratch, (sequence, ((queries_part, keys_part), values_part))| {
                let rows = self.offsets[sequence] * width..self.offsets[sequence + 1] * width;
                let inputs = Inputs {
                    queries: &queries[rows.clone()],
                    keys: &keys[rows.clone()],
                    values: &values[rows.clone()],
                };
                let mut gradients = Gradients { queries: queries_part, keys: keys_part, values: values_part };
                for head in self.heads_of(sequence, rows.len() / width, width) {
                    head::backward(head, &inputs, &grad[rows.clone()], &mut gradients, scratch);
                }
            });
            gradients
        })?;
        let [dqueries, dkeys, dvalues] =
            gradients.map(|packed| Tensor::from_vec(packed, queries.shape(), queries.device()));
        Ok([dqueries?, dkeys?, dvalues?])
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
        parts.into_par_iter().enumerate().for_each_init(Scratch::default, |scratch, (sequence, outputs)| {
            let rows = self.offsets[sequence] * width..self.offsets[sequence + 1] * width;
            let inputs =
                Inputs { queries: &queries[rows.clone()], keys: &keys[rows.clone()], values: &values[rows.clone()] };
            for head in self.heads_of(sequence, outputs.len() / width, width) {
                head::forward(head, &inputs, outputs, scratch);
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
        let [dqueries, dkeys, dvalues] = self.backward(queries, keys, values, grad)?;
        Ok((asked(queries, || Ok(dqueries))?, asked(keys, || Ok(dkeys))?, asked(values, || Ok(dvalues))?))
    }
}
