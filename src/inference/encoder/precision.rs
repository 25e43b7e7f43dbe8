//! What matrix products are computed in.

use candle_core::{DType, Device};

use crate::weights::Weights;
use crate::{Error, Result};

/// What the matrix products of the encoder's layers are computed in. Embeddings, residuals, norms, softmax and heads are f32 either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// f32 throughout.
    #[default]
    F32,
    /// bf16. In training factors are cast from f32 and the product back: faster where the device multiplies bf16.
    Bf16,
    /// f16, for answers: training would need its loss scaled.
    F16,
}

impl Precision {
    pub(crate) fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::Bf16 => DType::BF16,
            Self::F16 => DType::F16,
        }
    }

    /// Refuse to answer in less than f32 where that is of no use.
    ///
    /// # Errors
    /// Where `device` is the CPU and this is not f32.
    pub fn check(self, device: &Device) -> Result<()> {
        if device.is_cpu() && self != Self::F32 {
            let name = self.dtype().as_str();
            return Err(Error::Device(format!("{name}: expected a GPU, found the CPU, which computes in f32 or int8")));
        }
        Ok(())
    }

    /// Cast what the layers of the encoder multiply with, once for all batches.
    ///
    /// # Errors
    /// Where the device has no memory for it.
    pub fn cast(self, weights: &mut Weights) -> Result<()> {
        let multiplied = |name: &str| name.starts_with("encoder.layer.") && !name.contains("LayerNorm");
        match self {
            Self::F32 => Ok(()),
            _ => weights.cast(multiplied, self.dtype()),
        }
    }
}
