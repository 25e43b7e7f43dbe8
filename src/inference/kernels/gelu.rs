//! GELU in its exact form, `x Φ(x)` (<https://arxiv.org/abs/1606.08415>): the form that BERT and XLM-R were trained with.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

use super::exponential::exp;
use super::fast;
use super::slices::{change, floats, read};

/// GELU of every element.
pub(crate) fn gelu(xs: &Tensor) -> Result<Tensor> {
    if fast(xs) { xs.contiguous()?.apply_op1(Gelu) } else { plain(xs) }
}

/// candle's own.
pub(super) fn plain(xs: &Tensor) -> Result<Tensor> {
    xs.gelu_erf()
}

struct Gelu;

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut ys = floats(storage, layout)?.to_vec();
        in_place(&mut ys);
        Ok((CpuStorage::F32(ys), layout.shape().clone()))
    }

    fn bwd(&self, xs: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.copy()?;
        backward(xs, &grad)?;
        Ok(Some(grad))
    }
}

/// `grad` becomes the gradient of `xs`, in place; nothing else may hold it.
pub(crate) fn backward(xs: &Tensor, grad: &Tensor) -> Result<()> {
    read([xs], |[xs]| change(grad, |grad| gradient(xs, grad)))?
}

/// Φ(x) and e^(-x²/2). erf by Abramowitz & Stegun 7.1.26: absolute error 1.5e-7.
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let e = exp(-z * z);
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let poly = ((((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74) * t + 0.254_829_6) * t;
    let tail = 0.5 * poly * e; // Φ(-|x|)
    (if x < 0.0 { tail } else { 1.0 - tail }, e)
}

/// GELU of `xs`, in place.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
pub(crate) fn in_place(xs: &mut [f32]) {
    for x in xs {
        *x *= normal(*x).0;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn gradient(xs: &[f32], grad: &mut [f32]) {
    const DENSITY: f32 = 0.398_942_3; // 1 / sqrt(2 pi)
    for (g, &x) in grad.iter_mut().zip(xs) {
        let (phi, e) = normal(x);
        *g *= phi + x * DENSITY * e;
    }
}
