//! The bricks of the encoder and the heads. All hold plain tensors; a tensor that is a candle `Var` is trained.

use std::cell::{Cell, RefCell};

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::kernels::{self, Gradients, Mask};
use crate::weights::Weights;
use crate::{Precision, Result};

/// What a forward pass is for.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// Answers: dropout is off.
    Infer,
    /// Training: dropout is on.
    Train(&'a Training),
}

/// How a training pass computes: its precision, and the stream that dropout masks are drawn from. One seed, one stream, the same
/// masks on every machine; a GPU draws the masks themselves, which replay on that device alone.
#[derive(Debug)]
pub struct Training {
    masks: RefCell<ChaCha8Rng>,
    /// Whether the next mask begins the GPU's stream anew: at first, and wherever somebody may come back to.
    fresh: Cell<bool>,
    precision: Precision,
    gradients: Gradients,
}

impl Training {
    /// At the start of the stream of `seed`. Products are computed in bf16 where `precision` is that, in f32 otherwise.
    pub fn new(seed: u64, precision: Precision) -> Self {
        let precision = if precision == Precision::Bf16 { precision } else { Precision::F32 };
        let masks = RefCell::new(ChaCha8Rng::seed_from_u64(seed));
        Self { masks, fresh: Cell::new(true), precision, gradients: Gradients::new(precision.dtype()) }
    }

    /// The gradients of `loss`, which came of passes in this training: `loss.backward()` alone lacks those of layers' weights.
    ///
    /// # Errors
    /// Where the arithmetic fails.
    pub fn backward(&self, loss: &Tensor) -> Result<GradStore> {
        let mut store = loss.backward()?;
        self.gradients.give(&mut store)?;
        Ok(store)
    }

    /// Where a layer puts its weights' gradients.
    pub(super) fn gradients(&self) -> Gradients {
        self.gradients.clone()
    }

    /// How far the stream has been read.
    pub fn position(&self) -> u128 {
        self.fresh.set(true);
        self.masks.borrow().get_word_pos()
    }

    /// Go back to a [`position`](Self::position): the same layers then get the same masks again.
    pub fn rewind(&self, position: u128) {
        self.fresh.set(true);
        self.masks.borrow_mut().set_word_pos(position);
    }
}

impl Mode<'_> {
    /// Dropout of `xs` at `rate` in training; `xs` itself otherwise.
    pub(crate) fn dropout(self, xs: &Tensor, rate: f32) -> Result<Tensor> {
        match self.mask(rate) {
            Some(mask) => Ok(kernels::dropout(xs, mask)?),
            None => Ok(xs.clone()),
        }
    }

    /// A fresh mask in training, where `rate` drops anything.
    pub(crate) fn mask(self, rate: f32) -> Option<Mask> {
        match self {
            Self::Train(training) if rate > 0.0 => {
                let (seed, fresh) = (training.masks.borrow_mut().next_u64(), training.fresh.replace(false));
                Some(Mask { rate, seed, fresh })
            }
            _ => None,
        }
    }

    /// What a product with `weight` is computed in.
    fn dtype(self, weight: &Tensor) -> DType {
        match self {
            Self::Infer => weight.dtype(),
            Self::Train(training) => training.precision.dtype(),
        }
    }
}

/// `xs · weightᵀ + bias`.
#[derive(Debug, Clone)]
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// Take `{name}.weight` (outputs, inputs) and `{name}.bias` (outputs).
    pub(crate) fn load(weights: &mut Weights, name: &str, inputs: usize, outputs: usize) -> Result<Self> {
        let weight = weights.take(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = weights.take(&format!("{name}.bias"), &[outputs])?;
        Ok(Self { weight, bias })
    }

    /// (N, inputs) to (N, outputs), in the type of the weights.
    pub(crate) fn forward(&self, xs: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        Ok(kernels::linear(xs, &self.weight, &self.bias, mode.dtype(&self.weight))?)
    }

    /// The gradient of `xs`; those of weight and bias go to `gradients`.
    pub(super) fn backward(&self, xs: &Tensor, grad: &Tensor, gradients: &Gradients) -> candle_core::Result<Tensor> {
        kernels::linear::backward(xs, &self.weight, &self.bias, grad, gradients)
    }

    /// The same, but the gradient of `xs` is added to `sum`, in place.
    pub(super) fn backward_to(
        &self,
        sum: &Tensor,
        xs: &Tensor,
        grad: &Tensor,
        gradients: &Gradients,
    ) -> candle_core::Result<()> {
        kernels::linear::backward_to(sum, xs, &self.weight, &self.bias, grad, gradients)
    }

    /// The same for a pass that candle does not follow.
    pub(super) fn detached(&self) -> Self {
        Self { weight: self.weight.detach(), bias: self.bias.detach() }
    }
}

/// LayerNorm over the last dimension.
#[derive(Debug, Clone)]
pub(crate) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// Take `{name}.weight` and `{name}.bias`, both (H).
    pub(crate) fn load(weights: &mut Weights, name: &str, width: usize, eps: f64) -> Result<Self> {
        let weight = weights.take(&format!("{name}.weight"), &[width])?;
        let bias = weights.take(&format!("{name}.bias"), &[width])?;
        Ok(Self { weight, bias, eps })
    }

    /// (N, H) to (N, H).
    pub(crate) fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        Ok(kernels::layer_norm(xs, &self.weight, &self.bias, self.eps)?)
    }

    /// The gradient of `xs`; those of weight and bias go to `gradients`.
    pub(super) fn backward(&self, xs: &Tensor, grad: &Tensor, gradients: &Gradients) -> candle_core::Result<Tensor> {
        kernels::layer_norm::backward(xs, &self.weight, &self.bias, self.eps, grad, gradients)
    }

    /// The same for a pass that candle does not follow.
    pub(super) fn detached(&self) -> Self {
        Self { weight: self.weight.detach(), bias: self.bias.detach(), eps: self.eps }
    }
}
