//! Low-rank updates (<https://arxiv.org/abs/2106.09685>): a matrix W learns as W₀ + scale · B A, B of zeros at first. The product
//! is merged into W after each step, so the model knows nothing of it: the gradient of W gives those of A and B by the chain rule.

use candle_core::{DType, Tensor, Var};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::Error;

/// One adapted matrix (M, K).
#[derive(Debug)]
pub(crate) struct Adapter {
    weight: Var,
    base: Tensor,
    /// (R, K).
    a: Var,
    /// (M, R).
    b: Var,
    scale: f64,
}

impl Adapter {
    /// Of `weight`, as it is now, at rank R; the update counts alpha / R.
    pub(crate) fn new(weight: Var, rank: usize, alpha: f64, rng: &mut ChaCha8Rng) -> Result<Self, Error> {
        let (outputs, inputs) = weight.dims2()?;
        let device = weight.device();
        // Uniform as in the authors' code: Kaiming with a = sqrt(5), which is ± 1 / sqrt(inputs).
        let bound = 1.0 / (inputs as f32).sqrt();
        let values: Vec<f32> = (0..rank * inputs).map(|_| rng.random_range(-bound..bound)).collect();
        let a = Var::from_tensor(&Tensor::from_vec(values, (rank, inputs), device)?)?;
        let b = Var::zeros((outputs, rank), DType::F32, device)?;
        Ok(Self { base: weight.copy()?.detach(), weight, a, b, scale: alpha / rank as f64 })
    }

    /// A and B, which learn in the matrix's place.
    pub(crate) fn variables(&self, name: &str) -> [(String, Var); 2] {
        [(format!("{name}.lora_a"), self.a.clone()), (format!("{name}.lora_b"), self.b.clone())]
    }

    /// The gradients of A and B from that of the matrix.
    pub(crate) fn gradients(&self, gradient: &Tensor) -> Result<[Tensor; 2], Error> {
        let a = (self.b.as_detached_tensor().t()?.matmul(gradient)? * self.scale)?;
        let b = (gradient.matmul(&self.a.as_detached_tensor().t()?)? * self.scale)?;
        Ok([a, b])
    }

    /// Write W₀ + scale · B A into the matrix.
    pub(crate) fn merge(&self) -> Result<(), Error> {
        let update = (self.b.as_detached_tensor().matmul(&self.a.as_detached_tensor())? * self.scale)?;
        Ok(self.weight.set(&(&self.base + update)?)?)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use rand::SeedableRng;

    use super::*;

    /// The gradients by the chain rule are those that candle finds for x · (W₀ + scale · B A).
    #[test]
    fn gradients_are_those_of_the_product() -> Result<(), Error> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let weight = Var::from_tensor(&Tensor::randn(0f32, 1.0, (3, 4), &Device::Cpu)?)?;
        let adapter = Adapter::new(weight.clone(), 2, 6.0, &mut rng)?;
        adapter.b.set(&Tensor::randn(0f32, 1.0, (3, 2), &Device::Cpu)?)?;
        adapter.merge()?;
        let xs = Tensor::randn(0f32, 1.0, (5, 4), &Device::Cpu)?;
        let merged = xs.matmul(&weight.t()?)?.sqr()?.sum_all()?.backward()?;
        let gradient = merged.get(&weight).ok_or_else(|| candle_core::Error::Msg("no gradient".into()))?;
        let [a, b] = adapter.gradients(gradient)?;

        let product = (adapter.b.matmul(&adapter.a)? * 3.0)?;
        let open = xs.matmul(&(&adapter.base + product)?.t()?)?.sqr()?.sum_all()?.backward()?;
        for (ours, variable) in [(a, &adapter.a), (b, &adapter.b)] {
            let theirs = open.get(variable).ok_or_else(|| candle_core::Error::Msg("no gradient".into()))?;
            let difference = (ours - theirs)?.abs()?.max_all()?.to_scalar::<f32>()?;
            assert!(difference < 1e-3, "{difference}");
        }
        Ok(())
    }
}
