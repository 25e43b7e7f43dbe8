//! How sure a figure is: the bootstrap, with whole groups drawn.
//!
//! A draw takes as many groups as there are, with replacement (Efron, "Bootstrap methods: another look at the jackknife", 1979;
//! by clusters as in Davison and Hinkley, "Bootstrap methods and their application", 1997, section 3.8). It is kept as a count a
//! group, never as a copy of the examples, and serves every part of the data: the figures of a language are those of its examples
//! in the draw. Draw number k of a seed is the same for all who are measured on the same groups, so that two systems can be
//! compared draw by draw.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::metrics::{Figure, Intervals, Sample};

/// Draws that are counted together.
const LANES: usize = 16;

/// Samples whose draws are held at once: 1 MB each for 10,000 draws.
const SAMPLES: usize = 48;

/// How often to draw, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// Number of draws; 0 for no intervals.
    pub draws: usize,
    /// Same seed, same draws.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { draws: 10_000, seed: 0 }
    }
}

/// The figures of every draw: `draws[figure][draw]`, NaN where a figure is not defined in a draw.
pub(crate) type Draws = Vec<Vec<f64>>;

impl Bootstrap {
    /// Tell `found` the draws of each set of samples, by the index of the set. Groups are numbered below `groups`.
    pub(crate) fn run(&self, sets: &[Vec<Sample>], groups: usize, mut found: impl FnMut(usize, Vec<Draws>)) {
        let largest = sets.iter().map(Vec::len).max().unwrap_or(0);
        if self.draws == 0 || groups == 0 || largest == 0 {
            return;
        }
        let at_once = (SAMPLES / largest).max(1);
        for (chunk, sets) in sets.chunks(at_once).enumerate() {
            let samples: Vec<&Sample> = sets.iter().flatten().collect();
            let mut draws = self.chunk(&samples, groups).into_iter();
            for (index, set) in sets.iter().enumerate() {
                found(chunk * at_once + index, draws.by_ref().take(set.len()).collect());
            }
        }
    }

    fn chunk(&self, samples: &[&Sample], groups: usize) -> Vec<Draws> {
        let blocks = self.draws.div_ceil(LANES);
        let blocks: Vec<Vec<_>> = (0..blocks)
            .into_par_iter()
            .map_init(
                || Block::new(groups),
                |room, block| {
                    let weights = room.draw(self.seed, block);
                    samples.iter().map(|sample| sample.figures(weights)).collect()
                },
            )
            .collect();
        let of_sample = |sample: usize| {
            let of_figure = |figure: Figure| {
                let values = blocks.iter().flat_map(|block| block[sample]);
                values.take(self.draws).map(|values| values.0[figure as usize]).collect()
            };
            Figure::ALL.into_iter().map(of_figure).collect()
        };
        (0..samples.len()).map(of_sample).collect()
    }
}

/// The weights of [`LANES`] draws, with room to make them.
struct Block {
    weights: Vec<[u8; LANES]>,
    /// The same, lane by lane: drawing hits places at random, and one lane stays in the cache.
    lanes: Vec<u8>,
    random: Vec<u8>,
}

impl Block {
    fn new(groups: usize) -> Self {
        Self { weights: vec![[0; LANES]; groups], lanes: vec![0; LANES * groups], random: vec![0; 4 * groups] }
    }

    /// Draw. Each block has a stream of its own, whoever computes it.
    fn draw(&mut self, seed: u64, block: usize) -> &[[u8; LANES]] {
        let groups = self.weights.len();
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(block as u64);
        self.lanes.fill(0);
        for lane in self.lanes.chunks_exact_mut(groups) {
            generator.fill_bytes(&mut self.random);
            for word in self.random.as_chunks().0 {
                // A multiplication in place of a division: off by less than groups / 2^32.
                let group = (u64::from(u32::from_le_bytes(*word)) * groups as u64) >> 32;
                let count = &mut lane[group as usize];
                *count = count.saturating_add(1);
            }
        }
        for (group, weights) in self.weights.iter_mut().enumerate() {
            *weights = std::array::from_fn(|lane| self.lanes[lane * groups + group]);
        }
        &self.weights
    }
}

/// The middle 95 % of each figure's draws; `None` where one draw in ten or more does not define it.
pub(crate) fn intervals(draws: &Draws) -> Intervals {
    Figure::ALL.map(|figure| interval(&draws[figure as usize]))
}

/// The middle 95 % of `draws`, NaN left out; `None` where one in ten or more is.
pub(crate) fn interval(draws: &[f64]) -> Option<[f64; 2]> {
    let mut defined: Vec<f64> = draws.iter().copied().filter(|value| value.is_finite()).collect();
    if defined.is_empty() || defined.len() * 10 <= draws.len() * 9 {
        return None;
    }
    defined.sort_unstable_by(f64::total_cmp);
    Some([quantile(&defined, 0.025), quantile(&defined, 0.975)])
}

/// The quantile of sorted `values`, linear between neighbours (Hyndman and Fan's type 7, NumPy's default).
fn quantile(values: &[f64], share: f64) -> f64 {
    let place = share * (values.len() - 1) as f64;
    let (low, rest) = (place as usize, place.fract());
    let high = values[(low + 1).min(values.len() - 1)];
    values[low] + rest * (high - values[low])
}
