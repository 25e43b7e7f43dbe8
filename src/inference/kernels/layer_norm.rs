//! LayerNorm over the last dimension (<https://arxiv.org/abs/1607.06450>). candle's own fused form has no backward pass.

use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use pulp::{Simd, WithSimd};

use super::fast;
use super::lanes::{change, sum};
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

/// Mean and 1 / sqrt(variance + eps).
#[inline(always)]
fn moments<S: Simd>(simd: S, xs: &[f32], eps: f32) -> [S::f32s; 2] {
    let width = xs.len() as f32;
    let mean = simd.splat_f32s(sum!(S, simd, x in xs => x) / width);
    let squares = sum!(S, simd, x in xs => {
        let x = simd.sub_f32s(x, mean);
        simd.mul_f32s(x, x)
    });
    [mean, simd.splat_f32s(1.0 / (squares / width + eps).sqrt())]
}

/// Rows of `xs` (…, H), plus `skipped` where there is one, become their LayerNorm.
struct Rows<'a> {
    xs: &'a mut [f32],
    skipped: Option<&'a [f32]>,
    weight: &'a [f32],
    bias: &'a [f32],
    eps: f32,
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { xs, skipped, weight, bias, eps } = self;
        let width = weight.len();
        for (row, xs) in xs.chunks_exact_mut(width).enumerate() {
            if let Some(skipped) = skipped {
                let skipped = &skipped[row * width..][..width];
                change!(S, simd, x in xs, skipped in skipped => simd.add_f32s(x, skipped));
            }
            let [mean, scale] = moments(simd, xs, eps);
            change!(S, simd, x in xs, weight in weight, bias in bias => {
                let normed = simd.mul_f32s(simd.sub_f32s(x, mean), scale);
                simd.mul_add_e_f32s(normed, weight, bias)
            });
        }
    }
}

/// `xs` (…, H) becomes the LayerNorm of `xs + skipped`, in place.
pub(crate) fn of_sum(xs: &mut [f32], skipped: &[f32], weight: &[f32], bias: &[f32], eps: f32) {
    pulp::Arch::new().dispatch(Rows { xs, skipped: Some(skipped), weight, bias, eps });
}

fn forward(xs: &[f32], weight: &[f32], bias: &[f32], eps: f32) -> Vec<f32> {
    let mut ys = xs.to_vec();
    pulp::Arch::new().dispatch(Rows { xs: &mut ys, skipped: None, weight, bias, eps });
    ys
}

/// Gradients of rows, weight and bias.
fn gradients(xs: &[f32], weight: &[f32], grad: &[f32], eps: f32) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let mut backward = Backward {
        xs,
        weight,
        eps,
        dxs: grad.to_vec(),
        dweight: vec![0.0; weight.len()],
        dbias: vec![0.0; weight.len()],
    };
    pulp::Arch::new().dispatch(&mut backward);
    (backward.dxs, backward.dweight, backward.dbias)
}

struct Backward<'a> {
    xs: &'a [f32],
    weight: &'a [f32],
    eps: f32,
    /// At first the gradient of the results.
    dxs: Vec<f32>,
    dweight: Vec<f32>,
    dbias: Vec<f32>,
}

impl WithSimd for &mut Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Backward { xs, weight, eps, dxs, dweight, dbias } = self;
        let (weight, width) = (*weight, weight.len());
        let mut own = vec![0.0; width];
        for (xs, dxs) in xs.chunks_exact(width).zip(dxs.chunks_exact_mut(width)) {
            own.copy_from_slice(xs);
            let [mean, scale] = moments(simd, xs, *eps);
            change!(S, simd, x in &mut own => simd.mul_f32s(simd.sub_f32s(x, mean), scale));
            change!(S, simd, sum in dweight, grad in dxs, normed in &own => simd.mul_add_e_f32s(grad, normed, sum));
            change!(S, simd, sum in dbias, grad in dxs => simd.add_f32s(sum, grad));
            change!(S, simd, grad in dxs, weight in weight => simd.mul_f32s(grad, weight));
            let along = sum!(S, simd, grad in dxs => grad);
            let across = sum!(S, simd, grad in dxs, normed in &own => simd.mul_f32s(grad, normed));
            let [along, across] = [along, across].map(|x| simd.splat_f32s(x / width as f32));
            change!(S, simd, grad in dxs, normed in &own => {
                let rest = simd.sub_f32s(simd.sub_f32s(grad, along), simd.mul_f32s(normed, across));
                simd.mul_f32s(scale, rest)
            });
        }
    }
}
