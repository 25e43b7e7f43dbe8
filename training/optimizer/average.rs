//! The moving average of the weights, which dev judges in their place (<https://arxiv.org/abs/1312.6120> uses it at length).

use candle_core::{Tensor, Var};
use rayon::prelude::*;
use regard::weights::Weights;

use crate::Error;
use crate::in_place::{self, CHUNK};

/// Running means of the trained tensors, in their order.
#[derive(Debug)]
pub(crate) struct Average {
    decay: f64,
    updates: u32,
    means: Vec<Tensor>,
}

impl Average {
    /// Of `variables` as they are now.
    pub(crate) fn new(variables: &[(String, Var)], decay: f64) -> Result<Self, Error> {
        let means = variables.iter().map(|(_, variable)| variable.copy().map(|copy| copy.detach()));
        Ok(Self { decay, updates: 0, means: means.collect::<candle_core::Result<_>>()? })
    }

    /// Move the means toward `variables`.
    pub(crate) fn update(&mut self, variables: &[(String, Var)]) -> Result<(), Error> {
        self.updates += 1;
        let decay = decay(self.decay, self.updates);
        for (mean, (_, variable)) in self.means.iter_mut().zip(variables) {
            if in_place::serves(mean) {
                in_place::change(mean, variable, |means, values| toward(means, values, 1.0 - decay as f32))?;
            } else {
                *mean = ((&*mean * decay)? + (variable.as_detached_tensor() * (1.0 - decay))?)?.detach();
            }
        }
        Ok(())
    }

    /// Exchange means and variables: once to judge the average, once more to go on.
    pub(crate) fn exchange(&mut self, variables: &[(String, Var)]) -> Result<(), Error> {
        for (mean, (_, variable)) in self.means.iter_mut().zip(variables) {
            let value = variable.copy()?.detach();
            variable.set(mean)?;
            *mean = value;
        }
        Ok(())
    }

    /// Names and means, for the state of a run.
    pub(crate) fn state(&self, variables: &[(String, Var)]) -> Vec<(String, Tensor)> {
        let named = variables.iter().zip(&self.means);
        named.map(|((name, _), mean)| (format!("average/{name}"), mean.clone())).collect()
    }

    /// Take up the means of [`Average::state`] after `updates` updates.
    pub(crate) fn restore(
        &mut self,
        updates: u32,
        variables: &[(String, Var)],
        state: &mut Weights,
    ) -> Result<(), Error> {
        self.updates = updates;
        for (mean, (name, variable)) in self.means.iter_mut().zip(variables) {
            *mean = state.take(&format!("average/{name}"), variable.dims())?;
        }
        Ok(())
    }
}

/// What is kept of the difference between mean and value in the update that is counted as `updates`, from 1, of an average with the
/// decay rate `average`: little at first, so that where the run began is soon forgotten.
pub(super) fn decay(average: f64, updates: u32) -> f64 {
    let updates = f64::from(updates);
    average.min((1.0 + updates) / (10.0 + updates))
}

/// Move `means` by `share` of the way to `values`.
fn toward(means: &mut [f32], values: &[f32], share: f32) {
    means.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK)).for_each(|(means, values)| {
        means.iter_mut().zip(values).for_each(|(mean, value)| *mean += share * (value - *mean));
    });
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn the_average_follows_and_steps_in() -> Result<(), Error> {
        let variable = Var::from_tensor(&Tensor::new(&[1.0_f32], &Device::Cpu)?)?;
        let variables = [("w".to_owned(), variable.clone())];
        let mut average = Average::new(&variables, 0.5)?;
        variable.set(&Tensor::new(&[2.0_f32], &Device::Cpu)?)?;
        average.update(&variables)?;
        average.exchange(&variables)?;
        // The first decay is 2 / 11.
        assert!((variable.to_vec1::<f32>()?[0] - (2.0 / 11.0 + 2.0 * 9.0 / 11.0)).abs() < 1e-6);
        average.exchange(&variables)?;
        assert_eq!(variable.to_vec1::<f32>()?, [2.0]);
        Ok(())
    }
}
