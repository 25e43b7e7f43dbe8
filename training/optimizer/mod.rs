//! AdamW (<https://arxiv.org/abs/1711.05101>) with parameter groups, in place on the CPU.

mod adapter;
mod average;
mod rows;
mod schedule;
mod update;

use candle_core::{Tensor, Var};
use regard::weights::Weights;

pub(crate) use adapter::Adapter;
pub(crate) use average::Average;
pub(crate) use rows::Rows;
pub(crate) use schedule::factor;

use crate::Error;
use crate::config::OptimizerConfig;
use update::{Moments, Rule, Update};

/// One trained tensor with its moments.
#[derive(Debug)]
struct Parameter {
    name: String,
    variable: Var,
    decay: f64,
    lr: f64,
    moments: Moments,
}

/// The optimiser and the tensors that it moves, in order of name.
#[derive(Debug)]
pub(crate) struct AdamW {
    parameters: Vec<Parameter>,
    rule: Rule,
    step: u32,
}

impl AdamW {
    /// `variables` of an encoder of so many `layers`, in order of name.
    pub(crate) fn new(
        variables: impl IntoIterator<Item = (String, Var)>,
        layers: usize,
        config: &OptimizerConfig,
    ) -> Result<Self, Error> {
        let mut parameters = Vec::new();
        for (name, variable) in variables {
            let decayed = !name.ends_with("bias") && !name.contains("LayerNorm");
            let decay = if decayed { config.weight_decay } else { 0.0 };
            let moments = Moments::zeros(&variable)?;
            parameters.push(Parameter { decay, lr: highest_lr(&name, layers, config), name, variable, moments });
        }
        Ok(Self { parameters, rule: Rule { betas: config.betas, eps: config.eps }, step: 0 })
    }

    /// Numbers that learn.
    pub(crate) fn count(&self) -> usize {
        self.parameters.iter().map(|parameter| parameter.variable.elem_count()).sum()
    }

    /// What a step does to a tensor of the given rate and decay, at `factor` times the rate, the gradient scaled by `scale`.
    pub(crate) fn update(&self, lr: f64, decay: f64, factor: f64, scale: f64) -> Update {
        self.rule.update(self.step, lr, decay, [factor, scale])
    }

    /// Move every parameter that has a gradient, at `factor` times its rate, the gradients scaled by `scale`.
    pub(crate) fn step(&mut self, gradients: &[Option<Tensor>], factor: f64, scale: f64) -> Result<(), Error> {
        self.step += 1;
        for (parameter, gradient) in self.parameters.iter_mut().zip(gradients) {
            let Some(gradient) = gradient else { continue };
            let Parameter { variable, moments, lr, decay, .. } = parameter;
            self.rule.update(self.step, *lr, *decay, [factor, scale]).apply(variable, gradient, moments)?;
        }
        Ok(())
    }

    /// Names and moments, for the state of a run.
    pub(crate) fn state(&self) -> Result<Vec<(String, Tensor)>, Error> {
        let mut tensors = Vec::with_capacity(2 * self.parameters.len());
        for Parameter { name, variable, moments, .. } in &self.parameters {
            let [first, second] = moments.tensors(variable)?;
            tensors.push((format!("first/{name}"), first));
            tensors.push((format!("second/{name}"), second));
        }
        Ok(tensors)
    }

    /// Take up the moments of [`AdamW::state`] after `step` steps.
    pub(crate) fn restore(&mut self, step: u32, state: &mut Weights) -> Result<(), Error> {
        self.step = step;
        for Parameter { name, variable, moments, .. } in &mut self.parameters {
            let first = state.take(&format!("first/{name}"), variable.dims())?;
            let second = state.take(&format!("second/{name}"), variable.dims())?;
            *moments = Moments::of([first, second])?;
        }
        Ok(())
    }
}

/// Whether a tensor belongs to what stands above the encoder.
pub(crate) fn is_head(name: &str) -> bool {
    !name.starts_with("embeddings.") && !name.starts_with("encoder.")
}

/// The highest rate of a tensor: by head, or by depth.
pub(crate) fn highest_lr(name: &str, layers: usize, config: &OptimizerConfig) -> f64 {
    if is_head(name) {
        return config.head_lr.unwrap_or(config.lr);
    }
    let layer = name.strip_prefix("encoder.layer.").and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
    let below_top = layer.map_or(layers, |layer| layers.saturating_sub(layer + 1));
    config.lr * config.layer_decay.powi(below_top as i32)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn config() -> OptimizerConfig {
        OptimizerConfig {
            lr: 0.1,
            head_lr: Some(0.2),
            layer_decay: 0.5,
            weight_decay: 0.5,
            ..OptimizerConfig::default()
        }
    }

    /// Expected values: `torch.optim.AdamW([x], lr=0.1, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.5)`, three steps of
    /// `(x * c).sum()` with x = [1, -2, 3] and c = [0.5, -0.25, 0.125], torch 2.15.
    #[test]
    fn fused_composed_and_torch_agree() -> Result<(), Error> {
        let coefficients = Tensor::new(&[0.5_f32, -0.25, 0.125], &Device::Cpu)?;
        for composed in [false, true] {
            let variable = Var::from_tensor(&Tensor::new(&[1.0_f32, -2.0, 3.0], &Device::Cpu)?)?;
            let named = [("encoder.layer.1.weight".to_owned(), variable.clone())];
            let mut optimizer = AdamW::new(named, 2, &config())?;
            if composed {
                let zeros = variable.zeros_like()?;
                optimizer.parameters[0].moments = Moments::Tensors { first: zeros.clone(), second: zeros };
            }
            for _ in 0..3 {
                optimizer.step(&[Some(coefficients.clone())], 1.0, 1.0)?;
            }
            let values = variable.to_vec1::<f32>()?;
            for (value, expected) in values.iter().zip([0.572_125_8_f32, -1.429_501, 2.286_878]) {
                assert!((value - expected).abs() < 1e-5, "{values:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn rates_go_by_depth_and_biases_do_not_decay() -> Result<(), Error> {
        let names = [
            ("embeddings.position_embeddings.weight", 0.025, 0.5),
            ("encoder.layer.0.output.dense.bias", 0.05, 0.0),
            ("encoder.layer.1.output.LayerNorm.weight", 0.1, 0.0),
            ("encoder.layer.1.output.dense.weight", 0.1, 0.5),
            ("stance_head.out.weight", 0.2, 0.5),
        ];
        let variable = Var::zeros(1, candle_core::DType::F32, &Device::Cpu)?;
        let optimizer = AdamW::new(names.map(|(name, ..)| (name.to_owned(), variable.clone())), 2, &config())?;
        for (parameter, (name, lr, decay)) in optimizer.parameters.iter().zip(names) {
            assert!((parameter.lr - lr).abs() < 1e-12 && parameter.decay == decay, "{name}: {parameter:?}");
        }
        Ok(())
    }
}
