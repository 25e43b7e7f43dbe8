//! One head of one sequence: probabilities are computed again in the backward pass, not kept.

use pulp::{Simd, WithSimd};

use super::product::{Left, Matrix, Out, Right, product};
use crate::kernels::dropout::Mask;
use crate::kernels::lanes::{change, exp, sum};

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
    /// Keys or values, transposed: (size, T).
    transposed: Matrix,
    /// (R, T), like those below: a row is how one token reads the others.
    weights: Matrix,
    /// What the weights of each row must be multiplied by to add up to 1.
    shares: Vec<f32>,
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

    /// The head's columns of `packed` (T or R, H), to be a right-hand factor.
    #[inline(always)]
    fn right<'a>(&self, packed: &'a [f32]) -> Right<'a> {
        Right { values: &packed[self.first..], columns: self.size, stride: self.width }
    }

    /// The same, to be a result.
    #[inline(always)]
    fn out<'a>(&self, packed: &'a mut [f32]) -> Out<'a> {
        Out { values: &mut packed[self.first..], stride: self.width, factors: None }
    }

    /// Likenesses of R to T, or their gradients: `left` times `right`, transposed (size, T), to `out`.
    #[inline(always)]
    fn likenesses<S: Simd>(&self, simd: S, left: &[f32], right: &Matrix, out: &mut Matrix) {
        out.stride = right.stride;
        out.values.resize(self.readers * out.stride, 0.0);
        let right = Right { values: &right.values, columns: right.stride, stride: right.stride };
        product(simd, self.left(left), right, Out { values: &mut out.values, stride: out.stride, factors: None });
    }

    /// The head's columns of `packed` (T, H), as rows of `own` (size, T).
    #[inline(always)]
    fn transpose(&self, packed: &[f32], own: &mut Matrix) {
        /// Columns at a time: of a known number, which is twice as fast.
        const BLOCK: usize = 8;
        own.reset(self.size, self.length);
        let stride = own.stride;
        for (block, own) in own.values.chunks_mut(BLOCK * stride).enumerate() {
            for (token, row) in packed.chunks_exact(self.width).enumerate() {
                let row = &row[self.first + block * BLOCK..self.first + self.size];
                match row.first_chunk::<BLOCK>() {
                    Some(row) => (0..BLOCK).for_each(|column| own[column * stride + token] = row[column]),
                    None => row.iter().enumerate().for_each(|(column, x)| own[column * stride + token] = *x),
                }
            }
        }
    }

    /// Attention probabilities before dropout, into `scratch.weights`, but for a factor a row: its share.
    #[inline(always)]
    fn probabilities<S: Simd>(&self, simd: S, queries: &[f32], keys: &[f32], scratch: &mut Scratch) {
        let Scratch { transposed, weights, shares, .. } = scratch;
        self.transpose(keys, transposed);
        shares.clear();
        self.likenesses(simd, queries, transposed, weights);
        let scale = simd.splat_f32s(self.scale());
        for row in weights.values.chunks_exact_mut(weights.stride) {
            row[self.length..].fill(f32::NEG_INFINITY);
            let (row, _) = S::as_mut_simd_f32s(row);
            let mut largest = simd.splat_f32s(f32::NEG_INFINITY);
            for &x in row.iter() {
                largest = simd.max_f32s(largest, x);
            }
            let largest = simd.splat_f32s(simd.reduce_max_f32s(largest));
            let mut total = simd.splat_f32s(0.0);
            for x in row.iter_mut() {
                *x = exp(simd, simd.mul_f32s(simd.sub_f32s(*x, largest), scale));
                total = simd.add_f32s(total, *x);
            }
            shares.push(1.0 / simd.reduce_sum_f32s(total));
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
    fn read<S: Simd>(&self, simd: S, inputs: &Inputs<'_>, outputs: &mut [f32], scratch: &mut Scratch) {
        self.probabilities(simd, inputs.queries, inputs.keys, scratch);
        let Scratch { weights, shares, .. } = scratch;
        for (token, row) in weights.values.chunks_exact_mut(weights.stride).enumerate() {
            self.drop(token, row);
        }
        let out = Out { factors: Some(shares), ..self.out(outputs) };
        product(simd, self.rows(weights), self.right(inputs.values), out);
    }

    #[inline(always)]
    fn gradients<S: Simd>(
        &self,
        simd: S,
        inputs: &Inputs<'_>,
        grad: &[f32],
        gradients: &mut Gradients<'_>,
        scratch: &mut Scratch,
    ) {
        self.probabilities(simd, inputs.queries, inputs.keys, scratch);
        let Scratch { transposed, weights, shares, dropped, dweights } = scratch;
        for (row, &share) in weights.values.chunks_exact_mut(weights.stride).zip(&*shares) {
            let share = simd.splat_f32s(share);
            change!(S, simd, weight in row => simd.mul_f32s(weight, share));
        }
        self.transpose(inputs.values, transposed);
        self.likenesses(simd, grad, transposed, dweights);
        dropped.copy(weights);
        let (scale, stride) = (simd.splat_f32s(self.scale()), weights.stride);
        let rows = weights.values.chunks_exact(stride).zip(dropped.values.chunks_exact_mut(stride));
        let rows = rows.zip(dweights.values.chunks_exact_mut(stride)).enumerate();
        for (token, ((weights, dropped), dweights)) in rows {
            self.drop_both(token, dropped, dweights);
            let inner = simd.splat_f32s(sum!(S, simd, a in weights, b in dweights => simd.mul_f32s(a, b)));
            change!(S, simd, dweight in dweights, weight in weights => {
                simd.mul_f32s(simd.mul_f32s(weight, simd.sub_f32s(dweight, inner)), scale)
            });
        }
        // From here on `dweights` are gradients of the likenesses.
        product(simd, self.columns(dropped), self.right(grad), self.out(gradients.values));
        product(simd, self.rows(dweights), self.right(inputs.keys), self.out(gradients.queries));
        product(simd, self.columns(dweights), self.right(inputs.queries), self.out(gradients.keys));
    }
}

/// The columns of `heads` in `outputs`.
pub(super) fn forward(
    heads: impl Iterator<Item = Head>,
    inputs: &Inputs<'_>,
    outputs: &mut [f32],
    scratch: &mut Scratch,
) {
    struct Forward<'a, I>(I, &'a Inputs<'a>, &'a mut [f32], &'a mut Scratch);
    impl<I: Iterator<Item = Head>> WithSimd for Forward<'_, I> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self(heads, inputs, outputs, scratch) = self;
            for head in heads.filter(|head| head.readers > 0) {
                head.read(simd, inputs, outputs, scratch);
            }
        }
    }
    pulp::Arch::new().dispatch(Forward(heads, inputs, outputs, scratch));
}

/// The columns of `heads` in `gradients`, where `grad` is that of the outputs.
pub(super) fn backward(
    heads: impl Iterator<Item = Head>,
    inputs: &Inputs<'_>,
    grad: &[f32],
    gradients: &mut Gradients<'_>,
    scratch: &mut Scratch,
) {
    struct Backward<'a, 'b, I>(I, &'a Inputs<'a>, &'a [f32], &'a mut Gradients<'b>, &'a mut Scratch);
    impl<I: Iterator<Item = Head>> WithSimd for Backward<'_, '_, I> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self(heads, inputs, grad, gradients, scratch) = self;
            for head in heads {
                head.gradients(simd, inputs, grad, gradients, scratch);
            }
        }
    }
    pulp::Arch::new().dispatch(Backward(heads, inputs, grad, gradients, scratch));
}
