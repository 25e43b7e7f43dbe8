//! One matrix product alone: what the engine would reach if nothing else took time.

use candle_core::{Device, Tensor};

use super::linear::{Linear, Rows};
use crate::weights::Weights;
use crate::{Precision, Result};

/// Rows of a block, as the layers cut them.
const ROWS: usize = 64;
/// Inputs and outputs.
const SIDE: usize = 384;

/// A matrix (384, 384) and 64 rows to multiply with it, all of which stay in a core's cache.
#[derive(Debug)]
pub struct Product {
    linear: Linear,
    rows: Rows,
    xs: Vec<f32>,
    out: Vec<f32>,
}

impl Product {
    /// Of random numbers, in `precision`.
    ///
    /// # Errors
    /// Where a CPU does not compute in it.
    pub fn new(precision: Precision) -> Result<Self> {
        precision.check(&Device::Cpu)?;
        let mut weights = Weights::empty();
        weights.insert("product.weight", Tensor::rand(-1f32, 1.0, (SIDE, SIDE), &Device::Cpu)?);
        weights.insert("product.bias", Tensor::zeros(SIDE, candle_core::DType::F32, &Device::Cpu)?);
        let linear = Linear::load(&mut weights, "product", SIDE, SIDE, precision)?;
        let xs = Tensor::rand(-1f32, 1.0, ROWS * SIDE, &Device::Cpu)?.to_vec1()?;
        let mut rows = Rows::default();
        rows.prepare(&linear, &xs, SIDE);
        Ok(Self { linear, rows, xs, out: vec![0.0; ROWS * SIDE] })
    }

    /// Once, on this thread.
    pub fn multiply(&mut self) {
        self.rows.multiply(&self.linear, &self.xs, &mut self.out);
    }

    /// What that takes: a product and its sum count as two.
    pub fn operations(&self) -> f64 {
        2.0 * (ROWS * SIDE * SIDE) as f64
    }
}
