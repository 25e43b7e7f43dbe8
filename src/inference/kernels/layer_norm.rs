//! LayerNorm over the last dimension (<https://arxiv.org/abs/1607.06450>). candle's own fused form has no backward pass.

use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use multiversion::multiversion;
use rayon::prelude::*;

use super::fast;
use super::recorded::Gradients;
use super::slices::{asked, floats, read};

/// Rows a task. Sums over rows are taken task by task in order, so they do not depend on the threads.
const ROWS: usize = 64;

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
        let mut ys = vec![0.0; xs.len()];
        let chunk = ROWS * weight.len();
        let tasks = ys.par_chunks_mut(chunk).zip(xs.par_chunks(chunk));
        tasks.for_each(|(ys, xs)| forward(xs, weight, bias, self.eps, ys));
        Ok((CpuStorage::F32(ys), xs_layout.shape().clone()))
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
    read([xs, weight, grad], |[xs, weight, grad]| {
        let width = weight.len();
        let chunk = ROWS * width;
        let mut dxs = vec![0.0; xs.len()];
        let tasks = dxs.par_chunks_mut(chunk).zip(xs.par_chunks(chunk)).zip(grad.par_chunks(chunk));
        let sums: Vec<Vec<f32>> = tasks.map(|((dxs, xs), grad)| gradients(xs, weight, grad, eps, dxs)).collect();
        let mut total = vec![0.0; 2 * width];
        for sum in sums {
            total.iter_mut().zip(sum).for_each(|(total, part)| *total += part);
        }
        let dbias = total.split_off(width);
        (dxs, total, dbias)
    })
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
fn forward(xs: &[f32], weight: &[f32], bias: &[f32], eps: f32, ys: &mut [f32]) {
    let width = weight.len();
    for (xs, ys) in xs.chunks_exact(width).zip(ys.chunks_exact_mut(width)) {
        let (mean, scale) = moments(xs, eps);
        for (((y, &x), &w), &b) in ys.iter_mut().zip(xs).zip(weight).zip(bias) {
            *y = (x - mean) * scale * w + b;
        }
    }
}

/// Gradients of these rows; those of weight and bias, summed over the rows, are returned end to end.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn gradients(xs: &[f32], weight: &[f32], grad: &[f32], eps: f32, dxs: &mut [f32]) -> Vec<f32> {
    let width = weight.len();
    let mut sums = vec![0.0; 2 * width];
    let (dweight, dbias) = sums.split_at_mut(width);
    let rows = xs.chunks_exact(width).zip(grad.chunks_exact(width)).zip(dxs.chunks_exact_mut(width));
    for ((xs, grad), dxs) in rows {
        let (mean, scale) = moments(xs, eps);
        let along = sum(width, |i| grad[i] * weight[i]) / width as f32;
        let across = sum(width, |i| grad[i] * weight[i] * (xs[i] - mean) * scale) / width as f32;
        for i in 0..width {
            let normed = (xs[i] - mean) * scale;
            dxs[i] = scale * (grad[i] * weight[i] - along - normed * across);
            dweight[i] += grad[i] * normed;
            dbias[i] += grad[i];
        }
    }
    sums
}
