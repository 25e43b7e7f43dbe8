//! Tensors as slices of floats, for kernels that compute on the CPU.

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor, bail};

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

/// The gradient of `argument`, where one is asked for: candle adds up and keeps whatever a backward pass returns, be the argument
/// a constant or a frozen weight.
pub(super) fn asked(argument: &Tensor, gradient: impl FnOnce() -> Result<Tensor>) -> Result<Option<Tensor>> {
    argument.track_op().then(gradient).transpose()
}
