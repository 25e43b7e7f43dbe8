//! What one step of Adam does to one tensor.

use candle_core::{Device, Tensor, Var};
use multiversion::multiversion;
use rayon::prelude::*;

use crate::Error;
use crate::in_place::{self, CHUNK};

/// Running means of a tensor's gradient and of its square.
#[derive(Debug)]
pub(crate) enum Moments {
    /// Flat, on the CPU.
    Slices { first: Vec<f32>, second: Vec<f32> },
    /// On the variable's device.
    Tensors { first: Tensor, second: Tensor },
}

impl Moments {
    pub(super) fn zeros(variable: &Var) -> Result<Self, Error> {
        if in_place::serves(variable) {
            let zeros = vec![0.0; variable.elem_count()];
            return Ok(Self::Slices { first: zeros.clone(), second: zeros });
        }
        Ok(Self::Tensors { first: variable.zeros_like()?, second: variable.zeros_like()? })
    }

    pub(super) fn of([first, second]: [Tensor; 2]) -> Result<Self, Error> {
        if in_place::serves(&first) {
            let [first, second] = [first.flatten_all()?.to_vec1()?, second.flatten_all()?.to_vec1()?];
            return Ok(Self::Slices { first, second });
        }
        Ok(Self::Tensors { first, second })
    }

    /// Both, in the shape of `variable`.
    pub(super) fn tensors(&self, variable: &Var) -> Result<[Tensor; 2], Error> {
        let tensor = |values: &Vec<f32>| Tensor::from_slice(values, variable.shape(), &Device::Cpu);
        Ok(match self {
            Self::Slices { first, second } => [tensor(first)?, tensor(second)?],
            Self::Tensors { first, second } => [first.clone(), second.clone()],
        })
    }
}

/// What is the same in all steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// Decay rates of the two moments.
    pub(super) betas: [f64; 2],
    /// Added to the root of the second moment.
    pub(super) eps: f64,
}

impl Rule {
    /// The step that is counted as `step`, from 1, at `factor` times the rate, the gradient scaled by `scale`.
    pub(super) fn update(self, step: u32, lr: f64, decay: f64, [factor, scale]: [f64; 2]) -> Update {
        let corrections = self.betas.map(|beta| 1.0 - beta.powi(step as i32));
        let lr = lr * factor;
        Update {
            scale: scale as f32,
            betas: self.betas.map(|beta| beta as f32),
            lr: (lr / corrections[0]) as f32,
            root: (1.0 / corrections[1].sqrt()) as f32,
            eps: self.eps as f32,
            shrink: (1.0 - lr * decay) as f32,
        }
    }
}

/// The numbers of one step, bias corrections folded in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Update {
    scale: f32,
    betas: [f32; 2],
    lr: f32,
    root: f32,
    eps: f32,
    shrink: f32,
}

impl Update {
    /// Move `variable` against `gradient`.
    pub(super) fn apply(self, variable: &Var, gradient: &Tensor, moments: &mut Moments) -> Result<(), Error> {
        match moments {
            // One pass over all four, nothing allocated: candle's own AdamW makes about ten temporaries of full size.
            Moments::Slices { first, second } => in_place::change(variable, gradient, |values, gradient| {
                let tasks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
                let tasks = tasks.zip(first.par_chunks_mut(CHUNK)).zip(second.par_chunks_mut(CHUNK));
                tasks.for_each(|(((values, gradient), first), second)| fused(self, values, gradient, first, second));
            })?,
            Moments::Tensors { first, second } => {
                let value = self.composed(variable.as_tensor(), &gradient.detach(), first, second)?;
                variable.set(&value)?;
            }
        }
        Ok(())
    }

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
        let moved = ((&*first / root)? * f64::from(self.lr))?;
        Ok(((value.detach() * f64::from(self.shrink))? - moved)?)
    }

    /// The same on slices of one length.
    pub(super) fn slices(self, values: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        fused(self, values, gradient, first, second);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn fused(update: Update, values: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
    let Update { scale, betas: [a, b], lr, root, eps, shrink } = update;
    for (((value, &g), m), v) in values.iter_mut().zip(gradient).zip(first).zip(second) {
        let g = g * scale;
        *m = a * *m + (1.0 - a) * g;
        *v = b * *v + (1.0 - b) * g * g;
        *value = *value * shrink - lr * *m / (v.sqrt() * root + eps);
    }
}
