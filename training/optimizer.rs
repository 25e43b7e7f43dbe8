//! AdamW (<https://arxiv.org/abs/1711.05101>) with parameter groups, in place on the CPU.

use std::cell::RefCell;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, DType, InplaceOp2, Layout, Tensor, Var, bail};
use multiversion::multiversion;
use rayon::prelude::*;

use crate::Error;
use crate::config::OptimizerConfig;

/// Elements a task.
const CHUNK: usize = 64 * 1024;

/// One trained tensor with its moments.
struct Parameter {
    name: String,
    variable: Var,
    decay: f64,
    rate: f64,
    moments: Moments,
}

enum Moments {
    /// Flat, on the CPU.
    Slices { first: Vec<f32>, second: Vec<f32> },
    /// On the variable's device.
    Tensors { first: Tensor, second: Tensor },
}

/// The optimiser and the parameters that it moves, in order of name.
pub(crate) struct AdamW {
    parameters: Vec<Parameter>,
    betas: [f64; 2],
    eps: f64,
    clip: f64,
    step: i32,
}

impl AdamW {
    /// `variables` in order of name.
    pub(crate) fn new(variables: Vec<(String, Var)>, config: &OptimizerConfig) -> Result<Self, Error> {
        let mut parameters = Vec::with_capacity(variables.len());
        for (name, variable) in variables {
            let undecayed = name.ends_with("bias") || name.contains("LayerNorm");
            let head = name.starts_with("stance_head.") || name.starts_with("sentiment_head.");
            let moments = if variable.device().is_cpu() {
                let zeros = vec![0.0; variable.elem_count()];
                Moments::Slices { first: zeros.clone(), second: zeros }
            } else {
                Moments::Tensors { first: variable.zeros_like()?, second: variable.zeros_like()? }
            };
            parameters.push(Parameter {
                decay: if undecayed { 0.0 } else { config.weight_decay },
                rate: if head { config.head_rate.unwrap_or(config.rate) } else { config.rate },
                name,
                variable,
                moments,
            });
        }
        Ok(Self { parameters, betas: config.betas, eps: config.eps, clip: config.clip, step: 0 })
    }

    /// Names of the parameters that `gradients` lacks or that are not finite there.
    pub(crate) fn without_gradient(&self, gradients: &GradStore) -> Result<Vec<&str>, Error> {
        let mut names = Vec::new();
        for parameter in &self.parameters {
            let finite = match gradients.get(&parameter.variable) {
                Some(gradient) => square(gradient)?.is_finite(),
                None => false,
            };
            if !finite {
                names.push(parameter.name.as_str());
            }
        }
        Ok(names)
    }

    /// Move every parameter that has a gradient, at `factor` times its rate. Returns the gradient's global norm before clipping.
    pub(crate) fn step(&mut self, gradients: &GradStore, factor: f64) -> Result<f64, Error> {
        let mut squares = 0.0;
        for parameter in &self.parameters {
            if let Some(gradient) = gradients.get(&parameter.variable) {
                squares += square(gradient)?;
            }
        }
        let norm = squares.sqrt();
        if !norm.is_finite() {
            return Err(Error::Diverged { step: self.step as usize });
        }
        self.step += 1;
        let [first, second] = self.betas;
        let corrections = [1.0 - first.powi(self.step), 1.0 - second.powi(self.step)];
        for parameter in &mut self.parameters {
            let Some(gradient) = gradients.get(&parameter.variable) else { continue };
            let update = Update {
                scale: (self.clip / norm.max(self.clip)) as f32,
                betas: self.betas.map(|beta| beta as f32),
                rate: (factor * parameter.rate / corrections[0]) as f32,
                root: (1.0 / corrections[1].sqrt()) as f32,
                eps: self.eps as f32,
                shrink: (1.0 - factor * parameter.rate * parameter.decay) as f32,
            };
            match &mut parameter.moments {
                Moments::Slices { first, second } => {
                    let fused = Fused { update, moments: RefCell::new((first, second)) };
                    parameter.variable.inplace_op2(&gradient.contiguous()?, &fused)?;
                }
                Moments::Tensors { first, second } => {
                    let value = update.composed(parameter.variable.as_tensor(), &gradient.detach(), first, second)?;
                    parameter.variable.set(&value)?;
                }
            }
        }
        Ok(norm)
    }
}

/// Sum of squares.
fn square(gradient: &Tensor) -> Result<f64, Error> {
    Ok(f64::from(gradient.detach().sqr()?.sum_all()?.to_dtype(DType::F32)?.to_scalar::<f32>()?))
}

/// The numbers of one step, bias corrections folded in.
#[derive(Clone, Copy)]
struct Update {
    scale: f32,
    betas: [f32; 2],
    rate: f32,
    root: f32,
    eps: f32,
    shrink: f32,
}

