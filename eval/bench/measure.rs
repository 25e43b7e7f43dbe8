//! The clock: rounds over the same work, each in three passes.

use std::borrow::Cow;
use std::time::Instant;

use rayon::prelude::*;
use regard::Result;
use regard::batch::{Batch, groups};
use regard::encode::Encoding;

use super::energy::Energy;
use super::flops::operations;
use super::load::Bench;
use super::reader::Reader;
use super::report::{Figures, WorkRecord};
use super::work::Work;

/// Sequences, and batches, that are read alone in a round: enough for percentiles.
const ALONE: usize = 200;

/// How to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Tokens that are read at once, at most (or one sequence).
    pub batch_tokens: usize,
    /// Rounds whose figures are told, at least one.
    pub rounds: usize,
    /// Rounds before them.
    pub warm_up: usize,
}

impl Bench {
    /// The figures of each round over `work`, and what the work is. `progress` is called after each round, warm-up included.
    ///
    /// # Errors
    /// Where the model cannot read the work.
    pub fn measure(&self, work: &Work, plan: Plan, mut progress: impl FnMut()) -> Result<(WorkRecord, Vec<Figures>)> {
        let reader = &self.reader;
        let encodings = encoded(reader, work)?;
        let batches = batches(&encodings, plan.batch_tokens);
        let total = Totals {
            sequences: encodings.len(),
            // Where a sequence points at nobody, it is a question itself.
            pairs: encodings.iter().map(|encoding| encoding.targets.len().max(1)).sum(),
            tokens: encodings.iter().map(|encoding| encoding.ids.len()).sum(),
            operations: batches.iter().map(|batch| operations(reader.config(), batch)).sum(),
        };
        let longest = encodings.iter().map(|encoding| encoding.ids.len()).max().unwrap_or(0);
        let Totals { sequences, pairs, tokens, .. } = total;
        let record = WorkRecord { sequences, pairs, tokens, longest, batches: batches.len() };
        let mut rounds = Vec::new();
        for round in 0..plan.warm_up + plan.rounds.max(1) {
            let figures = total.figures(reader, work, &batches, plan)?;
            if round >= plan.warm_up {
                rounds.push(figures);
            }
            progress();
        }
        Ok((record, rounds))
    }
}

struct Totals {
    sequences: usize,
    pairs: usize,
    tokens: usize,
    operations: f64,
}

impl Totals {
    fn figures(&self, reader: &Reader, work: &Work, batches: &[Batch], plan: Plan) -> Result<Figures> {
        let energy = Energy::now();
        let seconds = timed(|| together(reader, work, plan.batch_tokens))?;
        let joules = energy.and_then(|energy| energy.joules());
        let singles =
            spaced(&work.sequences).map(|sequence| timed(|| reader.answer(&Batch::pack([&*reader.encode(sequence)?]))));
        let singles = percentiles(singles.collect::<Result<_>>()?);
        let alone = spaced(batches).map(|batch| timed(|| reader.answer(batch)));
        let alone = percentiles(alone.collect::<Result<_>>()?);
        let a_second = |count: usize| count as f64 / seconds;
        Ok(Figures {
            seconds,
            sentences_per_s: a_second(self.sequences),
            pairs_per_s: a_second(self.pairs),
            tokens_per_s: a_second(self.tokens),
            gflops: self.operations / seconds / 1e9,
            p50_ms: singles[0],
            p95_ms: singles[1],
            p99_ms: singles[2],
            batch_p50_ms: alone[0],
            batch_p95_ms: alone[1],
            batch_p99_ms: alone[2],
            joules,
        })
    }
}

/// Everything, from text where it is text to the answers.
fn together(reader: &Reader, work: &Work, batch_tokens: usize) -> Result<()> {
    let encodings = encoded(reader, work)?;
    let lengths: Vec<usize> = encodings.iter().map(|encoding| encoding.ids.len()).collect();
    let groups = groups(&lengths, batch_tokens);
    groups.par_iter().try_for_each(|group| reader.answer(&Batch::pack(group.iter().map(|&index| &*encodings[index]))))
}

fn encoded<'a>(reader: &Reader, work: &'a Work) -> Result<Vec<Cow<'a, Encoding>>> {
    work.sequences.iter().map(|sequence| reader.encode(sequence)).collect()
}

fn batches(encodings: &[Cow<'_, Encoding>], batch_tokens: usize) -> Vec<Batch> {
    let lengths: Vec<usize> = encodings.iter().map(|encoding| encoding.ids.len()).collect();
    let groups = groups(&lengths, batch_tokens).into_iter();
    groups.map(|group| Batch::pack(group.into_iter().map(|index| &*encodings[index]))).collect()
}

/// Seconds that `work` takes.
fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// At most [`ALONE`] of `all`, evenly.
fn spaced<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().step_by(all.len().div_ceil(ALONE).max(1))
}

/// The times in milliseconds below which half, 95 % and 99 % of `seconds` lie: the nearest of the times themselves.
fn percentiles(mut seconds: Vec<f64>) -> [f64; 3] {
    seconds.sort_by(f64::total_cmp);
    let last = seconds.len().saturating_sub(1);
    [0.5, 0.95, 0.99].map(|share| 1e3 * seconds.get((share * last as f64).round() as usize).copied().unwrap_or(0.0))
}
