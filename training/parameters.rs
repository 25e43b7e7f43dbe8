//! Everything that learns: which tensors, and how a step moves them.

use candle_core::{Device, Tensor, Var};
use regard::weights::Weights;

use crate::Error;
use crate::config::{Config, Embeddings, Layers};
use crate::gradients::{Gradients, square, squares_of};
use crate::optimizer::{AdamW, Adapter, Average, Rows, is_head};
use crate::sampler::{Purpose, random};
use crate::workers::Learnt;

/// The table of token embeddings (V, H).
pub(crate) const TABLE: &str = "embeddings.word_embeddings.weight";

/// The trained tensors of a model.
#[derive(Debug)]
pub(crate) struct Parameters {
    /// Tensors of the model that receive gradients, in order of name.
    variables: Vec<(String, Var)>,
    /// Of each variable; `None` where it learns itself.
    adapters: Vec<Option<Adapter>>,
    /// The table, where all of it learns.
    table: Option<Var>,
    rows: Option<Rows>,
    optimizer: AdamW,
    average: Option<Average>,
    clip: f64,
}

impl Parameters {
    /// Make variables of what `config` trains in `weights`, the model of an encoder of so many `layers`.
    pub(crate) fn new(weights: &mut Weights, layers: usize, config: &Config) -> Result<Self, Error> {
        let trained = &config.trained;
        let adapted =
            |name: &str| name.starts_with("encoder.layer.") && name.ends_with("weight") && !name.contains("LayerNorm");
        let variables = weights.train(|name| match trained.layers {
            _ if name == TABLE => false,
            _ if is_head(name) => true,
            Layers::Full => true,
            Layers::Lora => adapted(name),
            Layers::Frozen => false,
        })?;
        let mut adapters = Vec::with_capacity(variables.len());
        let mut learning = Vec::with_capacity(variables.len());
        let mut rng = random(config.seed, Purpose::Adapters, 0);
        for (name, variable) in &variables {
            if trained.layers == Layers::Lora && adapted(name) {
                let adapter = Adapter::new(variable.clone(), trained.rank, trained.alpha, &mut rng)?;
                learning.extend(adapter.variables(name));
                adapters.push(Some(adapter));
            } else {
                learning.push((name.clone(), variable.clone()));
                adapters.push(None);
            }
        }
        let table = match trained.embeddings {
            Embeddings::Full => weights.train(|name| name == TABLE)?.pop().map(|(_, table)| table),
            _ => None,
        };
        learning.extend(table.clone().map(|table| (TABLE.to_owned(), table)));
        let rows = match trained.embeddings {
            Embeddings::Rows => weights.get(TABLE)?.map(|table| Rows::new(table, layers, &config.optimizer)),
            _ => None,
        };
        let optimizer = AdamW::new(learning, layers, &config.optimizer)?;
        let mut parameters =
            Self { variables, adapters, table, rows, optimizer, average: None, clip: config.optimizer.clip };
        if config.optimizer.average > 0.0 {
            parameters.average = Some(Average::new(&parameters.moving(), config.optimizer.average)?);
        }
        Ok(parameters)
    }

    /// Tensors of the model that receive gradients, in order of name; token embeddings receive theirs by row.
    pub(crate) fn variables(&self) -> &[(String, Var)] {
        &self.variables
    }

    /// Whether the embeddings of the tokens that were read must receive gradients.
    pub(crate) fn trains_words(&self) -> bool {
        self.table.is_some() || self.rows.is_some()
    }

    /// Numbers that learn; of row-sparse embeddings, those of the whole table.
    pub(crate) fn count(&self) -> usize {
        self.optimizer.count() + self.rows.as_ref().map_or(0, Rows::count)
    }

    /// Take one step, at `factor` times the highest rates. Returns the gradient's global norm before clipping; where that is not
    /// finite, nothing has moved.
    pub(crate) fn step(&mut self, gradients: Gradients, factor: f64) -> Result<f64, Error> {
        let Gradients { dense, rows } = gradients;
        let mut learning = Vec::with_capacity(dense.len());
        for (gradient, adapter) in dense.into_iter().zip(&self.adapters) {
            match (adapter, gradient) {
                (Some(adapter), Some(gradient)) => learning.extend(adapter.gradients(&gradient)?.map(Some)),
                (Some(_), None) => learning.extend([None, None]),
                (None, gradient) => learning.push(gradient),
            }
        }
        let mut squares = squares_of(learning.iter().flatten())?;
        if self.trains_words() && !rows.is_empty() {
            let width = rows.values().next().map_or(0, Vec::len);
            let values: Vec<f32> = rows.values().flatten().copied().collect();
            let values = Tensor::from_vec(values, (rows.len(), width), &Device::Cpu)?;
            squares += square(&values)?;
            if let Some(table) = &self.table {
                let ids = Tensor::from_vec(rows.keys().copied().collect(), rows.len(), table.device())?;
                learning.push(Some(table.zeros_like()?.index_add(&ids, &values.to_device(table.device())?, 0)?));
            }
        }
        let norm = squares.sqrt();
        if !norm.is_finite() {
            return Ok(norm);
        }
        let scale = self.clip / norm.max(self.clip);
        self.optimizer.step(&learning, factor, scale)?;
        if let Some(table) = &mut self.rows {
            table.step(&self.optimizer, &rows, factor, scale)?;
        }
        for adapter in self.adapters.iter().flatten() {
            adapter.merge()?;
        }
        let moving = self.moving();
        if let Some(average) = &mut self.average {
            average.update(&moving)?;
        }
        Ok(norm)
    }

