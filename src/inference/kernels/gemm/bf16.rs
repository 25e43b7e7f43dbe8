//! Products of bf16 factors with AVX-512 BF16 (`vdpbf16ps`): each lane adds two products, twice as many as in f32. Factors are rounded to
//! the nearest bf16 when they are laid out; sums are f32.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::x86_64::{_mm512_dpbf16_ps, _mm512_setzero_ps};
use std::cell::Cell;

use super::panels::REGISTERS;
use super::tile::{Factors, Streams, Tile};
use super::{DEPTH, GROUP, Left, Start};
use crate::kernels::pairs::{LANES, Pair, Pairs, Token, floats, neighbours, register, stored, transposed, turns};

/// Columns of a panel.
const WIDTH: usize = REGISTERS * LANES;
/// Rows of the largest tile.
const ROWS: usize = Tile::MOST_ROWS;

/// A row of a panel.
type Row = [Pairs; REGISTERS];

thread_local! {
    /// Room of panels that are no longer needed, and of left-hand factors: the system would clear fresh pages each time.
    static PANELS: Cell<Vec<Row>> = const { Cell::new(Vec::new()) };
    static FACTORS: Cell<Vec<Pair>> = const { Cell::new(Vec::new()) };
}

/// A matrix (depth, columns) in panels of [`WIDTH`] columns; each lies pair of steps by pair of steps. Zeros fill up both.
#[derive(Debug)]
pub(crate) struct Panels {
    rows: Vec<Row>,
    depth: usize,
    columns: usize,
    token: Token,
}

impl Panels {
    /// Of `matrix` (depth, columns), row by row, or of the transpose of one (columns, depth).
    pub(super) fn lay(token: Token, matrix: &[f32], depth: usize, columns: usize, transposed: bool) -> Self {
        let mut rows = PANELS.take();
        let (pairs, count) = (depth.div_ceil(2), columns.div_ceil(WIDTH));
        grow(&mut rows, pairs * count);
        if !columns.is_multiple_of(WIDTH) {
            rows[pairs * (count - 1)..pairs * count].fill(Row::default());
        }
        // SAFETY: there is a token, so the processor has the instructions.
        unsafe {
            if transposed {
                lay_transposed(matrix, depth, &mut rows);
            } else {
                lay(matrix, columns, pairs, &mut rows);
            }
        }
        Self { rows, depth, columns, token }
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Pairs of steps.
    fn pairs(&self) -> usize {
        self.depth.div_ceil(2)
    }
}

impl Drop for Panels {
    fn drop(&mut self) {
        let room = PANELS.take();
        PANELS.set(if room.capacity() < self.rows.capacity() { std::mem::take(&mut self.rows) } else { room });
    }
}

/// Make room for `count` values. What is left of earlier ones is written over, and never cut off: to grow again would be to clear again.
fn grow<T: Clone + Default>(values: &mut Vec<T>, count: usize) {
    if values.len() < count {
        values.resize(count, T::default());
    }
}

/// `matrix` (depth, columns) to panels of so many `pairs`.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn lay(matrix: &[f32], columns: usize, pairs: usize, panels: &mut [Row]) {
    for (pair, both) in matrix.chunks(2 * columns).enumerate() {
        let (first, second) = both.split_at(columns);
        for (panel, start) in (0..columns).step_by(WIDTH).enumerate() {
            for (register, own) in panels[panel * pairs + pair].iter_mut().enumerate() {
                let start = start + register * LANES;
                *own = turns(floats(first, start), floats(second, start));
            }
        }
    }
}

/// `matrix` (columns, depth) to panels of its transpose.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn lay_transposed(matrix: &[f32], depth: usize, panels: &mut [Row]) {
    for (rows, panel) in matrix.chunks((WIDTH * depth).max(1)).zip(panels.chunks_exact_mut(depth.div_ceil(2).max(1))) {
        for (register, rows) in rows.chunks(LANES * depth).enumerate() {
            for (block, own) in panel.chunks_mut(LANES).enumerate() {
                let mut pairs = [Pairs::default(); LANES];
                for (pairs, row) in pairs.iter_mut().zip(rows.chunks_exact(depth)) {
                    let start = block * 2 * LANES;
                    *pairs = neighbours(floats(row, start), floats(row, start + LANES));
                }
                for (own, pairs) in own.iter_mut().zip(transposed(pairs)) {
                    own[register] = pairs;
                }
            }
        }
    }
}

/// `left` times `right`, plus `start`, into `out`: every element is written, and none is read before unless sums start from it.
pub(super) fn multiply(left: Left<'_>, right: &Panels, start: Start<'_>, out: &mut [f32]) {
    let mut packed = FACTORS.take();
    let _: Token = right.token;
    // SAFETY: there is a token, so the processor has the instructions.
    unsafe {
        match left {
            Left::Rows(values) => {
                blocks(&Standing(pack(values, right.depth, &mut packed)), right, start, out);
            }
            Left::Columns(values) => {
                let rows = out.len() / right.columns;
                blocks(&Tiled(pack_columns(values, rows, right.pairs(), &mut packed)), right, start, out);
            }
        }
    }
    FACTORS.set(packed);
}

/// A left-hand factor that was packed.
trait Packed {
    /// `R` rows from `first` on, so many `steps` from `step` on, of `pairs` in all.
    fn rows<const R: usize>(&self, first: usize, pairs: usize, step: usize, steps: usize) -> impl Factors<Pair, R>;
}

/// Row by row.
struct Standing<'a>(&'a [Pair]);

impl Packed for Standing<'_> {
    #[inline(always)]
    fn rows<const R: usize>(&self, first: usize, pairs: usize, step: usize, steps: usize) -> impl Factors<Pair, R> {
        Streams::<Pair, R>::of(self.0, first, pairs, step, steps)
    }
}

