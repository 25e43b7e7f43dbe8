//! LayerNorm over the last dimension (<https://arxiv.org/abs/1607.06450>). candle's own fused form has no backward pass.

use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

use super::fast;
use super::recorded::Gradients;
use super::slices::{asked, floats, read};

/// `(xs - mean) / sqrt(variance + eps) * weight + bias` for each row of `xs` (…, H); `weight` and `bias` are (H).
pub(crate) fn layer_norm(xs: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    if fast(xs) {
        xs.contiguous()?.apply_op3(weight, bias, LayerNorm { eps: eps as f32 })
    } else if ![xs, weight, bias].into_iter().any(Tensor::track_op) {
        candle_nn::ops::layer_norm(&xs.contiguous()?, weight, bias, eps as f32)
    } else {
        plain(xs, weight, bias, eps)
    }
}

/// The same from candle's differentiable operations.
pub(super) fn plain(xs: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    let centred = xs.broadcast_sub(&xs.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let normed = centred.broadcast_div(&(variance + eps)?.sqrt()?)?;
    normed.broadcast_mul(weight)?.broadcast_add(bias)
}

struct LayerNorm {
    eps: f32,
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        xs: &CpuStorage,
        xs_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let xs = floats(xs, xs_layout)?;
        let (weight, bias) = (floats(weight, weight_layout)?, floats(bias, bias_layout)?);
        Ok((CpuStorage::F32(forward(xs, weight, bias, self.eps)), xs_layout.shape().clone()))
    }

    fn bwd(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dxs, dweight, dbias) = gradients_of(xs, weight, self.eps, grad)?;
        Ok((
            asked(xs, || Tensor::from_vec(dxs, xs.shape(), xs.device()))?,
            asked(weight, || Tensor::from_vec(dweight, weight.shape(), xs.device()))?,
            asked(bias, || Tensor::from_vec(dbias, bias.shape(), xs.device()))?,
        ))
    }
}

/// The gradient of `xs`; those of weight and bias are added to `gradients`.
pub(crate) fn backward(
    xs: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    eps: f64,
    grad: &Tensor,
    gradients: &Gradients,
) -> Result<Tensor> {
    let (dxs, dweight, dbias) = gradients_of(xs, weight, eps as f32, grad)?;
    gradients.add(weight, || Tensor::from_vec(dweight, weight.shape(), xs.device()))?;
    gradients.add(bias, || Tensor::from_vec(dbias, bias.shape(), xs.device()))?;
    Tensor::from_vec(dxs, xs.shape(), xs.device())
}

/// Gradients of `xs`, weight and bias.
fn gradients_of(xs: &Tensor, weight: &Tensor, eps: f32, grad: &Tensor) -> Result<(Vec<f32>, Vec<f32>, Vec<f32>)> {
    read([xs, weight, grad], |[xs, weight, grad]| gradients(xs, weight, grad, eps))
}

/// Sum of `term(i)` over a row, in 16 running sums that the compiler keeps in vector registers.
#[inline(always)]
fn sum(width: usize, term: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let whole = width - width % 16;
    for start in (0..whole).step_by(16) {
        for (lane, total) in lanes.iter_mut().enumerate() {
            *total += term(start + lane);
        }
    }
    lanes.iter().sum::<f32>() + (whole..width).map(term).sum::<f32>()
}

/// Mean and 1 / sqrt(variance + eps).
#[inline(always)]
fn moments(xs: &[f32], eps: f32) -> (f32, f32) {
    let width = xs.len();
    let mean = sum(width, |i| xs[i]) / width as f32;
    let variance = sum(width, |i| (xs[i] - mean) * (xs[i] - mean)) / width as f32;
    (mean, 1.0 / (variance + eps).sqrt())
}

/// `xs` (…, H) becomes the LayerNorm of `xs + skipped`, in place.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
pub(crate) fn of_sum(xs: &mut [f32], skipped: &[f32], weight: &[f32], bias: &[f32], eps: f32) {
    let width = weight.len();
    for (xs, skipped) in xs.chunks_exact_mut(width).zip(skipped.chunks_exact(width)) {
        xs.iter_mut().zip(skipped).for_each(|(x, skipped)| *x += skipped);
        let (mean, scale) = moments(xs, eps);
        for ((x, &w), &b) in xs.iter_mut().zip(weight).zip(bias) {
            *x = (*x - mean) * scale * w + b;
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn forward(xs: &[f32], weight: &[f32], bias: &[f32], eps: f32) -> Vec<f32> {
    let mut ys = xs.to_vec();
    for ys in ys.chunks_exact_mut(weight.len()) {
        let (mean, scale) = moments(ys, eps);
        for ((y, w), b) in ys.iter_mut().zip(weight).zip(bias) {
            *y = (*y - mean) * scale * w + b;
        }
    }
    ys
}

/// Gradients of rows, weight and bias.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn gradients(xs: &[f32], weight: &[f32], grad: &[f32], eps: f32) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let width = weight.len();
    let mut dxs = grad.to_vec();
    let (mut dweight, mut dbias) = (vec![0.0; width], vec![0.0; width]);
    for (xs, dxs) in xs.chunks_exact(width).zip(dxs.chunks_exact_mut(width)) {
        let (mean, scale) = moments(xs, eps);
        let along = sum(width, |i| dxs[i] * weight[i]) / width as f32;
        let across = sum(width, |i| dxs[i] * weight[i] * (xs[i] - mean) * scale) / width as f32;
        for i in 0..width {
            let (normed, grad) = ((xs[i] - mean) * scale, dxs[i]);
            dweight[i] += grad * normed;
            dbias[i] += grad;
            dxs[i] = scale * (grad * weight[i] - along - normed * across);
        }
    }
    (dxs, dweight, dbias)
}
