//! Registers of bf16, two by two: what a lane of `vdpbf16ps` multiplies and adds up.
#![allow(unsafe_code, reason = "registers are made of bytes, and these instructions want registers")]

use std::arch::x86_64::{
    __m512, __m512bh, __m512i, _mm512_cvtne2ps_pbh, _mm512_permutexvar_epi16, _mm512_shuffle_i32x4,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::wanted::wanted;

/// Sums of a register; as many pairs of bf16 fill one.
pub(super) const LANES: usize = 16;

/// Two bf16, the first in the lower half.
pub(super) type Pair = u32;
/// A register of them.
pub(super) type Pairs = [Pair; LANES];

/// Proof that this processor has the instructions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token(());

impl Token {
    pub(super) fn new() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512bf16");
        (all && wanted().is_none_or(|name| name == "avx512-vnni")).then_some(Self(()))
    }
}

/// Pairs as a register.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn register(pairs: Pairs) -> __m512bh {
    // SAFETY: as many bytes either way, and any bytes are a register.
    unsafe { std::mem::transmute::<Pairs, __m512bh>(pairs) }
}

/// [`LANES`] of `values` from `start` on; zeros where there are fewer.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn floats(values: &[f32], start: usize) -> __m512 {
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

/// The floats of a register.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn stored(values: __m512) -> [f32; LANES] {
    // SAFETY: as many floats either way.
    unsafe { std::mem::transmute::<__m512, [f32; LANES]>(values) }
}

/// Thirty-two numbers in a row as pairs of neighbours, rounded to the nearest bf16.
#[target_feature(enable = "avx512f,avx512bf16")]
#[inline]
pub(super) fn neighbours(low: __m512, high: __m512) -> Pairs {
    // SAFETY: as many bytes either way.
    unsafe { std::mem::transmute::<__m512bh, Pairs>(_mm512_cvtne2ps_pbh(high, low)) }
}

/// Lane by lane, the pair of both, rounded to the nearest bf16.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
#[inline]
pub(super) fn turns(first: __m512, second: __m512) -> Pairs {
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
        std::mem::transmute::<__m512i, Pairs>(_mm512_permutexvar_epi16(turns, rounded))
    }
}

/// Rows become columns.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn transposed(rows: [Pairs; LANES]) -> [Pairs; LANES] {
    // SAFETY: as many bytes either way, and any bytes are registers.
    let rows = unsafe { std::mem::transmute::<[Pairs; LANES], [__m512i; LANES]>(rows) };
    let mut twos = rows;
    for at in (0..LANES).step_by(2) {
        twos[at] = _mm512_unpacklo_epi32(rows[at], rows[at + 1]);
        twos[at + 1] = _mm512_unpackhi_epi32(rows[at], rows[at + 1]);
    }
    // A quarter of a register then holds what four rows have in one column.
    let mut fours = twos;
    for at in (0..LANES).step_by(4) {
        for half in 0..2 {
            fours[at + 2 * half] = _mm512_unpacklo_epi64(twos[at + half], twos[at + half + 2]);
            fours[at + 2 * half + 1] = _mm512_unpackhi_epi64(twos[at + half], twos[at + half + 2]);
        }
    }
    let mut columns = fours;
    for at in 0..4 {
        let [a, b, c, d] = [0, 4, 8, 12].map(|first| fours[first + at]);
        let even = [_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0x88>(c, d)];
        let odd = [_mm512_shuffle_i32x4::<0xdd>(a, b), _mm512_shuffle_i32x4::<0xdd>(c, d)];
        columns[at] = _mm512_shuffle_i32x4::<0x88>(even[0], even[1]);
        columns[4 + at] = _mm512_shuffle_i32x4::<0x88>(odd[0], odd[1]);
        columns[8 + at] = _mm512_shuffle_i32x4::<0xdd>(even[0], even[1]);
        columns[12 + at] = _mm512_shuffle_i32x4::<0xdd>(odd[0], odd[1]);
    }
    // SAFETY: as many bytes either way.
    unsafe { std::mem::transmute::<[__m512i; LANES], [Pairs; LANES]>(columns) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        if Token::new().is_none() {
            return;
        }
        let rows: [Pairs; LANES] = std::array::from_fn(|row| std::array::from_fn(|column| (row * 100 + column) as u32));
        // SAFETY: there is a token, so the processor has the instructions.
        let columns = unsafe { transposed(rows) };
        for (column, own) in columns.iter().enumerate() {
            for (row, pair) in own.iter().enumerate() {
                assert_eq!(*pair, (row * 100 + column) as u32);
            }
        }
    }
}
