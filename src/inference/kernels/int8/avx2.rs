//! Sums of products with AVX2. Its product of 8-bit integers saturates, so both factors become 16-bit integers first, those at even places
//! and those at odd ones apart: that takes shifts, and leaves the panels as they are. Activations in two parts, each multiplied as 8-bit
//! integers that cannot saturate, took half as long again; activations widened beforehand were no faster.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_madd_epi16, _mm256_set1_epi16, _mm256_slli_epi16,
    _mm256_srai_epi16, _mm256_srli_epi16,
};

use super::tile::{self, Dot};
use super::{Activations, Columns};

/// Proof that this processor has the instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token(());

impl Token {
    pub(super) fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

/// 16-bit integers of every other place.
#[derive(Clone, Copy)]
pub(super) struct Halves {
    even: __m256i,
    odd: __m256i,
}

// SAFETY: `new` makes a value only where the processor has all of these.
unsafe impl Dot for Token {
    type Values = Halves;
    type Weights = Halves;

    #[inline(always)]
    fn values(self, stored: __m256i) -> Halves {
        // SAFETY: there is a token, so the processor has the instructions.
        unsafe {
            let even = _mm256_and_si256(stored, _mm256_set1_epi16(0xff));
            Halves { even, odd: _mm256_srli_epi16::<8>(stored) }
        }
    }

    #[inline(always)]
    fn weights(self, stored: __m256i) -> Halves {
        // SAFETY: there is a token, so the processor has the instructions.
        unsafe {
            let even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(stored));
            Halves { even, odd: _mm256_srai_epi16::<8>(stored) }
        }
    }

    #[inline(always)]
    fn add(self, sums: __m256i, values: Halves, weights: Halves) -> __m256i {
        // SAFETY: there is a token, so the processor has the instructions.
        unsafe {
            let sums = _mm256_add_epi32(sums, _mm256_madd_epi16(values.even, weights.even));
            _mm256_add_epi32(sums, _mm256_madd_epi16(values.odd, weights.odd))
        }
    }
}

/// All rows of `xs` with one panel.
pub(super) fn rows(token: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
    #[target_feature(enable = "avx2,fma")]
    fn rows(token: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
        tile::rows(token, xs, columns, out);
    }
    // SAFETY: there is a token, so the processor has the instructions.
    unsafe { rows(token, xs, columns, out) }
}
