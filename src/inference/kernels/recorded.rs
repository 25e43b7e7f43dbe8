//! Several operations as one node of candle's graph, with a backward pass of their own.
//!
//! For each gradient that passes through its store candle clears as many zeros, adds, and allocates the sum. For what lies within
//! an encoder layer, and for its weights, that is several times the size of the model a pass.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, CustomOp1, InplaceOp2, Layout, Result, Shape, Tensor, TensorId, bail};

use super::slices::floats;

/// Gradients of variables that go past candle's store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gradients(Arc<Mutex<Vec<(TensorId, Tensor)>>>);

impl Gradients {
    /// Add the gradient of `variable`, where it is one.
    pub(crate) fn add(&self, variable: &Tensor, gradient: impl FnOnce() -> Result<Tensor>) -> Result<()> {
        if variable.is_variable() {
            let gradient = gradient()?;
            // What a panic leaves behind is whole: a list is pushed to or taken.
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push((variable.id(), gradient));
        }
        Ok(())
    }

    /// Move all of them to `store`.
    pub(crate) fn give(&self, store: &mut GradStore) -> Result<()> {
        for (id, gradient) in std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
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
/// All on the CPU.
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

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some((self.backward)(grad)?))
    }
}

/// `sum += part`, in place; nothing else may hold `sum`.
pub(crate) fn add_to(sum: &Tensor, part: &Tensor) -> Result<()> {
    sum.inplace_op2(&part.contiguous()?, &Add)
}

struct Add;

impl InplaceOp2 for Add {
    fn name(&self) -> &'static str {
        "add-to"
    }

    fn cpu_fwd(&self, sum: &mut CpuStorage, layout: &Layout, part: &CpuStorage, part_layout: &Layout) -> Result<()> {
        let part = floats(part, part_layout)?;
        let (CpuStorage::F32(sum), Some((start, end))) = (sum, layout.contiguous_offsets()) else {
            bail!("add to: expected a contiguous tensor of f32")
        };
        sum[start..end].iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        Ok(())
    }
}
