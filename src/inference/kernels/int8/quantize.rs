//! Activations as 8-bit integers.

use pulp::{Simd, WithSimd};

use super::TWO_GROUPS;
use crate::kernels::lanes::sum;

/// Rows of activations as uint8: a value is about `offset + scale * stored`, with the row's own offset and scale.
#[derive(Debug, Default)]
pub(crate) struct Activations {
    /// Rows of [`stride`](Self::stride) bytes; what is beyond the width meets weights of zero.
    values: Vec<u8>,
    scales: Vec<f32>,
    offsets: Vec<f32>,
    width: usize,
}

impl Activations {
    /// Quantise `xs` (N, width), in place of what was here: the least value of a row is 0, the largest 255.
    pub(crate) fn quantize(&mut self, xs: &[f32], width: usize) {
        let rows = xs.len() / width;
        self.width = width;
        self.values.resize(rows * self.stride(), 0);
        self.scales.resize(rows, 0.0);
        self.offsets.resize(rows, 0.0);
        let stride = self.stride();
        let rows = xs.chunks_exact(width).zip(self.values.chunks_exact_mut(stride));
        for ((xs, values), (scale, offset)) in rows.zip(self.scales.iter_mut().zip(&mut self.offsets)) {
            (*scale, *offset) = quantize(xs, values);
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Bytes of a row.
    pub(super) fn stride(&self) -> usize {
        self.width.next_multiple_of(TWO_GROUPS)
    }

    pub(super) fn values(&self) -> &[u8] {
        &self.values
    }

    /// Of each row.
    pub(super) fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// Of each row.
    pub(super) fn offsets(&self) -> &[f32] {
        &self.offsets
    }
}

/// One row; returns its scale and offset.
fn quantize(xs: &[f32], values: &mut [u8]) -> (f32, f32) {
    struct Row<'a>(&'a [f32], &'a mut [u8]);
    impl WithSimd for Row<'_> {
        type Output = (f32, f32);

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> (f32, f32) {
            /// Adding it leaves the nearest integer in the low bits.
            const ROUND: f32 = 12_582_912.0;
            let Self(xs, values) = self;
            let (mut offset, mut top) = (f32::INFINITY, f32::NEG_INFINITY);
            let (whole, rest) = S::as_simd_f32s(xs);
            if !whole.is_empty() {
                let (mut least, mut largest) = (simd.splat_f32s(offset), simd.splat_f32s(top));
                for &xs in whole {
                    least = simd.min_f32s(least, xs);
                    largest = simd.max_f32s(largest, xs);
                }
                (offset, top) = (simd.reduce_min_f32s(least), simd.reduce_max_f32s(largest));
            }
            for &x in rest {
                offset = if x < offset { x } else { offset };
                top = if x > top { x } else { top };
            }
            // 0, or no number where one of the row is none or not finite: least and largest pass over these, answers must not.
            offset += sum!(S, simd, x in xs => simd.mul_f32s(x, simd.splat_f32s(0.0)));
            let range = top - offset;
            // A row of one value, or one that is not finite, is its offset alone.
            let (scale, per) = if range > f32::MIN_POSITIVE && range.is_finite() {
                (range / 255.0, 255.0 / range)
            } else {
                (0.0, 0.0)
            };
            for (value, x) in values.iter_mut().zip(xs) {
                *value = ((x - offset) * per + ROUND).to_bits() as u8;
            }
            (scale, offset)
        }
    }
    pulp::Arch::new().dispatch(Row(xs, values))
}
