//! A right-hand factor, laid out in the order in which it is read.

use std::cell::Cell;

use pulp::{Simd, WithSimd};

use super::tile::{lanes, load, store};

/// Registers in a row of a panel: with them and a tile's rows as many sums as hide how long one takes, and few enough for the
/// sixteen registers of AVX2.
pub(super) const REGISTERS: usize = 3;

thread_local! {
    /// Room of panels that are no longer needed. The system would clear fresh pages each time, which takes longer than to lay out.
    static ROOM: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// A matrix (depth, columns) in panels of as many columns as fill [`REGISTERS`]; each panel lies row by row, one after the other.
/// Zeros fill the last one.
#[derive(Debug)]
pub(crate) struct Panels {
    values: Vec<f32>,
    depth: usize,
    columns: usize,
    /// Columns of a panel.
    width: usize,
}

impl Panels {
    /// Of `matrix` (depth, columns), row by row, or of the transpose of one (columns, depth).
    pub(super) fn lay(matrix: &[f32], depth: usize, columns: usize, transposed: bool) -> Self {
        pulp::Arch::new().dispatch(Lay { matrix, depth, columns, transposed })
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Number of panels.
    pub(super) fn count(&self) -> usize {
        self.columns.div_ceil(self.width)
    }

    /// Rows `step` to `step + steps` of a panel.
    #[inline(always)]
    pub(super) fn rows(&self, panel: usize, step: usize, steps: usize) -> &[f32] {
        &self.values[(panel * self.depth + step) * self.width..][..steps * self.width]
    }
}

impl Drop for Panels {
    fn drop(&mut self) {
        let room = ROOM.take();
        ROOM.set(if room.capacity() < self.values.capacity() { std::mem::take(&mut self.values) } else { room });
    }
}

/// Lays out a matrix.
struct Lay<'a> {
    matrix: &'a [f32],
    depth: usize,
    columns: usize,
    transposed: bool,
}

impl WithSimd for Lay<'_> {
    type Output = Panels;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Panels {
        let Self { matrix, depth, columns, transposed } = self;
        let width = REGISTERS * S::F32_LANES;
        let mut values = ROOM.take();
        let count = depth * columns.next_multiple_of(width);
        // What is left of earlier panels is written over, and never cut off: to grow again would be to clear again.
        if values.len() < count {
            values.resize(count, 0.0);
        }
        for (panel, values) in values[..count].chunks_exact_mut((depth * width).max(1)).enumerate() {
            let first = panel * width;
            let count = width.min(columns - first);
            if count < width {
                values.fill(0.0);
            }
            if transposed {
                transpose(&matrix[first * depth..][..count * depth], depth, values, width);
            } else {
                for (own, row) in values.chunks_exact_mut(width).zip(matrix.chunks_exact(columns)) {
                    let row = &row[first..][..count];
                    for register in 0..REGISTERS {
                        let lanes = lanes::<S>(register, count);
                        store(simd, &mut own[lanes.clone()], load(simd, &row[lanes]));
                    }
                }
            }
        }
        Panels { values, depth, columns, width }
    }
}

/// `rows` of `depth` to columns of `panel`, whose rows are `width` wide.
#[inline(always)]
fn transpose(rows: &[f32], depth: usize, panel: &mut [f32], width: usize) {
    /// Steps at a time: few enough lines of the cache to be written to side by side.
    const BLOCK: usize = 8;
    for (block, own) in panel.chunks_mut(BLOCK * width).enumerate() {
        for (column, row) in rows.chunks_exact(depth).enumerate() {
            let row = &row[block * BLOCK..];
            match row.first_chunk::<BLOCK>() {
                // Of a known length: that is twice as fast.
                Some(row) => (0..BLOCK).for_each(|step| own[step * width + column] = row[step]),
                None => row.iter().enumerate().for_each(|(step, value)| own[step * width + column] = *value),
            }
        }
    }
}
