//! Products of f32 matrices, as the layers and their gradients need them, in f32 or in bf16.
//!
//! The scheme is that of BLIS (<https://doi.org/10.1145/2764454>): the right-hand factor is laid out in [`Panels`] a few
//! registers wide, a tile of sums stays in registers while both factors stream by, and blocks are cut so that what is
//! read again is still in the second-level cache. In f32 the left-hand factor is read where it stands: its rows are activations,
//! and to lay them out anew would cost more than it saves. Each sum is added up in the order of the depth, whatever the
//! tile: an element does not depend on what it is computed beside, nor on the number of threads.

#[cfg(target_arch = "x86_64")]
mod bf16;
mod panels;
mod tile;

use candle_core::DType;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use self::panels::Panels;
pub(super) use self::tile::{Factors, Streams};
use self::tile::{Steps, Tile, tile};

/// Depth of a block, in bf16 in pairs: a panel's part is then read from the second-level cache, a tile's rows from the first.
const DEPTH: usize = 384;
/// Panels of a block.
const GROUP: usize = 8;

/// A left-hand factor (rows, depth).
#[derive(Clone, Copy)]
pub(crate) enum Left<'a> {
    /// Row by row.
    Rows(&'a [f32]),
    /// Column by column: the transpose of a matrix (depth, rows) that stands row by row.
    Columns(&'a [f32]),
}

/// What sums start from.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// 0.
    Zero,
    /// These (columns), in every row.
    Bias(&'a [f32]),
    /// What is in `out` already.
    Out,
}

/// A right-hand factor (depth, columns), laid out; it decides what a product is computed in.
#[derive(Debug)]
pub(crate) enum Right {
    F32(Panels),
    /// Rounded to bf16 and multiplied in f32, on a processor that does no better: the same but for the order of sums and for numbers too
    /// small to be normal, which its instructions take for 0.
    Rounded(Panels),
    #[cfg(target_arch = "x86_64")]
    Bf16(bf16::Panels),
}

impl Right {
    /// `matrix` (depth, columns), to be multiplied with in `dtype`: f32 or bf16.
    pub(crate) fn of(matrix: &[f32], depth: usize, columns: usize, dtype: DType) -> Self {
        Self::lay(matrix, depth, columns, dtype, false)
    }

    /// The transpose of `matrix` (columns, depth).
    pub(crate) fn transposed(matrix: &[f32], depth: usize, columns: usize, dtype: DType) -> Self {
        Self::lay(matrix, depth, columns, dtype, true)
    }

    fn lay(matrix: &[f32], depth: usize, columns: usize, dtype: DType, transposed: bool) -> Self {
        if dtype != DType::BF16 {
            return Self::F32(Panels::lay(matrix, depth, columns, transposed));
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = super::pairs::Token::new() {
            return Self::Bf16(bf16::Panels::lay(token, matrix, depth, columns, transposed));
        }
        Self::Rounded(Panels::lay(&rounded(matrix), depth, columns, transposed))
    }

    fn depth(&self) -> usize {
        match self {
            Self::F32(panels) | Self::Rounded(panels) => panels.depth(),
            #[cfg(target_arch = "x86_64")]
            Self::Bf16(panels) => panels.depth(),
        }
    }

    fn columns(&self) -> usize {
        match self {
            Self::F32(panels) | Self::Rounded(panels) => panels.columns(),
            #[cfg(target_arch = "x86_64")]
            Self::Bf16(panels) => panels.columns(),
        }
    }
}

/// To the nearest bf16.
fn rounded(values: &[f32]) -> Vec<f32> {
    values.iter().map(|&value| half::bf16::from_f32(value).to_f32()).collect()
}

/// `left` (rows, depth) times `right` (depth, columns), plus `bias` (columns), or 0: (rows, columns). The depth is at least 1.
pub(crate) fn product(left: Left<'_>, right: &Right, bias: Option<&[f32]>) -> Vec<f32> {
    let (Left::Rows(values) | Left::Columns(values)) = left;
    debug_assert!(values.len().is_multiple_of(right.depth()));
    let count = values.len() / right.depth().max(1) * right.columns();
    let mut out = Vec::with_capacity(count);
    let room = std::ptr::from_mut(&mut out.spare_capacity_mut()[..count]);
    // To clear memory first takes a twentieth as long as the product.
    // SAFETY: a float and a float that may be missing look the same in memory, and `multiply` writes every element of `room`; it reads
    // none before that, as it does not start from what is there.
    #[allow(unsafe_code)]
    unsafe {
        shared(left, right, bias.map_or(Start::Zero, Start::Bias), &mut *(room as *mut [f32]));
        out.set_len(count);
    }
    out
}

/// [`multiply`] on all threads of the pool, where rows of `left` stand one by one.
fn shared(left: Left<'_>, right: &Right, start: Start<'_>, out: &mut [f32]) {
    let (depth, columns, threads) = (right.depth(), right.columns(), rayon::current_num_threads());
    let Left::Rows(values) = left else { return multiply(left, right, start, out) };
    let rows = out.len() / columns.max(1);
    let chunk = rows.div_ceil(threads).next_multiple_of(Tile::MOST_ROWS);
    if threads == 1 || chunk >= rows || depth == 0 {
        return multiply(left, right, start, out);
    }
    let parts = values.par_chunks(chunk * depth).zip(out.par_chunks_mut(chunk * columns));
    parts.for_each(|(values, out)| multiply(Left::Rows(values), right, start, out));
}

/// `left` (rows, depth) times `right` (depth, columns), plus `start`, into `out` (rows, columns), on this thread.
///
/// **Invariant:** every element of `out` is written, and none is read before unless sums start from them: [`product`] relies on it.
pub(crate) fn multiply(left: Left<'_>, right: &Right, start: Start<'_>, out: &mut [f32]) {
    if out.is_empty() {
        return;
    }
    match right {
        Right::F32(panels) => pulp::Arch::new().dispatch(Task { left, right: panels, start, out }),
        Right::Rounded(panels) => {
            let (Left::Rows(values) | Left::Columns(values)) = left;
            let values = rounded(values);
            let left = if let Left::Rows(_) = left { Left::Rows(&values) } else { Left::Columns(&values) };
            pulp::Arch::new().dispatch(Task { left, right: panels, start, out });
        }
        #[cfg(target_arch = "x86_64")]
        Right::Bf16(panels) => bf16::multiply(left, panels, start, out),
    }
}

/// A product in f32.
struct Task<'a> {
    left: Left<'a>,
    right: &'a Panels,
    start: Start<'a>,
    out: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // Once where there is no depth: sums then are what they start from.
        let depth = self.right.depth();
        for step in (0..depth.max(1)).step_by(DEPTH) {
            let steps = DEPTH.min(depth - step);
            for panel in (0..self.right.count()).step_by(GROUP) {
                let panels = GROUP.min(self.right.count() - panel);
                self.block::<S>(simd, step, steps, panel, panels);
            }
        }
    }
}

