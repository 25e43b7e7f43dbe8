//! Some sequences of a batch, small enough that what is made of them stays in a core's cache through all layers.

use std::sync::Arc;

use crate::batch::Batch;

/// Tokens that a part is filled up to, unless one sequence is longer. Measured on two cores: with 64 it takes 4 % longer, with 512 as long.
const MOST: usize = 256;
/// The same where there are more threads than parts.
const LEAST: usize = 64;

/// Sequences that follow each other.
pub(super) struct Part<'a> {
    /// (N).
    pub(super) ids: &'a [u32],
    /// (N).
    pub(super) token_types: &'a [u32],
    /// Where each begins, and N.
    pub(super) offsets: Arc<[usize]>,
    /// The R tokens that are read.
    pub(super) read: Vec<u32>,
}

impl<'a> Part<'a> {
    /// All of `batch`, in order.
    pub(super) fn all(batch: &'a Batch) -> Vec<Self> {
        let offsets = batch.offsets();
        let (mut parts, mut first) = (Vec::new(), 0);
        // One for every thread, if these are not too small.
        let most = batch.ids().len().div_ceil(rayon::current_num_threads()).clamp(LEAST, MOST);
        for sequence in 1..offsets.len() {
            let start = offsets[first];
            if sequence + 1 == offsets.len() || offsets[sequence + 1] - start > most {
                parts.push(Self::of(batch, &offsets[first..=sequence]));
                first = sequence;
            }
        }
        parts
    }

    /// The sequences between `bounds`.
    fn of(batch: &'a Batch, bounds: &[usize]) -> Self {
        let (start, end) = (bounds[0], bounds[bounds.len() - 1]);
        let place = |row: usize| batch.read().partition_point(|read| (*read as usize) < row);
        Self {
            ids: &batch.ids()[start..end],
            token_types: &batch.token_types()[start..end],
            offsets: bounds.iter().map(|bound| bound - start).collect(),
            read: batch.read()[place(start)..place(end)].iter().map(|row| row - start as u32).collect(),
        }
    }
}
