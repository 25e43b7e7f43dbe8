//! Gradients of several passes, summed in place.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, D, Storage, Tensor, Var};
use multiversion::multiversion;
use rayon::prelude::*;

use crate::Error;
use crate::in_place::{self, CHUNK};

/// What a step goes by.
#[derive(Debug, Default)]
pub(crate) struct Gradients {
    /// One a variable, in their order; `None` where nothing reached it.
    pub(crate) dense: Vec<Option<Tensor>>,
    /// Of token embeddings, by id.
    pub(crate) rows: BTreeMap<u32, Vec<f32>>,
}

impl Gradients {
    /// Of so many variables, none yet.
    pub(crate) fn new(variables: usize) -> Self {
        Self { dense: vec![None; variables], rows: BTreeMap::new() }
    }

    /// Add what `store` has for `variables`, and take it out.
    pub(crate) fn take(&mut self, variables: &[(String, Var)], store: &mut GradStore) -> Result<(), Error> {
        for (sum, (_, variable)) in self.dense.iter_mut().zip(variables) {
            if let Some(part) = store.remove(variable) {
                add(sum, part)?;
            }
        }
        Ok(())
    }

    /// Add the gradient (N, H) of the embeddings of N tokens.
    pub(crate) fn take_rows(&mut self, ids: &[u32], gradient: &Tensor) -> Result<(), Error> {
        for (&id, part) in ids.iter().zip(gradient.to_vec2::<f32>()?) {
            self.add_row(id, part);
        }
        Ok(())
    }

    fn add_row(&mut self, id: u32, part: Vec<f32>) {
        let sum = |sum: &mut Vec<f32>| sum.iter_mut().zip(&part).for_each(|(sum, part)| *sum += part);
        self.rows.entry(id).and_modify(sum).or_insert(part);
    }

    /// Add those of another pass.
    pub(crate) fn add(&mut self, other: Self) -> Result<(), Error> {
        for (sum, part) in self.dense.iter_mut().zip(other.dense) {
            if let Some(part) = part {
                add(sum, part)?;
            }
        }
        other.rows.into_iter().for_each(|(id, part)| self.add_row(id, part));
        Ok(())
    }

    /// Which of `variables` nothing finite reached.
    pub(crate) fn missing<'a>(&self, variables: &'a [(String, Var)]) -> Result<Vec<&'a str>, Error> {
        let mut missing = Vec::new();
        for (gradient, (name, _)) in self.dense.iter().zip(variables) {
            let finite = gradient.as_ref().map_or(Ok(false), |gradient| square(gradient).map(f64::is_finite))?;
            if !finite {
                missing.push(name.as_str());
            }
        }
        Ok(missing)
    }
}

fn add(sum: &mut Option<Tensor>, part: Tensor) -> Result<(), Error> {
    match sum {
        None => *sum = Some(part.detach()),
        Some(sum) if in_place::serves(sum) && sum.is_contiguous() => in_place::change(sum, &part, |sum, part| {
            let tasks = sum.par_chunks_mut(CHUNK).zip(part.par_chunks(CHUNK));
            tasks.for_each(|(sum, part)| sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
        })?,
        Some(sum) => *sum = (&*sum + part)?.detach(),
    }
    Ok(())
}

/// Sum of the squares of a tensor's elements.
pub(crate) fn square(tensor: &Tensor) -> Result<f64, Error> {
    let (storage, layout) = tensor.storage_and_layout();
    if let (Storage::Cpu(CpuStorage::F32(values)), Some((start, end))) = (&*storage, layout.contiguous_offsets()) {
        let sums: Vec<f64> = values[start..end].par_chunks(CHUNK).map(squares).collect();
        return Ok(sums.iter().sum());
    }
    drop(storage);
    Ok(f64::from(tensor.detach().sqr()?.sum_all()?.to_scalar::<f32>()?))
}

/// Sum of the squares of all elements of `tensors`. What a GPU holds is summed there, and waited for once.
pub(crate) fn squares_of<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Result<f64, Error> {
    let (mut sum, mut elsewhere) = (0.0, Vec::new());
    for tensor in tensors {
        if in_place::serves(tensor) {
            sum += square(tensor)?;
        } else {
            // Row by row first: a sum of everything is one block of threads.
            elsewhere.push(tensor.detach().sqr()?.sum(D::Minus1)?.sum_all()?);
        }
    }
    if !elsewhere.is_empty() {
        sum += f64::from(Tensor::stack(&elsewhere, 0)?.sum_all()?.to_scalar::<f32>()?);
    }
    Ok(sum)
}

/// In 16 running sums, which the compiler keeps in vector registers.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2"))]
fn squares(values: &[f32]) -> f64 {
    let mut lanes = [0.0_f32; 16];
    let (whole, rest) = values.as_chunks::<16>();
    for values in whole {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane += value * value;
        }
    }
    lanes.into_iter().chain(rest.iter().map(|value| value * value)).map(f64::from).sum()
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;

    #[test]
    fn gradients_of_parts_sum_to_those_of_the_whole() -> Result<(), Error> {
        let weight = Var::from_tensor(&Tensor::new(&[1.0_f32, 2.0, 3.0], &Device::Cpu)?)?;
        let unused = Var::from_tensor(&Tensor::new(&[1.0_f32], &Device::Cpu)?)?;
        let variables = [("weight".to_owned(), weight.clone()), ("unused".to_owned(), unused)];
        let pass = |factor: f64| -> Result<Gradients, Error> {
            let mut gradients = Gradients::new(2);
            let mut store = (weight.as_tensor() * factor)?.sum_all()?.backward()?;
            gradients.take(&variables, &mut store)?;
            gradients.take_rows(&[4, 2, 4], &Tensor::new(&[[1.0_f32], [2.0], [factor as f32]], &Device::Cpu)?)?;
            Ok(gradients)
        };
        let mut sum = pass(2.0)?;
        sum.add(pass(5.0)?)?;
        assert_eq!(sum.dense[0].as_ref().map(Tensor::to_vec1::<f32>).transpose()?, Some(vec![7.0; 3]));
        assert_eq!(sum.rows, BTreeMap::from([(2, vec![4.0]), (4, vec![9.0])]));
        assert_eq!(sum.missing(&variables)?, ["unused"]);
        let long = Tensor::ones(100_003, DType::F32, &Device::Cpu)?;
        assert_eq!(square(&long)?, 100_003.0);
        Ok(())
    }
}