/// [`ROWS`] rows side by side, tile by tile.
struct Tiled<'a>(&'a [[Pair; ROWS]]);

impl Packed for Tiled<'_> {
    #[inline(always)]
    fn rows<const R: usize>(&self, first: usize, pairs: usize, step: usize, steps: usize) -> impl Factors<Pair, R> {
        Part { tile: &self.0[first / ROWS * pairs + step..][..steps], first: first % ROWS }
    }
}

/// Some rows of a tile.
struct Part<'a> {
    tile: &'a [[Pair; ROWS]],
    first: usize,
}

impl<const R: usize> Factors<Pair, R> for Part<'_> {
    #[inline(always)]
    fn at(&self, step: usize) -> [Pair; R] {
        let pairs = &self.tile[step];
        // A whole tile has no first row to add.
        if R == ROWS {
            std::array::from_fn(|row| pairs[row])
        } else {
            std::array::from_fn(|row| pairs[self.first + row])
        }
    }
}

/// All of a product, block by block.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn blocks(left: &impl Packed, right: &Panels, start: Start<'_>, out: &mut [f32]) {
    let (pairs, columns) = (right.pairs(), right.columns);
    let (rows, count) = (out.len() / columns, columns.div_ceil(WIDTH));
    // Once where there is no depth: sums then are what they start from.
    for step in (0..pairs.max(1)).step_by(DEPTH) {
        let steps = DEPTH.min(pairs - step);
        let start = if step == 0 { start } else { Start::Out };
        for group in (0..count).step_by(GROUP) {
            let mut row = 0;
            while row < rows {
                let place = Tile { row, step, steps, panel: group, panels: GROUP.min(count - group) };
                row += match rows - row {
                    ROWS.. => tiles::<ROWS>(left, right, place, start, out),
                    4.. => tiles::<4>(left, right, place, start, out),
                    2.. => tiles::<2>(left, right, place, start, out),
                    _ => tiles::<1>(left, right, place, start, out),
                };
            }
        }
    }
}

/// `R` rows of some panels; returns `R`.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
#[inline]
fn tiles<const R: usize>(left: &impl Packed, right: &Panels, place: Tile, start: Start<'_>, out: &mut [f32]) -> usize {
    let Tile { row, step, steps, panel: group, panels } = place;
    let (pairs, columns) = (right.pairs(), right.columns);
    let left = left.rows::<R>(row, pairs, step, steps);
    for panel in group..group + panels {
        let first = panel * WIDTH;
        let count = WIDTH.min(columns - first);
        // Every loop below has a constant count, or the sums would not stay in registers.
        let mut sums = [[_mm512_setzero_ps(); REGISTERS]; R];
        for index in 0..R {
            let summands = match start {
                Start::Zero => continue,
                Start::Bias(bias) => &bias[first..][..count],
                Start::Out => &out[(row + index) * columns + first..][..count],
            };
            for (register, sum) in sums[index].iter_mut().enumerate() {
                *sum = floats(summands, register * LANES);
            }
        }
        for (index, weights) in right.rows[panel * pairs + step..][..steps].iter().enumerate() {
            let factors = left.at(index);
            for row in 0..R {
                let factor = register([factors[row]; LANES]);
                for column in 0..REGISTERS {
                    sums[row][column] = _mm512_dpbf16_ps(sums[row][column], factor, register(weights[column]));
                }
            }
        }
        for index in 0..R {
            let out = &mut out[(row + index) * columns + first..][..count];
            // Fewer in the last panel.
            let mut part = [0.0; WIDTH];
            let whole = out.first_chunk_mut::<WIDTH>();
            let short = whole.is_none();
            let results = whole.unwrap_or(&mut part).as_chunks_mut::<LANES>().0;
            for register in 0..REGISTERS {
                results[register] = stored(sums[index][register]);
            }
            if short {
                out.copy_from_slice(&part[..out.len()]);
            }
        }
    }
    R
}

/// `values` (rows, depth) as pairs (rows, pairs), in `room`.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn pack<'a>(values: &[f32], depth: usize, room: &'a mut Vec<Pair>) -> &'a [Pair] {
    let pairs = depth.div_ceil(2);
    let count = values.len() / depth.max(1) * pairs;
    grow(room, count);
    let packed = &mut room[..count];
    for (values, packed) in values.chunks_exact(depth.max(1)).zip(packed.chunks_exact_mut(pairs.max(1))) {
        for (index, packed) in packed.chunks_mut(LANES).enumerate() {
            let start = index * 2 * LANES;
            let rounded = neighbours(floats(values, start), floats(values, start + LANES));
            packed.copy_from_slice(&rounded[..packed.len()]);
        }
    }
    packed
}

/// The transpose of `values` (depth, rows) as tiles of [`ROWS`] rows (pairs, ROWS), in `room`.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn pack_columns<'a>(values: &[f32], rows: usize, pairs: usize, room: &'a mut Vec<Pair>) -> &'a [[Pair; ROWS]] {
    let tiles = rows.div_ceil(ROWS);
    grow(room, tiles * pairs * ROWS);
    let (packed, _) = room[..tiles * pairs * ROWS].as_chunks_mut::<ROWS>();
    for (pair, both) in values.chunks(2 * rows).enumerate() {
        let (first, second) = both.split_at(rows);
        for tile in (0..tiles).step_by(LANES / ROWS) {
            let start = tile * ROWS;
            let own = turns(floats(first, start), floats(second, start));
            for (tile, own) in (tile..tiles).zip(own.as_chunks().0) {
                packed[tile * pairs + pair] = *own;
            }
        }
    }
    packed
}
