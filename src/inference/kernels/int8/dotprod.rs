//! Sums of products with Arm's dot products (`sdot`). Both factors have a sign there, so activations lose 128, and sums start with what
//! they lack.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::aarch64::{
    int8x16_t, int32x4_t, uint8x16_t, vdupq_n_s8, vdupq_n_s32, vdupq_n_u8, veorq_u8, vreinterpretq_s8_u8,
};
use std::arch::{asm, is_aarch64_feature_detected};

use super::neon::{LANES, write};
use super::{Activations, Columns, GROUP, WIDTH};

/// Registers in a row of a panel.
const REGISTERS: usize = WIDTH / LANES;
/// Groups of activations that a register holds.
const GROUPS: usize = 4;
/// Rows of the largest tile. With half a row of a panel its sums take twenty-four of thirty-two registers, its activations four.
const ROWS: usize = 4;

/// Four weights of each lane.
type Weights = [i8; LANES * GROUP];

/// Proof that this processor has the instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token(());

impl Token {
    pub(super) fn new() -> Option<Self> {
        // Lanes are counted from the other end where bytes are.
        (cfg!(target_endian = "little") && is_aarch64_feature_detected!("dotprod")).then_some(Self(()))
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
                ROWS.. => tile::<ROWS, 6>(xs, row, columns, out),
                2.. => tile::<2, 6>(xs, row, columns, out),
                // Few sums would wait for one another.
                _ => tile::<1, REGISTERS>(xs, row, columns, out),
            }
        };
    }
}

/// `R` rows from `first` on with one panel, `N` registers of its columns at a time; returns `R`.
#[target_feature(enable = "neon,dotprod")]
fn tile<const R: usize, const N: usize>(
    xs: &Activations,
    first: usize,
    columns: &Columns<'_>,
    out: &mut [f32],
) -> usize {
    let stride = xs.stride();
    let mut rows: [&[[u8; GROUP]]; R] = [&[]; R];
    for (row, values) in rows.iter_mut().zip(xs.values()[first * stride..].chunks_exact(stride)) {
        *row = values.as_chunks().0;
    }
    let (panel, _) = columns.panel.as_chunks::<{ LANES * GROUP }>();
    let (panel, _) = panel.as_chunks::<REGISTERS>();
    let (whole, rest) = panel[..stride / GROUP].as_chunks::<GROUPS>();
    for part in 0..REGISTERS / N {
        // Every loop below has a constant count, or the sums would not stay in registers.
        let mut sums = [[vdupq_n_s32(0); N]; R];
        for register in 0..N {
            let start = columns.starts.as_chunks::<LANES>().0[part * N + register];
            for sums in &mut sums {
                // SAFETY: as many integers either way, and any integers are a register.
                sums[register] = unsafe { std::mem::transmute::<[i32; LANES], int32x4_t>(start) };
            }
        }
        for (index, weights) in whole.iter().enumerate() {
            let mut values = [vdupq_n_s8(0); R];
            for row in 0..R {
                values[row] = signed(rows[row].as_chunks().0[index]);
            }
            add::<0, R, N>(&mut sums, &values, &weights[0].as_chunks().0[part]);
            add::<1, R, N>(&mut sums, &values, &weights[1].as_chunks().0[part]);
            add::<2, R, N>(&mut sums, &values, &weights[2].as_chunks().0[part]);
            add::<3, R, N>(&mut sums, &values, &weights[3].as_chunks().0[part]);
        }
        for (index, weights) in rest.iter().enumerate() {
            let mut values = [vdupq_n_s8(0); R];
            for row in 0..R {
                values[row] = signed([rows[row][whole.len() * GROUPS + index]; GROUPS]);
            }
            add::<0, R, N>(&mut sums, &values, &weights.as_chunks().0[part]);
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (register, sums) in sums.into_iter().enumerate() {
                write(sums, xs, first + row, columns, part * N + register, out);
            }
        }
    }
    R
}

/// Activations less 128.
#[target_feature(enable = "neon")]
#[inline]
fn signed(groups: [[u8; GROUP]; GROUPS]) -> int8x16_t {
    // SAFETY: as many bytes either way, and any bytes are a register.
    let values = unsafe { std::mem::transmute::<[[u8; GROUP]; GROUPS], uint8x16_t>(groups) };
    vreinterpretq_s8_u8(veorq_u8(values, vdupq_n_u8(128)))
}

/// Add products of the group at `PLACE` of `values` with `weights`.
#[target_feature(enable = "neon,dotprod")]
#[inline]
fn add<const PLACE: i32, const R: usize, const N: usize>(
    sums: &mut [[int32x4_t; N]; R],
    values: &[int8x16_t; R],
    weights: &[Weights; N],
) {
    for row in 0..R {
        for register in 0..N {
            // SAFETY: as many bytes either way, and any bytes are a register.
            let weights = unsafe { std::mem::transmute::<Weights, int8x16_t>(weights[register]) };
            sums[row][register] = dot::<PLACE>(sums[row][register], weights, values[row]);
        }
    }
}

/// In each lane the products of four weights with the four `values` at `PLACE`, and their sum. No stable function of the standard library
/// is that instruction.
#[target_feature(enable = "neon,dotprod")]
#[inline]
fn dot<const PLACE: i32>(mut sums: int32x4_t, weights: int8x16_t, values: int8x16_t) -> int32x4_t {
    // SAFETY: it reads and writes these registers alone.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {weights:v}.16b, {values:v}.4b[{place}]",
            sums = inout(vreg) sums,
            weights = in(vreg) weights,
            values = in(vreg) values,
            place = const PLACE,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}
