//! A table of which only the rows that were read move: lazy Adam. A row's moments rest while it is not read, as
//! `torch.optim.SparseAdam` has it; the bias correction counts all steps.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use regard::weights::Weights;

use super::average::decay;
use super::{AdamW, highest_lr};
use crate::Error;
use crate::config::OptimizerConfig;
use crate::parameters::TABLE;

/// One row that has been read.
#[derive(Debug, Clone)]
struct Row {
    value: Vec<f32>,
    /// Moving average as it was after the step `averaged`. While the row rests, its average still moves toward it: that is made up
    /// for when it is needed.
    mean: Vec<f32>,
    averaged: u32,
    first: Vec<f32>,
    second: Vec<f32>,
}

/// What a row is kept as, in the state of a run.
const PARTS: [&str; 4] = ["value", "mean", "first", "second"];

impl Row {
    /// Bring the mean up to the end of `step`; the value has rested since the step after `averaged`.
    fn bring_up(&mut self, step: u32, average: f64) {
        if self.averaged < step {
            let kept: f64 = (self.averaged + 1..=step).map(|step| decay(average, step)).product();
            let share = (1.0 - kept) as f32;
            self.mean.iter_mut().zip(&self.value).for_each(|(mean, value)| *mean += share * (value - *mean));
            self.averaged = step;
        }
    }

    fn part(&self, name: &str) -> &[f32] {
        match name {
            "mean" => &self.mean,
            "first" => &self.first,
            "second" => &self.second,
            _ => &self.value,
        }
    }
}

/// The token embeddings (V, H) and the moments of the rows that have been read.
#[derive(Debug)]
pub(crate) struct Rows {
    table: Tensor,
    lr: f64,
    decay: f64,
    average: f64,
    /// The last step that was taken.
    step: u32,
    rows: BTreeMap<u32, Row>,
}

impl Rows {
    /// `table` shares its storage with the model's; `config` gives rate, decay and average.
    pub(crate) fn new(table: Tensor, layers: usize, config: &OptimizerConfig) -> Self {
        let lr = highest_lr(TABLE, layers, config);
        Self { table, lr, decay: config.weight_decay, average: config.average, step: 0, rows: BTreeMap::new() }
    }

    /// Move the rows that have a `gradient`, in the step that `optimizer` has just taken.
    pub(crate) fn step(
        &mut self,
        optimizer: &AdamW,
        gradient: &BTreeMap<u32, Vec<f32>>,
        factor: f64,
        scale: f64,
    ) -> Result<(), Error> {
        let update = optimizer.update(self.lr, self.decay, factor, scale);
        self.step = optimizer.step;
        let before = self.step.saturating_sub(1);
        let unseen: Vec<u32> = gradient.keys().copied().filter(|id| !self.rows.contains_key(id)).collect();
        if !unseen.is_empty() {
            let values = self.table.index_select(&Tensor::new(unseen.as_slice(), self.table.device())?, 0)?;
            for (id, value) in unseen.into_iter().zip(values.to_vec2()?) {
                let zeros = vec![0.0; value.len()];
                let row = Row { mean: value.clone(), averaged: before, value, first: zeros.clone(), second: zeros };
                self.rows.insert(id, row);
            }
        }
        for (id, gradient) in gradient {
            if let Some(row) = self.rows.get_mut(id) {
                row.bring_up(before, self.average);
                update.slices(&mut row.value, gradient, &mut row.first, &mut row.second);
            }
        }
        self.write(gradient.keys())
    }

    /// Exchange rows and their averages: once to judge the averages, once more to go on.
    pub(crate) fn exchange(&mut self) -> Result<(), Error> {
        for row in self.rows.values_mut() {
            // The second time there is nothing to make up for: the mean, exchanged, stays as it is.
            row.bring_up(self.step, self.average);
            std::mem::swap(&mut row.value, &mut row.mean);
        }
        self.write(self.rows.keys())
    }

    /// Numbers of the table.
    pub(crate) fn count(&self) -> usize {
        self.table.elem_count()
    }

    /// Put the rows `ids` into the table.
    fn write<'a>(&self, ids: impl Iterator<Item = &'a u32>) -> Result<(), Error> {
        let (_, width) = self.table.dims2()?;
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        for id in ids {
            if let Some(row) = self.rows.get(id) {
                indices.extend(std::iter::repeat_n(*id, width));
                values.extend_from_slice(&row.value);
            }
        }
        if !values.is_empty() {
            let shape = (values.len() / width, width);
            let device = self.table.device();
            let indices = Tensor::from_vec(indices, shape, device)?;
            self.table.scatter_set(&indices, &Tensor::from_vec(values, shape, device)?, 0)?;
        }
        Ok(())
    }

    /// Step, ids, values, averages and moments, for the state of a run. Averages stay as they are, with the step that they are of:
    /// a run that is saved here and there computes the same numbers as one that is not.
    pub(crate) fn state(&self) -> Result<Vec<(String, Tensor)>, Error> {
        let (_, width) = self.table.dims2()?;
        // As f32, which holds ids and steps up to 2^24 exactly: the state is one file of floats.
        let numbers = |numbers: Vec<u32>| {
            let count = numbers.len();
            Tensor::from_vec(numbers.into_iter().map(|number| number as f32).collect(), count, &Device::Cpu)
        };
        let averaged = self.rows.values().map(|row| row.averaged).collect();
        let mut tensors = vec![
            ("rows/step".to_owned(), numbers(vec![self.step])?),
            ("rows/ids".to_owned(), numbers(self.rows.keys().copied().collect())?),
            ("rows/averaged".to_owned(), numbers(averaged)?),
        ];
        for part in PARTS {
            let values: Vec<f32> = self.rows.values().flat_map(|row| row.part(part).iter().copied()).collect();
            tensors.push((format!("rows/{part}"), Tensor::from_vec(values, (self.rows.len(), width), &Device::Cpu)?));
        }
        Ok(tensors)
    }

    /// Take up [`Rows::state`].
    pub(crate) fn restore(&mut self, state: &mut Weights) -> Result<(), Error> {
        let mut numbers = |name: &str| -> Result<Vec<u32>, Error> {
            let numbers = state.remove(name)?.to_vec1::<f32>()?;
            Ok(numbers.into_iter().map(|number| number as u32).collect())
        };
        self.step = numbers("rows/step")?.first().copied().unwrap_or_default();
        let (ids, averaged) = (numbers("rows/ids")?, numbers("rows/averaged")?);
        let shape = [ids.len(), self.table.dim(1)?];
        let [values, means, firsts, seconds] = PARTS.map(|part| state.take(&format!("rows/{part}"), &shape));
        let moments = firsts?.to_vec2()?.into_iter().zip(seconds?.to_vec2()?);
        let rows = values?.to_vec2()?.into_iter().zip(means?.to_vec2()?).zip(averaged).zip(moments);
        let rows =
            rows.map(|(((value, mean), averaged), (first, second))| Row { value, mean, averaged, first, second });
        self.rows = ids.into_iter().zip(rows).collect();
        self.write(self.rows.keys())
    }
}

