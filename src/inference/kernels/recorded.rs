//! Several operations as one node of candle's graph, with a backward pass of their own.
//!
//! For each gradient that passes through its store candle clears as many zeros, adds, and allocates the sum. For what lies within
//! an encoder layer, and for its weights, that is several times the size of the model a pass.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::backend::BackendStorage;
use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, CudaStorage, CustomOp1, DType, Layout, Result, Shape, Storage, Tensor, TensorId, bail};

/// Gradients of variables that go past candle's store.
#[derive(Debug, Clone)]
pub(crate) struct Gradients {
    list: Arc<Mutex<Vec<(TensorId, Tensor)>>>,
    dtype: DType,
}

impl Gradients {
    /// None yet; `dtype` is what products are computed in.
    pub(crate) fn new(dtype: DType) -> Self {
        Self { list: Arc::default(), dtype }
    }

    /// What products are computed in.
    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Add the gradient of `variable`, where it is one.
    pub(crate) fn add(&self, variable: &Tensor, gradient: impl FnOnce() -> Result<Tensor>) -> Result<()> {
        if variable.is_variable() {
            let gradient = gradient()?;
            // What a panic leaves behind is whole: a list is pushed to or taken.
            self.list.lock().unwrap_or_else(PoisonError::into_inner).push((variable.id(), gradient));
        }
        Ok(())
    }

    /// Move all of them to `store`.
    pub(crate) fn give(&self, store: &mut GradStore) -> Result<()> {
        for (id, gradient) in std::mem::take(&mut *self.list.lock().unwrap_or_else(PoisonError::into_inner)) {
            let sum = match store.get_id(id) {
                Some(other) => (other + gradient)?,
                None => gradient,
            };
            store.insert_id(id, sum);
        }
        Ok(())
    }
}

/// `output`, computed from `xs` without a graph, as a node of one: `backward` makes the gradient of `xs` from that of the output.
/// All f32; `output` must have been computed, not be a view.
pub(crate) fn recorded(
    xs: &Tensor,
    output: Tensor,
    backward: impl Fn(&Tensor) -> Result<Tensor> + Send + Sync + 'static,
) -> Result<Tensor> {
    xs.apply_op1(Recorded { output, backward })
}

struct Recorded<F> {
    output: Tensor,
    backward: F,
}

impl<F: Fn(&Tensor) -> Result<Tensor> + Send + Sync> CustomOp1 for Recorded<F> {
    fn name(&self) -> &'static str {
        "recorded"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(self.output.flatten_all()?.to_vec1()?), self.output.shape().clone()))
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> Result<(CudaStorage, Shape)> {
        let (storage, layout) = self.output.storage_and_layout();
        let whole = layout.contiguous_offsets().is_some_and(|(start, _)| start == 0);
        match &*storage {
            Storage::Cuda(storage) if whole => Ok((storage.try_clone(layout)?, self.output.shape().clone())),
            _ => bail!("recorded: expected a contiguous tensor on the GPU"),
        }
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some((self.backward)(grad)?))
    }
}
