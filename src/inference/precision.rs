//! What matrix products are computed in.

use std::fmt;

use candle_core::{DType, Device};

use crate::weights::Weights;
use crate::{Error, Result};

/// What the matrix products of the encoder's layers are computed in, and in training those of the heads. On a CPU all else is f32: embeddings,
/// attention, residuals, norms and GELU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// f32 throughout.
    #[default]
    F32,
    /// Factors rounded to bf16: faster than f32 on a processor with AVX-512 BF16 and on GPUs, slower on other CPUs. Sums and results are f32 on
    /// a CPU; weights stay f32 in training.
    Bf16,
    /// f16, for answers on a GPU: training would need its loss scaled.
    F16,
    /// 8-bit integers, for answers on a CPU: weights by output channel, activations by token.
    Int8,
}

impl Precision {
    /// What `weights` answer in where nobody says: int8 where matrices are stored as integers and on the CPU, f32 otherwise.
    pub fn stored(weights: &Weights) -> Self {
        if weights.stores_integers() && weights.device().is_cpu() { Self::Int8 } else { Self::F32 }
    }

    /// The type of factors that candle multiplies, which knows no int8.
    pub fn dtype(self) -> DType {
        match self {
            Self::F32 | Self::Int8 => DType::F32,
            Self::Bf16 => DType::BF16,
            Self::F16 => DType::F16,
        }
    }

    /// Refuse to answer in what `device` does not compute in.
    ///
    /// # Errors
    /// For f16 on a CPU and int8 on a GPU.
    pub fn check(self, device: &Device) -> Result<()> {
        let (expected, found, others) = match (self, device.is_cpu()) {
            (Self::F16, true) => ("a GPU", "the CPU", "f32, bf16 or int8"),
            (Self::Int8, false) => ("the CPU", "a GPU", "f32, bf16 or f16"),
            _ => return Ok(()),
        };
        Err(Error::Device(format!("{self}: expected {expected}, found {found}, which computes in {others}")))
    }

    /// Cast what the layers of the encoder multiply with, once for all batches, where candle multiplies.
    ///
    /// # Errors
    /// Where the device has no memory for it.
    pub fn cast(self, weights: &mut Weights) -> Result<()> {
        let multiplied = |name: &str| name.starts_with("encoder.layer.") && !name.contains("LayerNorm");
        match self.dtype() {
            DType::F32 => Ok(()),
            dtype => weights.cast(multiplied, dtype),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        })
    }
}
