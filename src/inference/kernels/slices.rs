//! Tensors as slices of floats, for kernels that compute on the CPU.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Storage, Tensor, bail};

/// The floats of a contiguous tensor's storage.
pub(super) fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        (CpuStorage::F32(_), None) => bail!("kernel: expected a contiguous tensor, found {layout:?}"),
        _ => bail!("kernel: expected f32"),
    }
}

/// Run `compute` on the values of `tensors`, all f32 on the CPU; those that are not contiguous are copied.
pub(super) fn read<R, const N: usize>(tensors: [&Tensor; N], compute: impl FnOnce([&[f32]; N]) -> R) -> Result<R> {
    let mut contiguous = Vec::with_capacity(N);
    for tensor in tensors {
        contiguous.push(tensor.contiguous()?);
    }
    let guards: Vec<_> = contiguous.iter().map(Tensor::storage_and_layout).collect();
    let mut slices: [&[f32]; N] = [&[]; N];
    for (slice, (storage, layout)) in slices.iter_mut().zip(&guards) {
        let Storage::Cpu(storage) = &**storage else { bail!("kernel: expected a tensor on the CPU") };
        *slice = floats(storage, layout)?;
    }
    Ok(compute(slices))
}

/// Run `compute` on the values of `tensor`, contiguous f32 on the CPU, in place; nothing else may hold them.
pub(super) fn change(tensor: &Tensor, compute: impl Fn(&mut [f32])) -> Result<()> {
    tensor.inplace_op1(&Change(compute))
}

struct Change<F>(F);

impl<F: Fn(&mut [f32])> InplaceOp1 for Change<F> {
    fn name(&self) -> &'static str {
        "change"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        match (storage, layout.contiguous_offsets()) {
            (CpuStorage::F32(values), Some((start, end))) => (self.0)(&mut values[start..end]),
            _ => bail!("kernel: expected a contiguous tensor of f32"),
        }
        Ok(())
    }
}

/// The gradient of `argument`, where one is asked for: candle adds up and keeps whatever a backward pass returns, be the argument
/// a constant or a frozen weight.
pub(super) fn asked(argument: &Tensor, gradient: impl FnOnce() -> Result<Tensor>) -> Result<Option<Tensor>> {
    argument.track_op().then(gradient).transpose()
}
