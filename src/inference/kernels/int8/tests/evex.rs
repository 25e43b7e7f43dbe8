//! The tile of AVX-VNNI on processors that have the same instruction only as AVX-512 writes it: that is more of them, for now.
#![allow(unsafe_code, reason = "instructions that a processor may lack: a token proves that this one has them")]

use super::{Instructions, products};

super::super::avx_vnni::vnni!(_mm256_dpbusd_epi32, "avx2,fma,avx512vnni,avx512vl", "avx2" "fma" "avx512vnni" "avx512vl");

#[test]
fn the_tile_of_avx_vnni_gives_what_plain_loops_give() {
    let Some(token) = Token::new() else { return };
    products(Instructions::Portable, |linear, xs, plain| {
        let mut found = vec![f32::NAN; plain.len()];
        linear.columns().for_each(|columns| rows(token, xs, &columns, &mut found));
        assert_eq!(found, plain, "{} x {} x {}", xs.scales().len(), linear.inputs, linear.outputs);
    });
}
