//! The tile of AVX-VNNI on processors that have the same instruction only as AVX-512 writes it: that is more of them, for now.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use std::arch::x86_64::{__m256i, _mm256_dpbusd_epi32};

use super::super::tile::{self, Dot};
use super::super::{Activations, Columns};
use super::products;

#[derive(Clone, Copy)]
struct Token(());

impl Token {
    fn new() -> Option<Self> {
        let all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512vl");
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
        unsafe { _mm256_dpbusd_epi32(sums, values, weights) }
    }
}

fn rows(token: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
    #[target_feature(enable = "avx2,fma,avx512vnni,avx512vl")]
    fn rows(token: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
        tile::rows(token, xs, columns, out);
    }
    // SAFETY: there is a token, so the processor has the instructions.
    unsafe { rows(token, xs, columns, out) }
}

#[test]
fn the_tile_of_avx_vnni_gives_what_plain_loops_give() {
    let Some(token) = Token::new() else { return };
    products(|linear, xs, plain| {
        let mut found = vec![f32::NAN; plain.len()];
        linear.columns().for_each(|columns| rows(token, xs, &columns, &mut found));
        assert_eq!(found, plain, "{} x {} x {}", xs.scales().len(), linear.inputs, linear.outputs);
    });
}
