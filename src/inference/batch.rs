//! Encodings packed end to end: no padding between them.

use crate::encode::Encoding;
use crate::kernels::SharedPadding;

/// Sequences ready for the encoder.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    ids: Vec<u32>,
    token_types: Vec<u32>,
    offsets: Vec<usize>,
    read: Vec<u32>,
    firsts: Vec<u32>,
    targets: Vec<Target>,
    padding: SharedPadding,
}

/// One target of one sequence: what to pool, as indices into [`Batch::read`].
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The sequence's first token.
    pub(crate) first: u32,
    /// The tokens of its mentions.
    pub(crate) tokens: Vec<u32>,
}

impl Batch {
    /// Pack `encodings` in their order.
    pub fn pack<'a>(encodings: impl IntoIterator<Item = &'a Encoding>) -> Self {
        let mut batch = Self { offsets: vec![0], ..Self::default() };
        for encoding in encodings {
            let (row, first) = (batch.ids.len() as u32, batch.read.len() as u32);
            batch.ids.extend(&encoding.ids);
            batch.token_types.extend(&encoding.token_types);
            batch.offsets.push(batch.ids.len());
            batch.firsts.push(first);
            let mut read: Vec<u32> = encoding.targets.concat();
            // The first token of a sequence is always read.
            read.push(0);
            read.sort_unstable();
            read.dedup();
            let place = |token: &u32| first + read.partition_point(|read| read < token) as u32;
            let targets = encoding.targets.iter().map(|tokens| tokens.iter().map(place).collect());
            batch.targets.extend(targets.map(|tokens| Target { first, tokens }));
            batch.read.extend(read.iter().map(|token| row + token));
        }
        batch
    }

    /// The same batch with every token read, as whoever looks at the hidden states of all of them needs it.
    pub fn reading_all(mut self) -> Self {
        let rows = std::mem::replace(&mut self.read, (0..self.ids.len() as u32).collect());
        let places = self.firsts.iter_mut().chain(
            self.targets.iter_mut().flat_map(|target| std::iter::once(&mut target.first).chain(&mut target.tokens)),
        );
        places.for_each(|place| *place = rows[*place as usize]);
        self
    }

    /// N token ids.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// N token types: 1 in the second part of a pair.
    pub fn token_types(&self) -> &[u32] {
        &self.token_types
    }

    /// B + 1 offsets: sequence b is tokens `offsets[b]..offsets[b + 1]`.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The R rows of the N tokens whose last hidden state is read, in order: the first token of each sequence and those of mentions.
    pub fn read(&self) -> &[u32] {
        &self.read
    }

    /// Of each sequence, the index into [`Batch::read`] of its first token.
    pub(crate) fn firsts(&self) -> &[u32] {
        &self.firsts
    }

    /// Where sequences stand for devices that pad them.
    pub(crate) fn padding(&self) -> &SharedPadding {
        &self.padding
    }

    /// The targets of all sequences, in order.
    pub(crate) fn targets(&self) -> &[Target] {
        &self.targets
    }
}

/// Indices of sequences of the given `lengths` (tokens), shortest first, in groups of at most `budget` tokens (or one sequence).
///
/// Sequences of like length keep the work of a group's members alike.
pub fn groups(lengths: &[usize], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&index| lengths[index]);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut tokens = budget;
    for index in order {
        tokens += lengths[index];
        if tokens > budget {
            groups.push(Vec::new());
            tokens = lengths[index];
        }
        if let Some(group) = groups.last_mut() {
            group.push(index);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    #[test]
    fn groups_hold_everything_once_within_the_budget() {
        let lengths = [9, 3, 3, 12, 1, 5];
        let groups = super::groups(&lengths, 10);
        assert_eq!(groups, [vec![4, 1, 2], vec![5], vec![0], vec![3]]);
        assert!(super::groups(&[], 10).is_empty());
    }
}
