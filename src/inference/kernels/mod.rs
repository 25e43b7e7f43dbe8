//! The arithmetic that candle does slowly or without a gradient, as candle custom ops with an exact backward pass.
//!
//! Each file holds one operation: the public function, which takes the fast path on the CPU and the plain one elsewhere;
//! `plain`, the same written with candle's own differentiable operations; and a test that the two agree, gradients too. `recorded` is no
//! operation: it makes several of them one node of candle's graph; nor are `lanes`, `pairs`, `slices` and `wanted`, which they are written with, and
//! `workload`, by which they are timed.
//! All tensors are f32; on a GPU, where nothing is trained, those around matrix products may be bf16 or f16.
//!
//! **Invariant:** a fast kernel equals its plain twin within the tolerance stated in its test.

pub(crate) mod attention;
mod dropout;
mod gather;
pub(crate) mod gelu;
pub(crate) mod gemm;
pub(crate) mod int8;
mod lanes;
pub(crate) mod layer_norm;
pub(crate) mod linear;
#[cfg(target_arch = "x86_64")]
mod pairs;
mod recorded;
mod residual;
mod slices;
mod wanted;
#[cfg(feature = "bench")]
pub mod workload;

use candle_core::{DType, Tensor};

pub(crate) use attention::{Attention, SharedPadding, attention};
pub(crate) use dropout::{Mask, dropout};
pub(crate) use gather::gathered;
pub(crate) use gelu::gelu;
pub(crate) use layer_norm::layer_norm;
pub(crate) use linear::linear;
pub(crate) use recorded::{Gradients, recorded};
pub(crate) use residual::residual;

/// Whether the fast kernels take `xs`: f32 on the CPU. With the feature `plain` they take nothing, so that everything that tests run on
/// the CPU goes the way of a GPU.
fn fast(xs: &Tensor) -> bool {
    xs.device().is_cpu() && xs.dtype() == DType::F32 && !cfg!(feature = "plain")
}

/// Whether [`recorded`] layers, whose backward passes are made of fast kernels, take `xs`.
pub(crate) fn records(xs: &Tensor) -> bool {
    fast(xs)
}

#[cfg(test)]
mod twins;
