//! The bricks of the encoder and the heads. All hold plain tensors; a tensor that is a candle `Var` is trained.

use std::cell::RefCell;

use candle_core::Tensor;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::weights::Weights;
use crate::{Result, kernels};

/// What a forward pass is for.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// Answers: dropout is off.
    Infer,
    /// Training: dropout is on, its masks drawn from the given stream.
    Train(&'a DropoutStream),
}

/// Where the masks of a training run come from: one seed, one stream, the same masks on every machine.
#[derive(Debug)]
pub struct DropoutStream(RefCell<ChaCha8Rng>);

impl DropoutStream {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(RefCell::new(ChaCha8Rng::seed_from_u64(seed)))
    }
}

impl Mode<'_> {
    /// Dropout of `xs` at `rate` in training; `xs` itself otherwise.
    pub(crate) fn dropout(self, xs: &Tensor, rate: f32) -> Result<Tensor> {
        match self.seed(rate) {
            Some(seed) => Ok(kernels::dropout(xs, rate, seed)?),
            None => Ok(xs.clone()),
        }
    }

    /// A fresh seed in training, where `rate` drops anything.
    pub(crate) fn seed(self, rate: f32) -> Option<u64> {
        match self {
            Self::Train(stream) if rate > 0.0 => Some(stream.0.borrow_mut().next_u64()),
            _ => None,
        }
    }
}

/// `xs · weightᵀ + bias`.
#[derive(Debug)]
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

    /// (N, inputs) to (N, outputs).
    pub(crate) fn forward(&self, xs: &Tensor) -> Result<Tensor> {
        Ok(kernels::linear(xs, &self.weight, &self.bias)?)
    }
}

/// LayerNorm over the last dimension.
#[derive(Debug)]
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
}
