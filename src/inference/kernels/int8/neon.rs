//! What Arm's instructions add up becomes results.
#![allow(unsafe_code, reason = "registers are read from memory and written there as they are")]

use std::arch::aarch64::{float32x4_t, int32x4_t, vcvtq_f32_s32, vdupq_n_f32, vfmaq_f32, vmulq_f32};

use super::{Activations, Columns, WIDTH};

/// Sums that a register holds.
pub(super) const LANES: usize = 4;

/// Write to `out` what the `sums` of a `row` say of the `register`th four columns.
#[target_feature(enable = "neon")]
#[inline]
pub(super) fn write(
    sums: int32x4_t,
    xs: &Activations,
    row: usize,
    columns: &Columns<'_>,
    register: usize,
    out: &mut [f32],
) {
    let (scale, offset) = (vdupq_n_f32(xs.scales()[row]), vdupq_n_f32(xs.offsets()[row]));
    let summand = vfmaq_f32(floats(columns.bias, register), offset, floats(columns.sums, register));
    let factor = vmulq_f32(scale, floats(columns.scales, register));
    let values = vfmaq_f32(summand, vcvtq_f32_s32(sums), factor);
    // SAFETY: as many floats either way.
    let values = unsafe { std::mem::transmute::<float32x4_t, [f32; LANES]>(values) };
    let out = &mut out[row * columns.outputs + columns.first..][..columns.count];
    // Fewer than a register's in the last panel, or none. Of a known length wherever that is so: copies are calls otherwise.
    let out = out.get_mut(register * LANES..).unwrap_or_default();
    match out.first_chunk_mut::<LANES>() {
        Some(out) => *out = values,
        None => out.copy_from_slice(&values[..out.len()]),
    }
}

/// The `register`th four of what belongs to a panel's columns.
#[inline(always)]
fn floats(values: &[f32; WIDTH], register: usize) -> float32x4_t {
    // SAFETY: as many floats either way, and any floats are a register.
    unsafe { std::mem::transmute::<[f32; LANES], float32x4_t>(values.as_chunks().0[register]) }
}
