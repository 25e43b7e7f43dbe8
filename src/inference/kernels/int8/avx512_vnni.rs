//! Sums of products with AVX-512 VNNI (`vpdpbusd`).
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::x86_64::{
    __m512, __m512i, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_mul_ps, _mm512_set1_epi32,
    _mm512_set1_ps, _mm512_setzero_si512,
};

use super::{Activations, Columns, GROUP, WIDTH};

/// Sums that a register holds.
const LANES: usize = 16;
/// Registers in a row of a panel.
const REGISTERS: usize = WIDTH / LANES;
/// Rows of the largest tile.
const ROWS: usize = 8;

/// Proof that this processor has the instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token(());

impl Token {
    pub(super) fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni")).then_some(Self(()))
    }
}

/// All rows of `xs` with one panel.
pub(super) fn rows(_: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
    let count = xs.scales().len();
    let mut row = 0;
    while row < count {
        // SAFETY: there is a token, so the processor has the instructions.
        row += unsafe {
            match count - row {
                ROWS.. => tile::<ROWS>(xs, row, columns, out),
                4.. => tile::<4>(xs, row, columns, out),
                2.. => tile::<2>(xs, row, columns, out),
                _ => tile::<1>(xs, row, columns, out),
            }
        };
    }
}

/// `R` rows from `first` on with one panel; returns `R`.
#[target_feature(enable = "avx512f,avx512vnni")]
fn tile<const R: usize>(xs: &Activations, first: usize, columns: &Columns<'_>, out: &mut [f32]) -> usize {
    let steps = xs.stride() / GROUP;
    let (values, _) = xs.values().as_chunks::<GROUP>();
    // All of one length, and known to be so: no step is checked. For the same reason every loop has a constant count, or the sums would not
    // stay in registers.
    let mut rows = [&values[..0]; R];
    for row in 0..R {
        rows[row] = &values[(first + row) * steps..][..steps];
    }
    let (panel, _) = columns.panel.as_chunks::<{ LANES * GROUP }>();
    let (panel, _) = panel.as_chunks::<REGISTERS>();
    let panel = &panel[..steps];
    let mut sums = [[_mm512_setzero_si512(); REGISTERS]; R];
    for step in 0..steps {
        // SAFETY: as many bytes either way, and any bytes are registers.
        let weights =
            unsafe { std::mem::transmute::<[[i8; LANES * GROUP]; REGISTERS], [__m512i; REGISTERS]>(panel[step]) };
        for row in 0..R {
            let values = _mm512_set1_epi32(i32::from_le_bytes(rows[row][step]));
            for register in 0..REGISTERS {
                sums[row][register] = _mm512_dpbusd_epi32(sums[row][register], values, weights[register]);
            }
        }
    }
    let (scales, offsets) = (&xs.scales()[first..][..R], &xs.offsets()[first..][..R]);
    let [weight_sums, weight_scales, bias] = [columns.sums, columns.scales, columns.bias].map(registers);
    for row in 0..R {
        let (scale, offset) = (_mm512_set1_ps(scales[row]), _mm512_set1_ps(offsets[row]));
        let out = &mut out[(first + row) * columns.outputs + columns.first..][..columns.count];
        // Fewer in the last panel.
        let mut part = [0.0; WIDTH];
        let whole = out.first_chunk_mut::<WIDTH>();
        let short = whole.is_none();
        let results = whole.unwrap_or(&mut part).as_chunks_mut::<LANES>().0;
        for register in 0..REGISTERS {
            let summand = _mm512_fmadd_ps(offset, weight_sums[register], bias[register]);
            let factor = _mm512_mul_ps(scale, weight_scales[register]);
            let values = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[row][register]), factor, summand);
            // SAFETY: as many floats either way.
            results[register] = unsafe { std::mem::transmute::<__m512, [f32; LANES]>(values) };
        }
        if short {
            out.copy_from_slice(&part[..out.len()]);
        }
    }
    R
}

/// What belongs to a panel's columns, as registers.
#[inline(always)]
fn registers(values: &[f32; WIDTH]) -> [__m512; REGISTERS] {
    // SAFETY: as many floats either way, and any floats are registers.
    unsafe { std::mem::transmute::<[f32; WIDTH], [__m512; REGISTERS]>(*values) }
}
