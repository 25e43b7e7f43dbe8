//! Sums of products with AVX-512 VNNI (`vpdpbusd`).
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::x86_64::{
    __m512i, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_mul_ps, _mm512_set1_epi32,
    _mm512_set1_ps, _mm512_setzero_si512,
};

use super::{Activations, Columns, GROUP, ROWS, WIDTH};

/// Sums that a register holds.
const LANES: usize = 16;
/// Registers in a row of a panel.
const REGISTERS: usize = WIDTH / LANES;

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
    let stride = xs.stride();
    let rows: [&[[u8; GROUP]]; R] =
        std::array::from_fn(|row| xs.values()[(first + row) * stride..][..stride].as_chunks().0);
    let (panel, _) = columns.panel.as_chunks::<{ LANES * GROUP }>();
    let (panel, _) = panel.as_chunks::<REGISTERS>();
    let panel = &panel[..stride / GROUP];
    // Every loop below has a constant count, or the sums would not stay in registers.
    let mut sums = [[_mm512_setzero_si512(); REGISTERS]; R];
    for (step, weights) in panel.iter().enumerate() {
        let weights: [__m512i; REGISTERS] = std::array::from_fn(|register| {
            // SAFETY: sixty-four bytes either way, and any bytes are a register.
            unsafe { std::mem::transmute::<[i8; LANES * GROUP], __m512i>(weights[register]) }
        });
        for row in 0..R {
            let values = _mm512_set1_epi32(i32::from_le_bytes(rows[row][step]));
            for register in 0..REGISTERS {
                sums[row][register] = _mm512_dpbusd_epi32(sums[row][register], values, weights[register]);
            }
        }
    }
    for row in 0..R {
        let (scale, offset) = (xs.scales()[first + row], xs.offsets()[first + row]);
        let out = &mut out[(first + row) * columns.outputs + columns.first..][..columns.count];
        for register in 0..REGISTERS {
            let at = register * LANES;
            let load = |values: &[f32]| {
                let (whole, _) = values[at..].as_chunks::<LANES>();
                // SAFETY: as many floats either way, and any floats are a register.
                unsafe { std::mem::transmute::<[f32; LANES], std::arch::x86_64::__m512>(whole[0]) }
            };
            let summand = _mm512_fmadd_ps(_mm512_set1_ps(offset), load(columns.sums), load(columns.bias));
            let factor = _mm512_mul_ps(_mm512_set1_ps(scale), load(columns.scales));
            let values = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[row][register]), factor, summand);
            // SAFETY: as above.
            let values = unsafe { std::mem::transmute::<std::arch::x86_64::__m512, [f32; LANES]>(values) };
            match out.get_mut(at..at + LANES) {
                Some(out) => out.copy_from_slice(&values),
                None => {
                    let out = out.get_mut(at..).unwrap_or_default();
                    out.copy_from_slice(&values[..out.len()]);
                }
            }
        }
    }
    R
}