impl Task<'_> {
    /// `steps` of the depth from `step` on, `panels` from `panel` on, all rows.
    #[inline(always)]
    fn block<S: Simd>(&mut self, simd: S, step: usize, steps: usize, panel: usize, panels: usize) {
        let count = self.out.len() / self.right.columns();
        let mut packed = [0.0; Tile::MOST_ROWS * DEPTH];
        let mut row = 0;
        while row < count {
            let place = Tile { row, step, steps, panel, panels };
            row += match count - row {
                8.. if S::REGISTER_COUNT >= 32 => self.rows::<S, 8>(simd, place, &mut packed),
                4.. => self.rows::<S, 4>(simd, place, &mut packed),
                2.. => self.rows::<S, 2>(simd, place, &mut packed),
                _ => self.rows::<S, 1>(simd, place, &mut packed),
            };
        }
    }

    /// `R` rows of a block; returns `R`.
    #[inline(always)]
    fn rows<S: Simd, const R: usize>(&mut self, simd: S, place: Tile, packed: &mut [f32]) -> usize {
        let Tile { row, step, steps, panel, panels } = place;
        match self.left {
            Left::Rows(values) => {
                let depth = self.right.depth();
                let left = Streams::<f32, R>::of(values, row, depth, step, steps);
                for (index, panel) in (panel..panel + panels).enumerate() {
                    // A row of the next tiles with each of these.
                    let soon = (row + R + index) * depth + step;
                    if index < R
                        && let Some(soon) = values.get(soon..soon + steps)
                    {
                        prefetch(soon);
                    }
                    tile::<S, _, R>(simd, &left, self.right, Tile { panel, ..place }, self.start, self.out);
                }
            }
            Left::Columns(values) => {
                let rows = self.out.len() / self.right.columns();
                let left = Steps::<R>::pack(values, row, rows, step, steps, packed);
                for panel in panel..panel + panels {
                    tile::<S, _, R>(simd, &left, self.right, Tile { panel, ..place }, self.start, self.out);
                }
            }
        }
        R
    }
}

/// Have `values` brought to the second-level cache: rows are too short for the processor to see for itself what comes next.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch(values: &[f32]) {
    /// Floats of a line of the cache.
    const LINE: usize = 16;
    for value in values.iter().step_by(LINE) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: every x86-64 processor has the instruction, and it changes nothing that a program can see.
        #[allow(unsafe_code)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(value).cast());
        }
    }
}

