//! What a block adds to what it has read: dropout and sum in one pass over memory.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use multiversion::multiversion;

use super::dropout::{self, Mask};
use super::fast;
use super::slices::{asked, floats};

/// `xs` after dropout, where there is a mask, plus `skipped` of the same shape, in the type of `skipped`.
pub(crate) fn residual(xs: &Tensor, skipped: &Tensor, mask: Option<Mask>) -> Result<Tensor> {
    if fast(xs) && xs.shape() == skipped.shape() {
        xs.contiguous()?.apply_op2(&skipped.contiguous()?, Residual { mask })
    } else {
        plain(xs, skipped, mask)
    }
}

/// The same from candle's differentiable operations.
pub(super) fn plain(xs: &Tensor, skipped: &Tensor, mask: Option<Mask>) -> Result<Tensor> {
    let xs = xs.to_dtype(skipped.dtype())?;
    match mask {
        Some(mask) => dropout::plain(&xs, mask)? + skipped,
        None => xs + skipped,
    }
}

struct Residual {
    mask: Option<Mask>,
}

impl CustomOp2 for Residual {
    fn name(&self) -> &'static str {
        "residual"
    }

    fn cpu_fwd(
        &self,
        xs: &CpuStorage,
        xs_layout: &Layout,
        skipped: &CpuStorage,
        skipped_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (xs, skipped) = (floats(xs, xs_layout)?, floats(skipped, skipped_layout)?);
        Ok((CpuStorage::F32(forward(self.mask, xs, skipped)), xs_layout.shape().clone()))
    }

    fn bwd(
        &self,
        xs: &Tensor,
        skipped: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dxs = asked(xs, || match self.mask {
            Some(mask) => mask.gradient(grad),
            None => Ok(grad.clone()),
        })?;
        Ok((dxs, asked(skipped, || Ok(grad.clone()))?))
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn forward(mask: Option<Mask>, xs: &[f32], skipped: &[f32]) -> Vec<f32> {
    let mut sums = xs.to_vec();
    let elements = sums.iter_mut().zip(skipped);
    match mask {
        Some(mask) => {
            elements.enumerate().for_each(|(index, (x, skipped))| *x = *x * mask.factor(index as u32) + skipped);
        }
        None => elements.for_each(|(x, skipped)| *x += skipped),
    }
    sums
}
