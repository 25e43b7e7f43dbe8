//! Sums of products with AVX-VNNI (`vpdpbusd` on 256-bit registers), for processors that have it without AVX-512.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

/// A token and all rows of one panel, with the instruction as one set of features writes it. Tests take that of AVX-512, which more
/// processors have.
macro_rules! vnni {
    ($dot:ident, $enabled:literal, $($feature:tt)+) => {
        use std::arch::x86_64::{__m256i, $dot};

        use crate::kernels::int8::tile::{self, Dot};
        use crate::kernels::int8::{Activations, Columns};

        /// Proof that this processor has the instructions.
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct Token(());

        impl Token {
            pub(in crate::kernels::int8) fn new() -> Option<Self> {
                let all = [$(is_x86_feature_detected!($feature)),+];
                (!all.contains(&false)).then_some(Self(()))
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
                unsafe { $dot(sums, values, weights) }
            }
        }

        /// All rows of `xs` with one panel.
        pub(in crate::kernels::int8) fn rows(token: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
            #[target_feature(enable = $enabled)]
            fn rows(token: Token, xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
                tile::rows(token, xs, columns, out);
            }
            // SAFETY: there is a token, so the processor has the instructions.
            unsafe { rows(token, xs, columns, out) }
        }
    };
}

#[cfg(test)]
pub(super) use vnni;

vnni!(_mm256_dpbusd_avx_epi32, "avx2,fma,avxvnni", "avx2" "fma" "avxvnni");
