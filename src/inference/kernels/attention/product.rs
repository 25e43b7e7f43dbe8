//! Products of small matrices, added up in registers. What one head makes of one sequence is too small for a general product,
//! which lays its factors out first; here both are read, and the result is written, where they stand.

use pulp::Simd;

use crate::kernels::gemm::{Factors, Streams};

/// Strides of [`Matrix`] are multiples of it, and it of the numbers in any processor's register.
const COLUMNS: usize = 16;
/// Rows of a tile: enough sums at once to hide how long one takes, few enough for the sixteen registers of AVX2.
const ROWS: usize = 6;

/// Rows that stand `stride` apart, a multiple of [`COLUMNS`]; what their columns leave is zero where `reset` made the room.
#[derive(Default)]
pub(super) struct Matrix {
    pub(super) values: Vec<f32>,
    pub(super) stride: usize,
}

impl Matrix {
    /// Room for `rows` of `columns`, whatever stands there, and zeros beside them.
    #[inline(always)]
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

/// Rows of a right-hand factor, as many as there are in `values`.
#[derive(Clone, Copy)]
pub(super) struct Right<'a> {
    pub(super) values: &'a [f32],
    pub(super) columns: usize,
    pub(super) stride: usize,
}

/// Rows of a result.
pub(super) struct Out<'a> {
    pub(super) values: &'a mut [f32],
    pub(super) stride: usize,
    /// What each row is multiplied by.
    pub(super) factors: Option<&'a [f32]>,
}

/// Rows that are columns: those of a step stand side by side.
struct Columns<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<const R: usize> Factors<f32, R> for Columns<'_> {
    #[inline(always)]
    fn at(&self, step: usize) -> [f32; R] {
        let values = &self.values[step * self.stride..][..R];
        std::array::from_fn(|row| values[row])
    }
}

/// `left` (rows, depth) times `right` (depth, columns), into `out`.
#[inline(always)]
pub(super) fn product<S: Simd>(simd: S, left: Left<'_>, right: Right<'_>, out: Out<'_>) {
    let mut column = 0;
    while column < right.columns {
        let rest = right.columns - column;
        let right = Right { values: &right.values[column..], columns: rest, ..right };
        let out = Out { values: &mut out.values[column..], ..out };
        column += match rest / S::F32_LANES {
            0 => tiles::<S, 1, false>(simd, left, right, out),
            1 => tiles::<S, 1, true>(simd, left, right, out),
            _ => tiles::<S, 2, true>(simd, left, right, out),
        };
    }
}

/// The first `C` registers of columns, all rows; fewer than a register's where it is not `WHOLE`. Returns how many columns that were.
#[inline(always)]
fn tiles<S: Simd, const C: usize, const WHOLE: bool>(
    simd: S,
    left: Left<'_>,
    right: Right<'_>,
    mut out: Out<'_>,
) -> usize {
    let columns = if WHOLE { C * S::F32_LANES } else { right.columns };
    let mut row = 0;
    while row < left.rows {
        // The last tile starts early rather than being short: some rows are computed twice.
        if left.rows < ROWS {
            tile::<S, 1, C, WHOLE>(simd, left, row, right, columns, &mut out);
            row += 1;
        } else {
            tile::<S, ROWS, C, WHOLE>(simd, left, row.min(left.rows - ROWS), right, columns, &mut out);
            row += ROWS;
        }
    }
    columns
}

/// The same of `R` rows from `first` on.
#[inline(always)]
fn tile<S: Simd, const R: usize, const C: usize, const WHOLE: bool>(
    simd: S,
    left: Left<'_>,
    first: usize,
    right: Right<'_>,
    columns: usize,
    out: &mut Out<'_>,
) {
    let sums = if left.transposed {
        let left = Columns { values: &left.values[first..], stride: left.stride };
        sums::<S, _, R, C, WHOLE>(simd, &left, right, columns)
    } else {
        let left = Streams::<f32, R>::of(left.values, first, left.stride, 0, right.values.len().div_ceil(right.stride));
        sums::<S, _, R, C, WHOLE>(simd, &left, right, columns)
    };
    for (row, mut sums) in sums.into_iter().enumerate() {
        if let Some(factors) = out.factors {
            let factor = simd.splat_f32s(factors[first + row]);
            for sum in &mut sums {
                *sum = simd.mul_f32s(*sum, factor);
            }
        }
        let out = &mut out.values[(first + row) * out.stride..][..columns];
        if WHOLE {
            let (out, _) = S::as_mut_simd_f32s(out);
            out[..C].copy_from_slice(&sums);
        } else {
            simd.partial_store_f32s(out, sums[0]);
        }
    }
}

#[inline(always)]
fn sums<S: Simd, L: Factors<f32, R>, const R: usize, const C: usize, const WHOLE: bool>(
    simd: S,
    left: &L,
    right: Right<'_>,
    columns: usize,
) -> [[S::f32s; C]; R] {
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    for (step, right) in right.values.chunks(right.stride).enumerate() {
        let right: [S::f32s; C] = if WHOLE {
            let (right, _) = S::as_simd_f32s(&right[..columns]);
            std::array::from_fn(|column| right[column])
        } else {
            [simd.partial_load_f32s(&right[..columns]); C]
        };
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
