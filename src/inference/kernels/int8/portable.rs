//! Plain loops: what the instructions are compared with, and what runs where there are none.

use multiversion::multiversion;

use super::{Activations, Columns, GROUP, WIDTH};

/// All rows of `xs` with one panel.
pub(super) fn rows(xs: &Activations, columns: &Columns<'_>, out: &mut [f32]) {
    let rows = xs.values().chunks_exact(xs.stride()).zip(out.chunks_exact_mut(columns.outputs));
    for ((values, out), (&scale, &offset)) in rows.zip(xs.scales().iter().zip(xs.offsets())) {
        let sums = products(values, columns.panel);
        for (column, out) in out[columns.first..][..columns.count].iter_mut().enumerate() {
            let summand = offset.mul_add(columns.sums[column], columns.bias[column]);
            *out = (sums[column] as f32).mul_add(scale * columns.scales[column], summand);
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn products(values: &[u8], panel: &[i8]) -> [i32; WIDTH] {
    let mut sums = [0; WIDTH];
    let (values, _) = values.as_chunks::<GROUP>();
    let (panel, _) = panel.as_chunks::<{ WIDTH * GROUP }>();
    for (values, weights) in values.iter().zip(panel) {
        for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<GROUP>().0) {
            for (&value, &weight) in values.iter().zip(weights) {
                *sum += i32::from(value) * i32::from(weight);
            }
        }
    }
    sums
}
