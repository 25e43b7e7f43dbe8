//! Scaled dot-product attention (<https://arxiv.org/abs/1706.03762>) over sequences packed end to end: no padding, no mask.

#[cfg(target_arch = "x86_64")]
mod bf16;
mod head;
mod padded;
mod product;

use std::ops::Range;
use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use self::head::{Gradients, Head, Inputs, Scratch};
pub(crate) use self::padded::SharedPadding;
use super::dropout::Mask;
use super::fast;
use super::slices::{asked, floats, read};

/// How packed rows fall into sequences and heads.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    /// B + 1 offsets: rows `keys[b]..keys[b + 1]` of keys and values are sequence b.
    pub(crate) keys: Arc<[usize]>,
    /// The same of queries: the same, where every token reads the others.
    pub(crate) queries: Arc<[usize]>,
    /// Number of heads; the width H is a multiple of it.
    pub(crate) heads: usize,
    /// Dropout on the attention probabilities, in training.
    pub(crate) dropout: Option<Mask>,
    /// Of keys and values, for devices that pad; the batch's own.
    pub(crate) padding: SharedPadding,
}

/// Each row of `queries` (R, H) reads `values` (N, H) of its own sequence by its likeness to `keys` (N, H), head by head: (R, H).
pub(crate) fn attention(queries: &Tensor, keys: &Tensor, values: &Tensor, shape: &Attention) -> Result<Tensor> {
    if fast(queries) {
        queries.apply_op3(keys, values, shape.clone())
    } else {
        padded::padded(queries, keys, values, shape)
    }
}

/// The way of other devices, on any.
#[cfg(test)]
pub(super) use self::padded::padded;

/// Every sequence of a batch and every head has a mask of its own.
pub(super) fn row_mask(mask: Mask, sequence: usize, head: usize) -> Mask {
    let stream = ((sequence as u64) << 16 | head as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Mask { seed: mask.seed ^ stream, ..mask }
}

impl Attention {
    /// The heads of a sequence.
    fn heads_of(&self, sequence: usize, width: usize) -> impl Iterator<Item = Head> {
        let size = width / self.heads;
        let mask = self.dropout;
        let count = |offsets: &[usize]| offsets[sequence + 1] - offsets[sequence];
        let (readers, length) = (count(&self.queries), count(&self.keys));
        (0..self.heads).map(move |head| Head {
            readers,
            length,
            width,
            first: head * size,
            size,
            mask: mask.map(|mask| row_mask(mask, sequence, head)),
        })
    }

    /// What a sequence's heads compute from.
    fn inputs<'a>(&self, [queries, keys, values]: [&'a [f32]; 3], sequence: usize, width: usize) -> Inputs<'a> {
        let (read_by, reads) = (rows(&self.queries, sequence, width), rows(&self.keys, sequence, width));
        Inputs { queries: &queries[read_by], keys: &keys[reads.clone()], values: &values[reads] }
    }

    /// What each of `queries` (R, H) reads of `keys` and `values` (N, H), into `outputs` (R, H).
    pub(crate) fn read(&self, inputs: [&[f32]; 3], width: usize, outputs: &mut [f32]) {
        let parts = sequences(outputs, &self.queries, width).into_par_iter().enumerate();
        parts.for_each_init(Scratch::default, |scratch, (sequence, outputs)| {
            let inputs = self.inputs(inputs, sequence, width);
            head::forward(self.heads_of(sequence, width), &inputs, outputs, scratch);
        });
    }

    /// The same where answers are rounded anyway: with factors rounded to bf16, if this processor multiplies these and heads have a
    /// multiple of thirty-two columns.
    pub(crate) fn read_rounded(&self, inputs: [&[f32]; 3], width: usize, outputs: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = super::pairs::Token::new()
            && bf16::fits(width / self.heads)
        {
            return sequences(outputs, &self.queries, width).into_par_iter().enumerate().for_each(
                |(sequence, outputs)| {
                    bf16::forward(
                        token,
                        self.heads_of(sequence, width),
                        &self.inputs(inputs, sequence, width),
                        outputs,
                    );
                },
            );
        }
        self.read(inputs, width, outputs);
    }

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
            let mut gradients = [queries, keys, values].map(|packed| vec![0.0; packed.len()]);
            let [dqueries, dkeys, dvalues] = &mut gradients;
            let parts = sequences(dqueries, &self.queries, width).into_par_iter();
            let parts = parts.zip(sequences(dkeys, &self.keys, width)).zip(sequences(dvalues, &self.keys, width));
            parts.enumerate().for_each_init(Scratch::default, |scratch, (sequence, ((dqueries, dkeys), dvalues))| {
                let inputs = self.inputs([queries, keys, values], sequence, width);
                let grad = &grad[rows(&self.queries, sequence, width)];
                let mut gradients = Gradients { queries: dqueries, keys: dkeys, values: dvalues };
                head::backward(self.heads_of(sequence, width), &inputs, grad, &mut gradients, scratch);
            });
            gradients
        })?;
        let [dqueries, dkeys, dvalues] = gradients;
        let tensor = |packed: Vec<f32>, like: &Tensor| Tensor::from_vec(packed, like.shape(), like.device());
        Ok([tensor(dqueries, queries)?, tensor(dkeys, keys)?, tensor(dvalues, values)?])
    }
}

/// The elements of a sequence's rows.
fn rows(offsets: &[usize], sequence: usize, width: usize) -> Range<usize> {
    offsets[sequence] * width..offsets[sequence + 1] * width
}

/// `packed` cut into its sequences.
fn sequences<'a>(mut packed: &'a mut [f32], offsets: &[usize], width: usize) -> Vec<&'a mut [f32]> {
    let mut parts = Vec::with_capacity(offsets.len());
    for bounds in offsets.windows(2) {
        let (part, rest) = packed.split_at_mut((bounds[1] - bounds[0]) * width);
        parts.push(part);
        packed = rest;
    }
    parts
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
        self.read([queries, keys, values], width, &mut outputs);
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
