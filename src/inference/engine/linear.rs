//! A matrix with a bias, laid out for multiplication.

use crate::kernels::gemm::{Left, Right, Start, multiply};
use crate::kernels::int8::{self, Activations, Instructions};
use crate::weights::Weights;
use crate::{Precision, Result};

#[derive(Debug)]
pub(super) enum Linear {
    Float { weight: Right, bias: Vec<f32> },
    Int8(int8::Linear),
}

/// Rows on their way into matrices: as they are, and quantised where a matrix wants them so.
#[derive(Debug, Default)]
pub(super) struct Rows {
    quantized: Activations,
}

impl Linear {
    /// Take `{name}.weight` (outputs, inputs) and `{name}.bias` (outputs).
    pub(super) fn load(
        weights: &mut Weights,
        name: &str,
        inputs: usize,
        outputs: usize,
        precision: Precision,
    ) -> Result<Self> {
        let bias = weights.take(&format!("{name}.bias"), &[outputs])?.to_vec1()?;
        let name = format!("{name}.weight");
        match precision {
            Precision::Int8 => {
                let rows = weights.take_int8(&name, &[outputs, inputs])?;
                let instructions = Instructions::best();
                Ok(Self::Int8(int8::Linear::new(rows.values(), rows.scales(), &bias, inputs, instructions)))
            }
            _ => {
                let weight = weights.take(&name, &[outputs, inputs])?.flatten_all()?.to_vec1::<f32>()?;
                Ok(Self::Float { weight: Right::transposed(&weight, inputs, outputs, precision.dtype()), bias })
            }
        }
    }
}

impl Rows {
    /// Get `xs` (N, width) ready for `linears`, all of the same kind.
    pub(super) fn prepare(&mut self, linear: &Linear, xs: &[f32], width: usize) {
        if let Linear::Int8(_) = linear {
            self.quantized.quantize(xs, width);
        }
    }

    /// `linear` of `xs`, which was prepared, to `out` (N, outputs).
    pub(super) fn multiply(&self, linear: &Linear, xs: &[f32], out: &mut [f32]) {
        match linear {
            Linear::Float { weight, bias } => multiply(Left::Rows(xs), weight, Start::Bias(bias), out),
            Linear::Int8(linear) => linear.forward(&self.quantized, out),
        }
    }
}
