//! Activations as 8-bit integers.

use multiversion::multiversion;

use super::GROUP;

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
        self.width.next_multiple_of(GROUP)
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
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn quantize(xs: &[f32], values: &mut [u8]) -> (f32, f32) {
    const LANES: usize = 16;
    /// Adding it leaves the nearest integer in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let (mut least, mut largest) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let (whole, rest) = xs.as_chunks::<LANES>();
    for xs in whole {
        for lane in 0..LANES {
            least[lane] = if xs[lane] < least[lane] { xs[lane] } else { least[lane] };
            largest[lane] = if xs[lane] > largest[lane] { xs[lane] } else { largest[lane] };
        }
    }
    // Comparisons throughout: what the compiler made of `f32::min` over lanes and rest lost a lane (1.95, AVX-512).
    let (mut offset, mut top) = (f32::INFINITY, f32::NEG_INFINITY);
    for &x in least.iter().chain(rest) {
        offset = if x < offset { x } else { offset };
    }
    for &x in largest.iter().chain(rest) {
        top = if x > top { x } else { top };
    }
    let range = top - offset;
    // A row of one value, or one that is not finite, is its offset alone.
    let (scale, per) =
        if range > f32::MIN_POSITIVE && range.is_finite() { (range / 255.0, 255.0 / range) } else { (0.0, 0.0) };
    for (value, x) in values.iter_mut().zip(xs) {
        *value = ((x - offset) * per + ROUND).to_bits() as u8;
    }
    (scale, offset)
}
