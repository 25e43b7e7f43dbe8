//! Sums of products with AVX-VNNI (`vpdpbusd`), for processors that have it without AVX-512.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::x86_64::{__m256i, _mm256_dpbusd_avx_epi32};

use super::tile::{self, Dot};
use super::{Activations, Columns};

/// Proof that this processor has the instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token(());

impl Token {
    pub(super) fn new() -> Option<Self> {
        let all =
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("avxvnni");
        all.then_some(Self(()))
    }
}

// SAFETY: `new` makes a value only where the processor has all of these.
unsafe impl Dot for Token {
    type Values = __m256i;
    type Weights = __m256i;

    #[inline(always)]
    fn values(self, stored: __m256i) -> __m256i {
        stored
    }

    #[inline(always)]
    fn weights(self, stored: __m256i) -> __m256i {
        stored
    }

    #[inline(always)]
    fn add(self, sums: __m256i, values: __m256i, weights: __m256i) -> __m256i {
        // SAFETY: there is a token, so the processor has the instruction.
        unsafe { _mm256_dpbusd_avx_epi32(sums, values, weights) }
    }
}

/// All rows of `xs` with one panel.
pub(super) fn rows(token: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
    #[target_feature(enable = "avx2,fma,avxvnni")]
    fn rows(token: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
        tile::rows(token, xs, columns, out);
    }
    // SAFETY: there is a token, so the processor has the instructions.
    unsafe { rows(token, xs, columns, out) }
}
