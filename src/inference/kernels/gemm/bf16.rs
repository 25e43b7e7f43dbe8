//! Products of bf16 factors with AVX-512 BF16 (`vdpbf16ps`): each lane adds two products, twice as many as in f32. Factors are rounded to
//! the nearest bf16 when they are laid out; sums are f32.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::x86_64::{
    __m512, __m512bh, __m512i, _mm512_cvtne2ps_pbh, _mm512_dpbf16_ps, _mm512_permutexvar_epi16, _mm512_setzero_ps,
};
use std::cell::Cell;

use super::panels::REGISTERS;
use super::tile::{Factors, Streams, Tile};
use super::{DEPTH, GROUP, Left, Start};

/// Sums of a register; as many pairs of bf16 fill one.
const LANES: usize = 16;
/// Columns of a panel.
const WIDTH: usize = REGISTERS * LANES;
/// Rows of the largest tile.
const ROWS: usize = Tile::MOST_ROWS;

/// Two steps of the depth as bf16, the first in the lower half: what a lane multiplies.
type Pair = u32;
/// A row of a panel.
type Row = [[Pair; LANES]; REGISTERS];

/// Proof that this processor has the instructions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token(());

impl Token {
    pub(super) fn new() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512bf16");
        all.then_some(Self(()))
    }
}

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
                *own = pairs_of(floats(first, start), floats(second, start));
            }
        }
    }
}

/// `matrix` (columns, depth) to panels of its transpose.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn lay_transposed(matrix: &[f32], depth: usize, panels: &mut [Row]) {
    /// Pairs at a time: few enough lines of the cache to be written to side by side.
    const BLOCK: usize = 8;
    let pairs = depth.div_ceil(2);
    let mut packed = FACTORS.take();
    for (rows, panel) in matrix.chunks((WIDTH * depth).max(1)).zip(panels.chunks_exact_mut(pairs.max(1))) {
        let packed = pack(rows, depth, &mut packed);
        for (block, own) in panel.chunks_mut(BLOCK).enumerate() {
            let own = own.as_flattened_mut().as_flattened_mut();
            for (column, row) in packed.chunks_exact(pairs.max(1)).enumerate() {
                let row = &row[block * BLOCK..];
                match row.first_chunk::<BLOCK>() {
                    // Of a known length: that is twice as fast.
                    Some(row) => (0..BLOCK).for_each(|step| own[step * WIDTH + column] = row[step]),
                    None => row.iter().enumerate().for_each(|(step, pair)| own[step * WIDTH + column] = *pair),
                }
            }
        }
    }
    FACTORS.set(packed);
}

/// `left` times `right`, plus `start`, into `out`: every element is written, and none is read before unless sums start from it.
pub(super) fn multiply(left: Left<'_>, right: &Panels, start: Start<'_>, out: &mut [f32]) {
    let mut packed = FACTORS.take();
    let Token(()) = right.token;
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
        for (index, sums) in sums.iter_mut().enumerate() {
            let summands = match start {
                Start::Zero => continue,
                Start::Bias(bias) => &bias[first..][..count],
                Start::Out => &out[(row + index) * columns + first..][..count],
            };
            for (register, sum) in sums.iter_mut().enumerate() {
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
        for (index, sums) in sums.into_iter().enumerate() {
            let out = &mut out[(row + index) * columns + first..][..count];
            for (register, sums) in sums.into_iter().enumerate() {
                // SAFETY: as many floats either way.
                let sums = unsafe { std::mem::transmute::<__m512, [f32; LANES]>(sums) };
                let out = out.get_mut(register * LANES..).unwrap_or_default();
                match out.first_chunk_mut::<LANES>() {
                    Some(out) => *out = sums,
                    None => out.copy_from_slice(&sums[..out.len()]),
                }
            }
        }
    }
    R
}

/// Pairs as a register.
#[target_feature(enable = "avx512f")]
#[inline]
fn register(pairs: [Pair; LANES]) -> __m512bh {
    // SAFETY: as many bytes either way, and any bytes are a register.
    unsafe { std::mem::transmute::<[Pair; LANES], __m512bh>(pairs) }
}

/// [`LANES`] of `values` from `start` on; zeros where there are fewer.
#[target_feature(enable = "avx512f")]
#[inline]
fn floats(values: &[f32], start: usize) -> __m512 {
    let values = values.get(start..).unwrap_or_default();
    let values = match values.first_chunk() {
        Some(values) => *values,
        None => {
            let mut part = [0.0; LANES];
            part[..values.len()].copy_from_slice(values);
            part
        }
    };
    // SAFETY: as many floats either way, and any floats are a register.
    unsafe { std::mem::transmute::<[f32; LANES], __m512>(values) }
}

/// Lane by lane, the pair of both.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
#[inline]
fn pairs_of(first: __m512, second: __m512) -> [Pair; LANES] {
    /// The bf16 of both registers by turns.
    const TURNS: [u16; 2 * LANES] = {
        let mut turns = [0; 2 * LANES];
        let mut at = 0;
        while at < LANES {
            turns[2 * at] = at as u16;
            turns[2 * at + 1] = (at + LANES) as u16;
            at += 1;
        }
        turns
    };
    // SAFETY: as many bytes either way, and any bytes are registers and pairs.
    unsafe {
        let turns = std::mem::transmute::<[u16; 2 * LANES], __m512i>(TURNS);
        let rounded = std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(second, first));
        std::mem::transmute::<__m512i, [Pair; LANES]>(_mm512_permutexvar_epi16(turns, rounded))
    }
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
            let rounded = _mm512_cvtne2ps_pbh(floats(values, start + LANES), floats(values, start));
            // SAFETY: as many bytes either way.
            let rounded = unsafe { std::mem::transmute::<__m512bh, [Pair; LANES]>(rounded) };
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
            let own = pairs_of(floats(first, start), floats(second, start));
            for (tile, own) in (tile..tiles).zip(own.as_chunks().0) {
                packed[tile * pairs + pair] = *own;
            }
        }
    }
    packed
}
