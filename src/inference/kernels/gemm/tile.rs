//! The part of a product whose sums stay in registers.

use pulp::Simd;

use super::Start;
use super::panels::{Panels, REGISTERS};

/// Where a tile stands.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    /// Its first row of `out`.
    pub(super) row: usize,
    /// The part of the depth that is added.
    pub(super) step: usize,
    pub(super) steps: usize,
    /// Its panel, or the first of so many.
    pub(super) panel: usize,
    pub(super) panels: usize,
}

impl Tile {
    /// The rows of the largest tile.
    pub(super) const MOST_ROWS: usize = 8;
}

/// `R` rows of a left-hand factor, a step of the depth at a time.
pub(in crate::kernels) trait Factors<T, const R: usize> {
    fn at(&self, step: usize) -> [T; R];
}

/// Rows that stand one by one.
pub(in crate::kernels) struct Streams<'a, T, const R: usize>([&'a [T]; R]);

impl<'a, T, const R: usize> Streams<'a, T, R> {
    /// The steps `step..step + steps` of the rows from `first` on of `values` (rows, depth).
    #[inline(always)]
    pub(in crate::kernels) fn of(values: &'a [T], first: usize, depth: usize, step: usize, steps: usize) -> Self {
        Self(std::array::from_fn(|row| &values[(first + row) * depth + step..][..steps]))
    }
}

impl<T: Copy, const R: usize> Factors<T, R> for Streams<'_, T, R> {
    #[inline(always)]
    fn at(&self, step: usize) -> [T; R] {
        std::array::from_fn(|row| self.0[row][step])
    }
}

/// Rows that stand side by side.
pub(super) struct Steps<'a, const R: usize>(&'a [[f32; R]]);

impl<'a, const R: usize> Steps<'a, R> {
    /// The steps `step..step + steps` of the rows from `first` on of the transpose of `values` (depth, rows), copied to `packed`.
    #[inline(always)]
    pub(super) fn pack(
        values: &[f32],
        first: usize,
        rows: usize,
        step: usize,
        steps: usize,
        packed: &'a mut [f32],
    ) -> Self {
        let (packed, _) = packed.as_chunks_mut::<R>();
        let packed = &mut packed[..steps];
        for (packed, row) in packed.iter_mut().zip(values[step * rows..].chunks_exact(rows)) {
            packed.copy_from_slice(&row[first..][..R]);
        }
        Self(packed)
    }
}

impl<const R: usize> Factors<f32, R> for Steps<'_, R> {
    #[inline(always)]
    fn at(&self, step: usize) -> [f32; R] {
        self.0[step]
    }
}

/// `R` rows of one panel's columns of `out`.
#[inline(always)]
pub(super) fn tile<S: Simd, L: Factors<f32, R>, const R: usize>(
    simd: S,
    left: &L,
    right: &Panels,
    place: Tile,
    start: Start<'_>,
    out: &mut [f32],
) {
    let (columns, width) = (right.columns(), REGISTERS * S::F32_LANES);
    let first = place.panel * width;
    let count = width.min(columns - first);
    // Every loop below has a constant count, or the sums would not stay in registers.
    let mut sums = [[simd.splat_f32s(0.0); REGISTERS]; R];
    let start = if place.step == 0 { start } else { Start::Out };
    for row in 0..R {
        let summands = match start {
            Start::Zero => continue,
            Start::Bias(bias) => &bias[first..][..count],
            Start::Out => &out[(place.row + row) * columns + first..][..count],
        };
        for register in 0..REGISTERS {
            sums[row][register] = load(simd, &summands[lanes::<S>(register, count)]);
        }
    }
    let (panel, _) = S::as_simd_f32s(right.rows(place.panel, place.step, place.steps));
    let (panel, _) = panel.as_chunks::<REGISTERS>();
    for (step, &panel) in panel.iter().enumerate() {
        let factors = left.at(step);
        for row in 0..R {
            let factor = simd.splat_f32s(factors[row]);
            for register in 0..REGISTERS {
                sums[row][register] = simd.mul_add_f32s(factor, panel[register], sums[row][register]);
            }
        }
    }
    for row in 0..R {
        let out = &mut out[(place.row + row) * columns + first..][..count];
        for register in 0..REGISTERS {
            store(simd, &mut out[lanes::<S>(register, count)], sums[row][register]);
        }
    }
}

/// Which of `count` columns a register holds: fewer than it has room for, or none, at the end of the last panel.
#[inline(always)]
pub(super) fn lanes<S: Simd>(register: usize, count: usize) -> std::ops::Range<usize> {
    let end = |registers: usize| (registers * S::F32_LANES).min(count);
    end(register)..end(register + 1)
}

#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, values: &[f32]) -> S::f32s {
    match S::as_simd_f32s(values) {
        (&[whole], []) => whole,
        _ => simd.partial_load_f32s(values),
    }
}

#[inline(always)]
pub(super) fn store<S: Simd>(simd: S, values: &mut [f32], register: S::f32s) {
    match S::as_mut_simd_f32s(values) {
        ([whole], []) => *whole = register,
        _ => simd.partial_store_f32s(values, register),
    }
}
