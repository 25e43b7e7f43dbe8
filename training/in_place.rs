//! Tensors on the CPU changed where they are: a step over millions of numbers must not allocate them anew.

use std::cell::Cell;

use candle_core::{CpuStorage, InplaceOp2, Layout, Tensor, bail};

use crate::Error;

/// Elements a task of a pass over a tensor. What is summed over tasks is summed in their order, so it does not depend on the threads.
pub(crate) const CHUNK: usize = 64 * 1024;

/// Whether tensors like `tensor` can be changed in place: on the CPU. With the feature `plain` never, so that all goes the way of a GPU.
pub(crate) fn serves(tensor: &Tensor) -> bool {
    tensor.device().is_cpu() && !cfg!(feature = "plain")
}

/// Let `change` change the values of `target` by those of `other`, both contiguous, f32, of one size and on the CPU.
pub(crate) fn change(target: &Tensor, other: &Tensor, change: impl FnOnce(&mut [f32], &[f32])) -> Result<(), Error> {
    Ok(target.inplace_op2(&other.contiguous()?, &InPlace(Cell::new(Some(change))))?)
}

/// Run once, by candle.
struct InPlace<F>(Cell<Option<F>>);

impl<F: FnOnce(&mut [f32], &[f32])> InplaceOp2 for InPlace<F> {
    fn name(&self) -> &'static str {
        "in-place"
    }

    fn cpu_fwd(
        &self,
        target: &mut CpuStorage,
        layout: &Layout,
        other: &CpuStorage,
        other_layout: &Layout,
    ) -> candle_core::Result<()> {
        let (CpuStorage::F32(target), CpuStorage::F32(other)) = (target, other) else {
            bail!("in place: expected f32")
        };
        let (Some((start, end)), Some((from, to))) = (layout.contiguous_offsets(), other_layout.contiguous_offsets())
        else {
            bail!("in place: expected contiguous tensors")
        };
        let (target, other) = (&mut target[start..end], &other[from..to]);
        if let (Some(change), true) = (self.0.take(), target.len() == other.len()) {
            change(target, other);
            return Ok(());
        }
        bail!("in place: expected {} elements, found {}", target.len(), other.len())
    }
}
