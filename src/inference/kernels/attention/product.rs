//! Products of small matrices, added up in registers. What one head makes of one sequence is too small for a general product,
//! which copies its factors first.

use pulp::{Simd, WithSimd};

use crate::kernels::gemm::{Factors, Streams};

/// Every stride is a multiple of it, and it of the numbers in any processor's register.
pub(super) const COLUMNS: usize = 16;
/// Rows of a tile: enough sums at once to hide how long one takes, few enough for the sixteen registers of AVX2.
const ROWS: usize = 6;

/// Rows that stand `stride` apart, a multiple of [`COLUMNS`]; zeros fill what their columns leave.
#[derive(Default)]
pub(super) struct Matrix {
    pub(super) values: Vec<f32>,
    pub(super) stride: usize,
}

impl Matrix {
    /// Room for `rows` of `columns`, whatever stands there, and zeros beside them.
    pub(super) fn reset(&mut self, rows: usize, columns: usize) {
        self.stride = columns.next_multiple_of(COLUMNS);
        self.values.resize(rows * self.stride, 0.0);
        if columns < self.stride {
            self.values.chunks_exact_mut(self.stride).for_each(|row| row[columns..].fill(0.0));
        }
    }

    /// The same as `other`.
    pub(super) fn copy(&mut self, other: &Self) {
        self.stride = other.stride;
        self.values.clone_from(&other.values);
    }
}

/// `rows` rows of a left-hand factor.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    pub(super) values: &'a [f32],
    pub(super) rows: usize,
    /// From one row of `values` to the next.
    pub(super) stride: usize,
    /// Whether its rows are the columns of `values`.
    pub(super) transposed: bool,
}

/// Rows that are columns: those of a step stand side by side.
struct Columns<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<const R: usize> Factors<R> for Columns<'_> {
    #[inline(always)]
    fn at(&self, step: usize) -> [f32; R] {
        let values = &self.values[step * self.stride..][..R];
        std::array::from_fn(|row| values[row])
    }
}

/// `left` (rows, depth) times `right` (depth, columns), into `out`.
pub(super) fn product(left: Left<'_>, right: &Matrix, out: &mut Matrix) {
    out.stride = right.stride;
    out.values.resize(left.rows * out.stride, 0.0);
    pulp::Arch::new().dispatch(Product { left, right, out });
}

struct Product<'a> {
    left: Left<'a>,
    right: &'a Matrix,
    out: &'a mut Matrix,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { left, right, out } = self;
        let stride = right.stride / S::F32_LANES;
        let (right, _) = S::as_simd_f32s(&right.values);
        let (out, _) = S::as_mut_simd_f32s(&mut out.values);
        for column in (0..stride).step_by(2) {
            let (right, out) = (&right[column..], &mut out[column..]);
            if column + 1 < stride {
                tiles::<S, 2>(simd, left, right, stride, out);
            } else {
                tiles::<S, 1>(simd, left, right, stride, out);
            }
        }
    }
}

/// `C` registers of columns, all rows.
#[inline(always)]
fn tiles<S: Simd, const C: usize>(simd: S, left: Left<'_>, right: &[S::f32s], stride: usize, out: &mut [S::f32s]) {
    if left.rows < ROWS {
        for row in 0..left.rows {
            tile::<S, 1, C>(simd, left, row, right, stride, out);
        }
    } else {
        // The last tile starts early rather than being short: some rows are computed twice.
        for row in (0..left.rows).step_by(ROWS) {
            tile::<S, ROWS, C>(simd, left, row.min(left.rows - ROWS), right, stride, out);
        }
    }
}

/// `C` registers of columns, `R` rows from `first` on.
#[inline(always)]
fn tile<S: Simd, const R: usize, const C: usize>(
    simd: S,
    left: Left<'_>,
    first: usize,
    right: &[S::f32s],
    stride: usize,
    out: &mut [S::f32s],
) {
    let sums = if left.transposed {
        let left = Columns { values: &left.values[first..], stride: left.stride };
        sums::<S, _, R, C>(simd, &left, right, stride)
    } else {
        let left = Streams::<R>::of(left.values, first, left.stride, 0, right.len().div_ceil(stride));
        sums::<S, _, R, C>(simd, &left, right, stride)
    };
    for (row, sums) in sums.iter().enumerate() {
        out[(first + row) * stride..][..C].copy_from_slice(sums);
    }
}

#[inline(always)]
fn sums<S: Simd, L: Factors<R>, const R: usize, const C: usize>(
    simd: S,
    left: &L,
    right: &[S::f32s],
    stride: usize,
) -> [[S::f32s; C]; R] {
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    for (step, right) in right.chunks(stride).enumerate() {
        let Some(&right) = right.first_chunk::<C>() else { break };
        let factors = left.at(step);
        // Counts are constant, or the sums would not stay in registers.
        for row in 0..R {
            let factor = simd.splat_f32s(factors[row]);
            for column in 0..C {
                sums[row][column] = simd.mul_add_f32s(factor, right[column], sums[row][column]);
            }
        }
    }
    sums
}
