//! Sums of products with Arm's matrix products (`usmmla`): two rows with two columns an instruction, eight steps of the depth.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::aarch64::{
    int8x16_t, int32x4_t, uint8x16_t, vcombine_s32, vdupq_n_s32, vdupq_n_u8, vget_high_s32, vget_low_s32,
};
use std::arch::{asm, is_aarch64_feature_detected};

use super::neon::write;
use super::{Activations, Columns, TWO_GROUPS, WIDTH};

/// Columns of which one register has the weights.
const PAIR: usize = 2;
/// Such registers in a row of a panel.
const REGISTERS: usize = WIDTH / PAIR;

/// Eight steps of two rows or two columns.
type Two<T> = [[T; TWO_GROUPS]; 2];

/// Proof that this processor has the instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token(());

impl Token {
    pub(super) fn new() -> Option<Self> {
        // Lanes are counted from the other end where bytes are.
        (cfg!(target_endian = "little") && is_aarch64_feature_detected!("i8mm")).then_some(Self(()))
    }
}

/// All rows of `xs` with one panel.
pub(super) fn rows(_: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
    let count = xs.scales().len();
    let mut row = 0;
    while row < count {
        // Of each tile the sums take twenty-four of thirty-two registers.
        // SAFETY: there is a token, so the processor has the instructions.
        row += unsafe {
            match count - row {
                8.. => tile::<4, 6>(xs, row, columns, out),
                3.. => tile::<2, 12>(xs, row, columns, out),
                _ => tile::<1, REGISTERS>(xs, row, columns, out),
            }
        };
    }
}

/// `P` pairs of rows from `first` on with one panel, `N` pairs of its columns at a time; returns how many rows there were.
#[target_feature(enable = "neon,i8mm")]
fn tile<const P: usize, const N: usize>(
    xs: &Activations,
    first: usize,
    columns: &Columns<'_>,
    out: &mut [f32],
) -> usize {
    let steps = xs.stride() / TWO_GROUPS;
    let (values, _) = xs.values().as_chunks::<TWO_GROUPS>();
    // Where rows are missing the last stands for them.
    let last = xs.scales().len() - 1;
    let mut rows = [[&values[..0]; 2]; P];
    for pair in 0..P {
        for row in 0..2 {
            rows[pair][row] = &values[last.min(first + 2 * pair + row) * steps..][..steps];
        }
    }
    let (panel, _) = columns.panel.as_chunks::<TWO_GROUPS>();
    let (panel, _) = panel.as_chunks::<PAIR>();
    let (panel, _) = panel.as_chunks::<REGISTERS>();
    let panel = &panel[..steps];
    for part in 0..REGISTERS / N {
        // Every loop below has a constant count, or the sums would not stay in registers.
        let mut sums = [[vdupq_n_s32(0); N]; P];
        for step in 0..steps {
            let weights = &panel[step].as_chunks::<N>().0[part];
            let mut values = [vdupq_n_u8(0); P];
            for pair in 0..P {
                let [one, other] = rows[pair];
                // SAFETY: as many bytes either way, and any bytes are a register.
                values[pair] = unsafe { std::mem::transmute::<Two<u8>, uint8x16_t>([one[step], other[step]]) };
            }
            for register in 0..N {
                // SAFETY: as above.
                let weights = unsafe { std::mem::transmute::<Two<i8>, int8x16_t>(weights[register]) };
                for pair in 0..P {
                    sums[pair][register] = product(sums[pair][register], values[pair], weights);
                }
            }
        }
        for (pair, sums) in sums.into_iter().enumerate() {
            for (index, two) in sums.as_chunks::<2>().0.iter().enumerate() {
                let [left, right] = *two;
                let of_rows = [
                    vcombine_s32(vget_low_s32(left), vget_low_s32(right)),
                    vcombine_s32(vget_high_s32(left), vget_high_s32(right)),
                ];
                for (row, sums) in (first + 2 * pair..=last).zip(of_rows) {
                    write(sums, xs, row, columns, part * N / 2 + index, out);
                }
            }
        }
    }
    (last + 1 - first).min(2 * P)
}

/// Add to `sums`, both columns of one row and then of the other, the products of the rows' `values` with the columns' `weights`. No stable
/// function of the standard library is that instruction.
#[target_feature(enable = "neon,i8mm")]
#[inline]
fn product(mut sums: int32x4_t, values: uint8x16_t, weights: int8x16_t) -> int32x4_t {
    // SAFETY: it reads and writes these registers alone.
    unsafe {
        asm!(
            "usmmla {sums:v}.4s, {values:v}.16b, {weights:v}.16b",
            sums = inout(vreg) sums,
            values = in(vreg) values,
            weights = in(vreg) weights,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}