#[cfg(test)]
mod tests {
    use regard::weights::{Storage, serialize};

    use super::super::Average;
    use super::*;

    fn restored(rows: &Rows, config: &OptimizerConfig) -> Result<Rows, Error> {
        let state = rows.state()?;
        let file = serialize(state.iter().map(|(name, tensor)| (name.as_str(), tensor)), Storage::F32)?;
        let mut again = Rows::new(rows.table.zeros_like()?, 0, config);
        again.restore(&mut Weights::parse(file, "state", &Device::Cpu)?)?;
        Ok(again)
    }

    #[test]
    fn a_row_moves_as_a_tensor_of_its_own_and_others_rest() -> Result<(), Error> {
        let config = OptimizerConfig { lr: 0.1, ..OptimizerConfig::default() };
        let table = Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]], &Device::Cpu)?;
        let row = candle_core::Var::from_tensor(&Tensor::new(&[3.0_f32, 4.0], &Device::Cpu)?)?;
        let mut optimizer = AdamW::new([("encoder.weight".to_owned(), row.clone())], 0, &config)?;
        let mut rows = Rows::new(table.clone(), 0, &config);
        for step in 0..3 {
            let gradient = vec![0.5, -0.25 * step as f32];
            optimizer.step(&[Some(Tensor::new(gradient.as_slice(), &Device::Cpu)?)], 1.0, 1.0)?;
            rows.step(&optimizer, &BTreeMap::from([(1, gradient)]), 1.0, 1.0)?;
        }
        let moved = table.to_vec2::<f32>()?;
        assert_eq!(moved[1], row.to_vec1::<f32>()?);
        assert_eq!([&moved[0], &moved[2]], [&vec![1.0, 2.0], &vec![5.0, 6.0]]);

        let mut again = restored(&rows, &config)?;
        for rows in [&mut rows, &mut again] {
            rows.step(&optimizer, &BTreeMap::from([(1, vec![0.1, 0.1])]), 1.0, 1.0)?;
        }
        assert_eq!(table.to_vec2::<f32>()?[1], again.table.to_vec2::<f32>()?[1]);
        Ok(())
    }

    /// What a dense average has of the same values, whether a run is saved in between or not.
    #[test]
    fn the_average_follows_a_row_that_rests() -> Result<(), Error> {
        for average in [0.5, 0.999] {
            let config = OptimizerConfig { lr: 0.1, average, ..OptimizerConfig::default() };
            let table = Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]], &Device::Cpu)?;
            let whole = candle_core::Var::from_tensor(&table.copy()?)?;
            let variables = [("encoder.weight".to_owned(), whole.clone())];
            let mut dense = Average::new(&variables, average)?;
            let mut optimizer = AdamW::new(variables.clone(), 0, &config)?;
            let mut rows = Rows::new(table.clone(), 0, &config);
            for step in 1..=30 {
                optimizer.step(&[None], 1.0, 1.0)?;
                // Row 1 moves once and rests, row 2 twice, row 0 never.
                let moved = match step {
                    4 => vec![1, 2],
                    27 => vec![2],
                    _ => Vec::new(),
                };
                let gradient = moved.into_iter().map(|id| (id, vec![0.5, -0.25])).collect();
                rows.step(&optimizer, &gradient, 1.0, 1.0)?;
                whole.set(&table)?;
                dense.update(&variables)?;
                if step == 20 {
                    rows = restored(&rows, &config)?;
                    rows.table = table.clone();
                }
            }
            let resting = table.to_vec2::<f32>()?;
            let mut again = restored(&rows, &config)?;
            again.exchange()?;
            rows.exchange()?;
            dense.exchange(&variables)?;
            let differences = (&table - whole.as_detached_tensor())?.abs()?;
            assert!(differences.max_all()?.to_scalar::<f32>()? < 1e-6, "{differences}");
            let averages = table.to_vec2::<f32>()?;
            assert_ne!(averages[2], resting[2]);
            assert_eq!(again.table.to_vec2::<f32>()?[1..], averages[1..]);
            rows.exchange()?;
            assert_eq!(table.to_vec2::<f32>()?, resting);
        }
        Ok(())
    }
}
