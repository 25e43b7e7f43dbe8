//! `xs · weightᵀ + bias`. The product is candle's; the backward pass here gives the weight's gradient in the weight's own
//! layout, where candle's goes through a transposed view that every later step has to walk element by element.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::slices::{floats, read};

/// `xs` (N, K), `weight` (M, K) and `bias` (M) give (N, M).
pub(crate) fn linear(xs: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if xs.device().is_cpu() { xs.contiguous()?.apply_op3(weight, bias, Linear) } else { plain(xs, weight, bias) }
}

/// The same from candle's differentiable operations.
pub(super) fn plain(xs: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    xs.matmul(&weight.t()?)?.broadcast_add(bias)
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
            ys.par_chunks_mut(64 * m).for_each(|rows| {
                for row in rows.chunks_exact_mut(m) {
                    row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
                }
            });
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
        let (xs, weight) = (xs.detach(), weight.detach());
        let dxs = grad.matmul(&weight)?;
        let dweight = grad.t()?.matmul(&xs)?;
        let width = bias.elem_count();
        let dbias = read([grad], |[grad]| {
            let mut sum = vec![0.0; width];
            for row in grad.chunks_exact(width) {
                sum.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
            }
            sum
        })?;
        Ok((Some(dxs), Some(dweight), Some(Tensor::from_vec(dbias, width, grad.device())?)))
    }
}
