//! `xs · weightᵀ + bias`. The backward pass gives the weight's gradient in the weight's own layout, where candle's goes through
//! a transposed view that every later step has to walk element by element.

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

use super::fast;
use super::gemm::{Left, Right, Start, multiply, product};
use super::recorded::Gradients;
use super::slices::{asked, change, floats, read};

/// `xs` (N, K), `weight` (M, K) and `bias` (M) give (N, M) in the type of weight and bias; the product is computed in `dtype`.
pub(crate) fn linear(xs: &Tensor, weight: &Tensor, bias: &Tensor, dtype: DType) -> Result<Tensor> {
    if fast(xs) && fast(weight) && matches!(dtype, DType::F32 | DType::BF16) {
        xs.contiguous()?.apply_op3(weight, bias, Linear { dtype })
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
    keep(xs, weight, bias, grad, gradients)?;
    of_inputs(xs, weight, grad, gradients.dtype())
}

/// The same, but the gradient of `xs` is added to `sum`, in place; nothing else may hold it.
pub(crate) fn backward_to(
    sum: &Tensor,
    xs: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    grad: &Tensor,
    gradients: &Gradients,
) -> Result<()> {
    keep(xs, weight, bias, grad, gradients)?;
    let (m, k) = weight.dims2()?;
    read([grad, weight], |[grad, weight]| {
        let weight = Right::of(weight, m, k, gradients.dtype());
        change(sum, |sum| multiply(Left::Rows(grad), &weight, Start::Out, sum))
    })?
}

/// Add the gradients of weight and bias to `gradients`.
fn keep(xs: &Tensor, weight: &Tensor, bias: &Tensor, grad: &Tensor, gradients: &Gradients) -> Result<()> {
    gradients.add(weight, || of_weight(xs, weight, grad, gradients.dtype()))?;
    gradients.add(bias, || sum_of_rows(grad, bias))
}

/// `grad` (N, M) times `weight` (M, K): the gradient of `xs` (N, K).
fn of_inputs(xs: &Tensor, weight: &Tensor, grad: &Tensor, dtype: DType) -> Result<Tensor> {
    let (m, k) = weight.dims2()?;
    let dxs = read([grad, weight], |[grad, weight]| product(Left::Rows(grad), &Right::of(weight, m, k, dtype), None))?;
    Tensor::from_vec(dxs, xs.shape(), xs.device())
}

/// The transpose of `grad` (N, M) times `xs` (N, K): the gradient of `weight` (M, K).
fn of_weight(xs: &Tensor, weight: &Tensor, grad: &Tensor, dtype: DType) -> Result<Tensor> {
    let (n, k) = xs.dims2()?;
    let dweight = read([grad, xs], |[grad, xs]| product(Left::Columns(grad), &Right::of(xs, n, k, dtype), None))?;
    Tensor::from_vec(dweight, weight.shape(), weight.device())
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
    product.to_dtype(weight.dtype())?.broadcast_add(bias)
}

struct Linear {
    /// What products are computed in.
    dtype: DType,
}

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
        let (xs, weight, bias) = (floats(xs, xs_layout)?, floats(weight, weight_layout)?, floats(bias, bias_layout)?);
        let ys = product(Left::Rows(xs), &Right::transposed(weight, k, m, self.dtype), Some(bias));
        Ok((CpuStorage::F32(ys), Shape::from((n, m))))
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
        let dxs = asked(xs, || of_inputs(xs, weight, grad, self.dtype))?;
        let dweight = asked(weight, || of_weight(xs, weight, grad, self.dtype))?;
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