/// Where there is no such instruction, nothing.
#[cfg(not(target_arch = "x86_64"))]
fn prefetch(_: &[f32]) {}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn random(rng: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
        (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    fn transpose(matrix: &[f32], columns: usize) -> Vec<f32> {
        (0..columns).flat_map(|column| matrix.iter().skip(column).step_by(columns).copied()).collect()
    }

    /// In f64, as the definition has it.
    fn plain(left: &[f32], right: &[f32], bias: &[f32], depth: usize) -> Vec<f64> {
        let columns = bias.len();
        let row = |row: &[f32]| -> Vec<f64> {
            (0..columns)
                .map(|column| {
                    let terms = row.iter().enumerate();
                    let sum: f64 = terms.map(|(k, &x)| f64::from(x) * f64::from(right[k * columns + column])).sum();
                    sum + f64::from(bias[column])
                })
                .collect()
        };
        left.chunks(depth).flat_map(row).collect()
    }

    fn close(found: &[f32], expected: &[f64], what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (index, (&found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((f64::from(found) - expected).abs() < 1e-4, "{what} [{index}]: {found} is not {expected}");
        }
    }

    /// What a processor with and one without instructions for `dtype` lays out, of a matrix (depth, columns) in both layouts.
    fn rights(right: &[f32], depth: usize, columns: usize, dtype: DType) -> Vec<(Right, String)> {
        let turned = transpose(right, columns);
        let mut rights = vec![
            (Right::of(right, depth, columns, dtype), format!("{dtype:?}")),
            (Right::transposed(&turned, depth, columns, dtype), format!("{dtype:?}, transposed")),
        ];
        if dtype == DType::BF16 {
            let panels = Panels::lay(&rounded(right), depth, columns, false);
            rights.push((Right::Rounded(panels), "rounded".to_owned()));
        }
        rights
    }

    #[test]
    fn products_equal_their_definition_in_every_layout() {
        let rng = &mut ChaCha8Rng::seed_from_u64(3);
        for (rows, depth, columns) in [
            (1, 1, 1),
            (1, 384, 3),
            (7, 5, 49),
            (8, 64, 48),
            (13, 385, 96),
            (23, 770, 131),
            (64, 33, 500),
            (9, 1537, 17),
            (3, 0, 5),
        ] {
            let (left, right) = (random(rng, rows * depth), random(rng, depth * columns));
            let (bias, before) = (random(rng, columns), random(rng, rows * columns));
            for dtype in [DType::F32, DType::BF16] {
                let expected = match (depth, dtype) {
                    (0, _) => (0..rows).flat_map(|_| bias.iter().copied().map(f64::from)).collect(),
                    (_, DType::F32) => plain(&left, &right, &bias, depth),
                    _ => plain(&rounded(&left), &rounded(&right), &bias, depth),
                };
                let lefts = [(Left::Rows(&left), "rows"), (Left::Columns(&transpose(&left, depth.max(1))), "columns")];
                for (right, right_is) in &rights(&right, depth, columns, dtype) {
                    for (left, left_is) in lefts {
                        let what = format!("{rows} x {depth} x {columns}, left by {left_is}, right {right_is}");
                        let mut out = vec![f32::NAN; rows * columns];
                        multiply(left, right, Start::Bias(&bias), &mut out);
                        close(&out, &expected, &what);
                        if depth > 0 {
                            assert_eq!(product(left, right, Some(&bias)), out, "{what}");
                        }
                        out.copy_from_slice(&before);
                        multiply(left, right, Start::Out, &mut out);
                        let sum =
                            |index: usize, x: &f64| x - f64::from(bias[index % columns]) + f64::from(before[index]);
                        let added: Vec<f64> = expected.iter().enumerate().map(|(index, x)| sum(index, x)).collect();
                        close(&out, &added, &what);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for dtype in [DType::F32, DType::BF16] {
            for (right, what) in rights(&[f32::NAN, 1.0, f32::INFINITY, 1e39_f64 as f32], 2, 2, dtype) {
                let out = product(Left::Rows(&[1.0, -1.0]), &right, None);
                assert!(out.iter().all(|x| !x.is_finite()), "{what}: {out:?}");
            }
            for (right, what) in rights(&[0.5; 4], 2, 2, dtype) {
                for left in [Left::Rows(&[f32::NAN, 1.0]), Left::Columns(&[1.0, f32::NAN])] {
                    let out = product(left, &right, None);
                    assert!(out.iter().all(|x| x.is_nan()), "{what}: {out:?}");
                }
            }
        }
    }

    #[test]
    fn an_element_does_not_depend_on_its_neighbours_or_on_threads() {
        let rng = &mut ChaCha8Rng::seed_from_u64(4);
        let (rows, depth, columns) = (29, 400, 100);
        let (left, right) = (random(rng, rows * depth), random(rng, depth * columns));
        for (right, what) in
            rights(&right, depth, columns, DType::F32).iter().chain(&rights(&right, depth, columns, DType::BF16))
        {
            let all = product(Left::Rows(&left), right, None);
            for (row, expected) in all.chunks(columns).enumerate() {
                let one = product(Left::Rows(&left[row * depth..][..depth]), right, None);
                assert_eq!(one, expected, "{what}, row {row}");
            }
            for threads in [1, 2, 3] {
                let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build() else {
                    unreachable!("threads can be had")
                };
                let out = pool.install(|| product(Left::Rows(&left), right, None));
                assert_eq!(out, all, "{what}, {threads} threads");
            }
        }
    }
}
