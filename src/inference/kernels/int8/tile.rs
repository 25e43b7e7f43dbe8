//! Tiles of 256-bit registers, whichever instructions multiply.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::x86_64::{
    __m256, __m256i, _mm256_cvtepi32_ps, _mm256_fmadd_ps, _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setzero_si256,
};

use super::{Activations, Columns, GROUP, WIDTH};

/// Sums that a register holds.
const LANES: usize = 8;
/// Registers in a row of a panel.
const REGISTERS: usize = WIDTH / LANES;
/// Rows of the largest tile. With half a row of a panel its sums take twelve of sixteen registers. AVX2 needs more than are left, and yet
/// is slower with fewer sums.
const ROWS: usize = 4;

/// Sums of four products in each of eight lanes, and the proof that this processor can.
///
/// # Safety
///
/// A value must exist only where the processor has AVX2, FMA and what the methods use.
pub(super) unsafe trait Dot: Copy {
    /// Four activations, the same for every lane.
    type Values: Copy;
    /// Four weights a lane.
    type Weights: Copy;

    fn values(self, stored: __m256i) -> Self::Values;
    fn weights(self, stored: __m256i) -> Self::Weights;
    fn add(self, sums: __m256i, values: Self::Values, weights: Self::Weights) -> __m256i;
}

/// All rows of `xs` with one panel. To be inlined into a function that has the instructions, like everything below.
#[inline(always)]
pub(super) fn rows(dot: impl Dot, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
    let count = xs.scales().len();
    let mut row = 0;
    while row < count {
        row += match count - row {
            ROWS.. => tile::<ROWS, 3>(dot, xs, row, columns, out),
            2.. => tile::<2, 3>(dot, xs, row, columns, out),
            // Few sums would wait for one another.
            _ => tile::<1, REGISTERS>(dot, xs, row, columns, out),
        };
    }
}

/// `R` rows from `first` on with one panel, `N` registers of its columns at a time; returns `R`.
#[inline(always)]
fn tile<const R: usize, const N: usize>(
    dot: impl Dot,
    xs: &Activations,
    first: usize,
    columns: &Columns<'_>,
    out: &mut [f32],
) -> usize {
    let steps = xs.stride() / GROUP;
    let (values, _) = xs.values().as_chunks::<GROUP>();
    // All of one length, and known to be so: no step is checked.
    let mut rows = [&values[..0]; R];
    for row in 0..R {
        rows[row] = &values[(first + row) * steps..][..steps];
    }
    let (panel, _) = columns.panel.as_chunks::<{ LANES * GROUP }>();
    let (panel, _) = panel.as_chunks::<REGISTERS>();
    let panel = &panel[..steps];
    for part in 0..REGISTERS / N {
        // SAFETY: there is a token, so the processor has the instructions.
        let mut sums = unsafe { [[_mm256_setzero_si256(); N]; R] };
        // Every loop below has a constant count, or the sums would not stay in registers.
        for step in 0..steps {
            let weights = &panel[step].as_chunks::<N>().0[part];
            for row in 0..R {
                // SAFETY: as above.
                let values = dot.values(unsafe { _mm256_set1_epi32(i32::from_le_bytes(rows[row][step])) });
                for register in 0..N {
                    // SAFETY: as many bytes either way, and any bytes are a register.
                    let weights = unsafe { std::mem::transmute::<[i8; LANES * GROUP], __m256i>(weights[register]) };
                    sums[row][register] = dot.add(sums[row][register], values, dot.weights(weights));
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            let (scale, offset) = (xs.scales()[first + row], xs.offsets()[first + row]);
            let out = &mut out[(first + row) * columns.outputs + columns.first..][..columns.count];
            for (register, sums) in sums.into_iter().enumerate() {
                let register = part * N + register;
                // SAFETY: as above.
                let values = unsafe { results(sums, scale, offset, columns, register) };
                // Fewer than a register's in the last panel, or none. Of a known length wherever that is so: copies are calls otherwise.
                let out = out.get_mut(register * LANES..).unwrap_or_default();
                match out.first_chunk_mut::<LANES>() {
                    Some(out) => *out = values,
                    None => out.copy_from_slice(&values[..out.len()]),
                }
            }
        }
    }
    R
}

/// What `sums` of a `register` of columns say.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn results(sums: __m256i, scale: f32, offset: f32, columns: &Columns<'_>, register: usize) -> [f32; LANES] {
    let summand =
        _mm256_fmadd_ps(_mm256_set1_ps(offset), floats(columns.sums, register), floats(columns.bias, register));
    let factor = _mm256_mul_ps(_mm256_set1_ps(scale), floats(columns.scales, register));
    let values = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), factor, summand);
    // SAFETY: as many floats either way.
    unsafe { std::mem::transmute::<__m256, [f32; LANES]>(values) }
}

/// A `register` of what belongs to a panel's columns.
#[inline(always)]
fn floats(values: &[f32; WIDTH], register: usize) -> __m256 {
    // SAFETY: as many floats either way, and any floats are a register.
    unsafe { std::mem::transmute::<[f32; LANES], __m256>(values.as_chunks().0[register]) }
}
