//! Which sentences an epoch reads, in which batches.
//!
//! **Invariant:** what is drawn is a function of seed and place in the run, never of what was drawn before: a run can be taken up
//! anywhere.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::sentences::{Group, Sentence};

/// What random numbers are drawn for; each purpose and place has a stream of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Heads,
    Order,
    Masks,
    Dropout,
    Adapters,
    Copies,
}

/// The random numbers of one purpose at one place of the run of `seed`.
pub(crate) fn random(seed: u64, purpose: Purpose, place: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(place << 3 | purpose as u64);
    rng
}

/// The sentences of a run and how they are mixed.
#[derive(Debug)]
pub(crate) struct Sampler {
    sentences: Vec<Sentence>,
    /// Sentences of each group, and how many of them an epoch draws.
    groups: Vec<(std::ops::Range<usize>, usize)>,
    batch: usize,
    seed: u64,
}

impl Sampler {
    pub(crate) fn new(groups: Vec<Group>, temperature: f64, batch: usize, seed: u64) -> Self {
        let weights: Vec<f64> = groups.iter().map(|group| group.share * group.sentences.len() as f64).collect();
        let tempered: Vec<f64> = weights.iter().map(|weight| weight.powf(1.0 / temperature)).collect();
        let scale = weights.iter().sum::<f64>() / tempered.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let mut sentences = Vec::new();
        let mut ranges = Vec::new();
        for (group, weight) in groups.into_iter().zip(tempered) {
            let first = sentences.len();
            sentences.extend(group.sentences);
            let drawn = if first < sentences.len() { (weight * scale).round().max(1.0) as usize } else { 0 };
            ranges.push((first..sentences.len(), drawn));
        }
        Self { sentences, groups: ranges, batch, seed }
    }

    /// All sentences, drawn or not.
    pub(crate) fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// Sentences that an epoch reads.
    pub(crate) fn drawn(&self) -> usize {
        self.groups.iter().map(|(_, drawn)| drawn).sum()
    }

    /// Batches of an epoch.
    pub(crate) fn batches(&self) -> usize {
        self.drawn().div_ceil(self.batch)
    }

    /// The batches of `epoch`, in random order, each of sentences of like length: what an epoch does not draw of a group, another
    /// may; what it draws more than once, it draws evenly.
    pub(crate) fn epoch(&self, epoch: usize) -> Vec<Vec<usize>> {
        /// Batches that are sorted by length together: enough for like lengths, few enough for a new mixture each epoch.
        const POOL: usize = 40;
        let mut rng = random(self.seed, Purpose::Order, epoch as u64);
        let mut order: Vec<usize> = Vec::with_capacity(self.drawn());
        for (range, drawn) in &self.groups {
            let mut members: Vec<usize> = range.clone().collect();
            members.shuffle(&mut rng);
            order.extend(members.iter().cycle().take(*drawn));
        }
        order.shuffle(&mut rng);
        for pool in order.chunks_mut(self.batch * POOL) {
            pool.sort_by_key(|&index| self.sentences[index].encoding.ids.len());
        }
        let mut batches: Vec<Vec<usize>> = order.chunks(self.batch).map(<[usize]>::to_vec).collect();
        batches.shuffle(&mut rng);
        batches
    }

    /// Which mentions of the sentences of batch `place`, counted from the start of the run, are masked: one list a sentence.
    pub(crate) fn masks(&self, batch: &[usize], place: usize, share: f64) -> Vec<Vec<bool>> {
        let mut rng = random(self.seed, Purpose::Masks, place as u64);
        let targets = batch.iter().map(|&index| self.sentences[index].encoding.targets.len());
        targets.map(|count| (0..count).map(|_| rng.random_bool(share)).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use regard::encode::Encoding;

    use super::*;

    fn group(share: f64, count: usize) -> Group {
        let sentence = |index: usize| Sentence {
            name: index.to_string(),
            encoding: Encoding {
                ids: vec![0; index % 7 + 1],
                ..Encoding { ids: vec![], token_types: vec![], targets: vec![vec![0]], truncated: 0 }
            },
            stance: Vec::new(),
            sentiment: None,
        };
        Group { share, sentences: (0..count).map(sentence).collect() }
    }

    fn drawn(sampler: &Sampler, epoch: usize, range: std::ops::Range<usize>) -> Vec<usize> {
        let mut counts = vec![0; sampler.sentences().len()];
        sampler.epoch(epoch).concat().into_iter().for_each(|index| counts[index] += 1);
        counts[range].to_vec()
    }

    #[test]
    fn an_epoch_draws_each_share_evenly_and_replays() {
        let sampler = Sampler::new(vec![group(0.5, 20), group(2.0, 5), group(1.0, 3)], 1.0, 4, 7);
        assert_eq!((sampler.drawn(), sampler.batches()), (23, 6));
        assert_eq!(drawn(&sampler, 0, 0..20).iter().sum::<usize>(), 10);
        assert!(drawn(&sampler, 0, 0..20).iter().all(|&count| count <= 1));
        assert_eq!(drawn(&sampler, 0, 20..25), [2; 5]);
        assert_eq!(drawn(&sampler, 0, 25..28), [1; 3]);
        assert_eq!(sampler.epoch(1), sampler.epoch(1));
        assert_ne!(sampler.epoch(0), sampler.epoch(1));
    }

    #[test]
    fn a_temperature_lifts_small_files_and_keeps_the_length() {
        let groups = || vec![group(1.0, 90), group(1.0, 10)];
        let even = Sampler::new(groups(), 1e9, 8, 1);
        assert_eq!(drawn(&even, 0, 90..100), [5; 10]);
        let half = Sampler::new(groups(), 2.0, 8, 1);
        // 90 and 10 to the power of 1/2 are 3 to 1.
        assert_eq!(drawn(&half, 0, 90..100).iter().sum::<usize>(), 25);
        assert_eq!(half.drawn(), 100);
    }

    #[test]
    fn masks_hit_their_share() {
        let sampler = Sampler::new(vec![group(1.0, 2000)], 1.0, 2000, 3);
        let batch: Vec<usize> = (0..2000).collect();
        let hits = sampler.masks(&batch, 0, 0.3).concat().into_iter().filter(|masked| *masked).count();
        assert!((540..660).contains(&hits), "{hits}");
        assert_eq!(sampler.masks(&batch, 5, 0.3), sampler.masks(&batch, 5, 0.3));
        assert_ne!(sampler.masks(&batch, 5, 0.3), sampler.masks(&batch, 6, 0.3));
    }
}
