//! `xs · weightᵀ + bias`. The product is candle's; the backward pass here gives the weight's gradient in the weight's own
//! layout, where candle's goes through a transposed view that every later step has to walk element by element.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};
use multiversion::multiversion;
use rayon::prelude::*;

use super::recorded::Gradients;
use super::slices::{asked, floats, read};

/// Rows a task.
const ROWS: usize = 64;

/// `xs` (N, K), `weight` (M, K) and `bias` (M) give (N, M), all f32; the product is computed in `dtype`.
pub(crate) fn linear(xs: &Tensor, weight: &Tensor, bias: &Tensor, dtype: DType) -> Result<Tensor> {
    if xs.device().is_cpu() && dtype == DType::F32 {
        xs.contiguous()?.apply_op3(weight, bias, Linear)
    } else {
        plain(xs, weight, bias, dtype)
    }
}

/// The gradient of `xs`; those of weight and bias are added to `gradients`.
pub(crate) fn backward(
    xs: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    grad: &Tensor,
    gradients: &Gradients,
) -> Result<Tensor> {
    gradients.add(weight, || grad.t()?.matmul(xs))?;
    gradients.add(bias, || sum_of_rows(grad, bias))?;
    grad.matmul(&weight.detach())
}

/// The rows of `grad` (N, M), summed, in the shape of `bias` (M).
fn sum_of_rows(grad: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let mut sum = vec![0.0; bias.elem_count()];
    read([grad], |[grad]| add_rows(&mut sum, grad))?;
    Tensor::from_vec(sum, bias.shape(), grad.device())
}

/// The same from candle's differentiable operations.
pub(super) fn plain(xs: &Tensor, weight: &Tensor, bias: &Tensor, dtype: DType) -> Result<Tensor> {
    let product = xs.to_dtype(dtype)?.matmul(&weight.to_dtype(dtype)?.t()?)?;
    product.to_dtype(DType::F32)?.broadcast_add(bias)
}

struct Linear;

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
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
        let (n, k) = xs_layout.shape().dims2()?;
        let (m, _) = weight_layout.shape().dims2()?;
        let bias = floats(bias, bias_layout)?;
        let mut ys = xs.matmul(weight, (1, n, m, k), xs_layout, &weight_layout.transpose(0, 1)?)?;
        if let CpuStorage::F32(ys) = &mut ys {
            ys.par_chunks_mut(ROWS * m).for_each(|rows| add_to_rows(rows, bias));
        }
        Ok((ys, Shape::from((n, m))))
    }

    fn bwd(
        &self,
        xs: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        // Detached: the gradient itself is not differentiated again.
        let dxs = asked(xs, || grad.matmul(&weight.detach()))?;
        let dweight = asked(weight, || grad.t()?.matmul(&xs.detach()))?;
        let dbias = asked(bias, || sum_of_rows(grad, bias))?;
        Ok((dxs, dweight, dbias))
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn add_rows(sum: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sum.len()) {
        sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn add_to_rows(rows: &mut [f32], summand: &[f32]) {
    for row in rows.chunks_exact_mut(summand.len()) {
        row.iter_mut().zip(summand).for_each(|(x, summand)| *x += summand);
    }
}
