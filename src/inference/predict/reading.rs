//! Encodings in, logits out, in the order of the encodings whatever the batches were.

use candle_core::Tensor;
use rayon::prelude::*;

use crate::Result;
use crate::batch::{Batch, groups};
use crate::encode::Encoding;
use crate::encoder::Mode;
use crate::head::{Logits, Question};
use crate::model::Model;

/// Tokens that are read at once: enough to fill the matrix products of a CPU, little enough to stay in memory.
const BATCH_TOKENS: usize = 2048;

/// The same of a GPU.
const GPU_BATCH_TOKENS: usize = 16 * 1024;

/// What the model makes of one encoding: logits in label order.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// One triple a target.
    pub(super) stance: Vec<[f32; 3]>,
    pub(super) sentiment: Option<[f32; 3]>,
}

/// Read each of `encodings` once.
pub(super) fn read(model: &Model, encodings: &[Encoding]) -> Result<Vec<Reading>> {
    let lengths: Vec<usize> = encodings.iter().map(|encoding| encoding.ids.len()).collect();
    let on_cpu = model.device().is_cpu();
    let groups = groups(&lengths, if on_cpu { BATCH_TOKENS } else { GPU_BATCH_TOKENS });
    let forward =
        |group: &Vec<usize>| model.forward(&Batch::pack(group.iter().map(|&index| &encodings[index])), Mode::Infer);
    let answers = |logits: Logits| Ok((triples(logits.stance.as_ref())?, triples(logits.sentiment.as_ref())?));
    let logits: Result<Vec<_>> = if on_cpu {
        // Side by side: one thread a group leaves fewer waiting than many threads a product.
        groups.par_iter().map(|group| answers(forward(group)?)).collect()
    } else {
        // A GPU works in the order in which it is told to: all is told before the first answer is waited for.
        let logits: Vec<Logits> = groups.iter().map(forward).collect::<Result<_>>()?;
        logits.into_iter().map(answers).collect()
    };
    let mut readings = vec![Reading::default(); encodings.len()];
    for (group, (stance, sentiment)) in groups.into_iter().zip(logits?) {
        let (mut stance, mut sentiment) = (stance.into_iter(), sentiment.into_iter());
        for index in group {
            let targets = match model.question() {
                Question::PairStance { .. } => 1,
                _ => encodings[index].targets.len(),
            };
            let stance = stance.by_ref().take(targets).collect();
            readings[index] = Reading { stance, sentiment: sentiment.next() };
        }
    }
    Ok(readings)
}

/// Read each of `encodings` as it is and with all its targets as `mask`; stance is the mean of the two, sentiment that of the first.
pub(super) fn read_half_masked(model: &Model, encodings: &[Encoding], mask: u32) -> Result<Vec<Reading>> {
    let mut readings = read(model, encodings)?;
    let (mut named, mut masked) = (Vec::new(), Vec::new());
    for (reading, encoding) in readings.iter_mut().zip(encodings) {
        let without_names = encoding.masked(mask, |_| true);
        // What names nobody would be read as it was.
        if without_names != *encoding {
            named.push(reading);
            masked.push(without_names);
        }
    }
    for (reading, masked) in named.into_iter().zip(read(model, &masked)?) {
        for (logits, masked) in reading.stance.iter_mut().zip(masked.stance) {
            *logits = std::array::from_fn(|label| (logits[label] + masked[label]) / 2.0);
        }
    }
    Ok(readings)
}

/// The rows of (M, 3) logits.
fn triples(logits: Option<&Tensor>) -> Result<Vec<[f32; 3]>> {
    let rows = logits.map(Tensor::to_vec2::<f32>).transpose()?.unwrap_or_default();
    Ok(rows.iter().filter_map(|row| row.as_slice().try_into().ok()).collect())
}