    /// Whether all that learns is a number.
    pub(crate) fn is_finite(&self) -> Result<bool, Error> {
        for (_, variable) in self.moving() {
            // Nothing but a number gives zero times zero.
            if (variable.as_detached_tensor() * 0.0)?.sum_all()?.to_scalar::<f32>()? != 0.0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Exchange weights and their averages, where these are kept: once to judge them, once more to go on.
    pub(crate) fn exchange(&mut self) -> Result<(), Error> {
        let moving = self.moving();
        if let Some(average) = &mut self.average {
            average.exchange(&moving)?;
            self.rows.as_mut().map_or(Ok(()), Rows::exchange)?;
        }
        Ok(())
    }

    /// The dense tensors of the model that a step moves.
    fn moving(&self) -> Vec<(String, Var)> {
        let table = self.table.clone().map(|table| (TABLE.to_owned(), table));
        self.variables.iter().cloned().chain(table).collect()
    }

    /// What a run needs to be taken up again, beside the weights.
    pub(crate) fn state(&self) -> Result<Vec<(String, Tensor)>, Error> {
        let mut tensors = self.optimizer.state()?;
        if let Some(average) = &self.average {
            tensors.extend(average.state(&self.moving()));
        }
        if let Some(rows) = &self.rows {
            tensors.extend(rows.state()?);
        }
        for ((name, _), adapter) in self.variables.iter().zip(&self.adapters) {
            let factors = adapter.iter().flat_map(|adapter| adapter.variables(name));
            tensors.extend(factors.map(|(name, factor)| (name, factor.as_detached_tensor())));
        }
        Ok(tensors)
    }

    /// Take up `weights` and [`Parameters::state`] as they were after `steps` steps.
    pub(crate) fn restore(&mut self, steps: usize, weights: &mut Weights, state: &mut Weights) -> Result<(), Error> {
        let steps = steps as u32;
        let moving = self.moving();
        for (name, variable) in &moving {
            variable.set(&weights.take(name, variable.dims())?)?;
        }
        self.optimizer.restore(steps, state)?;
        if let Some(average) = &mut self.average {
            average.restore(steps, &moving, state)?;
        }
        for ((name, _), adapter) in self.variables.iter().zip(&self.adapters) {
            for (name, factor) in adapter.iter().flat_map(|adapter| adapter.variables(name)) {
                factor.set(&state.take(&name, factor.dims())?)?;
            }
        }
        self.rows.as_mut().map_or(Ok(()), |rows| rows.restore(state))
    }

    /// Refuse to go on where a tensor that is to learn cannot: nothing finite reached it in the first step, though labels of the
    /// head that it belongs to were there.
    pub(crate) fn check(&self, learnt: &Learnt) -> Result<(), Error> {
        let [stance, sentiment] = learnt.kinds;
        let asked = |name: &&str| {
            (stance || !name.starts_with("stance_head.")) && (sentiment || !name.starts_with("sentiment_head."))
        };
        let missing: Vec<&str> = learnt.gradients.missing(&self.variables)?.into_iter().filter(asked).collect();
        if missing.is_empty() { Ok(()) } else { Err(Error::NoGradient { names: missing.join(", ") }) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use candle_core::DType;

    use super::*;

    #[test]
    fn a_tensor_that_nothing_finite_reaches_is_named_where_labels_ask_for_it() -> Result<(), Box<dyn std::error::Error>>
    {
        let text = "base = 'b'\noutput = 'o'\nepochs = 1\ntrain = ['t']\ndev = ['d']\n";
        let config = Config::parse(text, Path::new("experiment.toml"), &[])?;
        let names = ["encoder.layer.0.output.dense.bias", "sentiment_head.out.bias", "stance_head.out.bias"];
        let zeros = Tensor::zeros(2, DType::F32, &Device::Cpu)?;
        let file = regard::weights::serialize(names.map(|name| (name, &zeros)), regard::weights::Storage::F32)?;
        let mut weights = Weights::parse(file, "weights", &Device::Cpu)?;
        let parameters = Parameters::new(&mut weights, 1, &config)?;
        let learnt = |dense: [Option<f32>; 3], kinds| -> Result<Learnt, Error> {
            let tensor = |value: Option<f32>| value.map(|value| Tensor::full(value, 2, &Device::Cpu)).transpose();
            let [a, b, c] = dense.map(tensor);
            let gradients = Gradients { dense: vec![a?, b?, c?], ..Gradients::new(3) };
            Ok(Learnt { gradients, loss: 1.0, tokens: 1, kinds })
        };
        parameters.check(&learnt([Some(1.0); 3], [true, true])?)?;
        parameters.check(&learnt([Some(1.0), None, Some(1.0)], [true, false])?)?;
        let missing = parameters.check(&learnt([Some(f32::NAN), None, None], [true, false])?);
        let expected = "no finite gradient reaches: encoder.layer.0.output.dense.bias, stance_head.out.bias";
        assert!(missing.is_err_and(|error| error.to_string() == expected));
        Ok(())
    }
}