impl Update {
    /// From candle's operations, on any device.
    fn composed(
        &self,
        value: &Tensor,
        gradient: &Tensor,
        first: &mut Tensor,
        second: &mut Tensor,
    ) -> Result<Tensor, Error> {
        let [a, b] = self.betas.map(f64::from);
        let gradient = (gradient * f64::from(self.scale))?;
        *first = ((&*first * a)? + (&gradient * (1.0 - a))?)?;
        *second = ((&*second * b)? + (gradient.sqr()? * (1.0 - b))?)?;
        let root = ((second.sqrt()? * f64::from(self.root))? + f64::from(self.eps))?;
        let moved = ((&*first / root)? * f64::from(self.rate))?;
        Ok(((value.detach() * f64::from(self.shrink))? - moved)?)
    }
}

/// One pass over value, gradient and moments, nothing allocated: candle's own AdamW makes about ten temporaries of full size.
struct Fused<'a> {
    update: Update,
    moments: RefCell<(&'a mut Vec<f32>, &'a mut Vec<f32>)>,
}

impl InplaceOp2 for Fused<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(
        &self,
        values: &mut CpuStorage,
        layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> candle_core::Result<()> {
        let (CpuStorage::F32(values), CpuStorage::F32(gradient)) = (values, gradient) else {
            bail!("adamw: expected f32")
        };
        let (Some((start, end)), Some((from, to))) =
            (layout.contiguous_offsets(), gradient_layout.contiguous_offsets())
        else {
            bail!("adamw: expected contiguous tensors")
        };
        let mut moments = self.moments.borrow_mut();
        let (first, second) = &mut *moments;
        let tasks = values[start..end].par_chunks_mut(CHUNK).zip(gradient[from..to].par_chunks(CHUNK));
        let tasks = tasks.zip(first.par_chunks_mut(CHUNK)).zip(second.par_chunks_mut(CHUNK));
        let update = self.update;
        tasks.for_each(|(((values, gradient), first), second)| fused(update, values, gradient, first, second));
        Ok(())
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn fused(update: Update, values: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
    let Update { scale, betas: [a, b], rate, root, eps, shrink } = update;
    for (((value, &g), m), v) in values.iter_mut().zip(gradient).zip(first).zip(second) {
        let g = g * scale;
        *m = a * *m + (1.0 - a) * g;
        *v = b * *v + (1.0 - b) * g * g;
        *value = *value * shrink - rate * *m / (v.sqrt() * root + eps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn config() -> OptimizerConfig {
        OptimizerConfig {
            rate: 0.1,
            head_rate: Some(0.2),
            warmup: 0.0,
            weight_decay: 0.5,
            betas: [0.9, 0.98],
            eps: 1e-6,
            clip: 1.0,
            freeze_embeddings: true,
        }
    }

    /// Expected values: `torch.optim.AdamW([x], lr=0.1, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.5)`, three steps of
    /// `(x * c).sum()` with x = [1, -2, 3] and c = [0.5, -0.25, 0.125] (norm 0.573: not clipped), torch 2.15.
    #[test]
    fn fused_composed_and_torch_agree() -> Result<(), Error> {
        let coefficients = Tensor::new(&[0.5_f32, -0.25, 0.125], &Device::Cpu)?;
        let variable = || Var::from_tensor(&Tensor::new(&[1.0_f32, -2.0, 3.0], &Device::Cpu)?);
        let (fused, composed) = (variable()?, variable()?);
        let mut optimizers = Vec::new();
        for (variable, tensors) in [(&fused, false), (&composed, true)] {
            let mut optimizer = AdamW::new(vec![("encoder.weight".into(), variable.clone())], &config())?;
            if tensors {
                let zeros = variable.zeros_like()?;
                optimizer.parameters[0].moments = Moments::Tensors { first: zeros.clone(), second: zeros };
            }
            optimizers.push((optimizer, variable));
        }
        for (optimizer, variable) in &mut optimizers {
            for _ in 0..3 {
                let gradients = (variable.as_tensor() * &coefficients)?.sum_all()?.backward()?;
                optimizer.step(&gradients, 1.0)?;
            }
            let values = variable.to_vec1::<f32>()?;
            for (value, expected) in values.iter().zip([0.572_125_8_f32, -1.429_501, 2.286_878]) {
                assert!((value - expected).abs() < 1e-5, "{values:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn the_global_norm_is_clipped_and_biases_do_not_decay() -> Result<(), Error> {
        let bias = Var::from_tensor(&Tensor::new(&[1.0_f32], &Device::Cpu)?)?;
        let mut optimizer = AdamW::new(vec![("stance_head.out.bias".into(), bias.clone())], &config())?;
        assert_eq!(optimizer.parameters[0].decay, 0.0);
        assert_eq!(optimizer.parameters[0].rate, 0.2);
        let gradients = (bias.as_tensor() * 300.0)?.sum_all()?.backward()?;
        let norm = optimizer.step(&gradients, 1.0)?;
        assert!((norm - 300.0).abs() < 1e-3);
        let Moments::Slices { first, .. } = &optimizer.parameters[0].moments else { return Ok(()) };
        assert!((first[0] - 0.1).abs() < 1e-6, "the moment holds the clipped gradient");
        Ok(())
    }
}
