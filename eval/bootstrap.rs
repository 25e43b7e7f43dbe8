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

use crate::metrics::{FEWEST_GROUPS, Figure, Intervals, Metrics, Sample};

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
    /// Tell `found` the draws of each sample, by its index. Groups are numbered below `groups`.
    pub(crate) fn run(&self, samples: &[&Sample], groups: usize, mut found: impl FnMut(usize, Draws)) {
        if self.draws == 0 || groups == 0 {
            return;
        }
        for (chunk, samples_of_chunk) in samples.chunks(SAMPLES).enumerate() {
            for (index, draws) in self.chunk(samples_of_chunk, groups).into_iter().enumerate() {
                found(chunk * SAMPLES + index, draws);
            }
        }
    }

    fn chunk(&self, samples: &[&Sample], groups: usize) -> Vec<Draws> {
        let blocks = self.draws.div_ceil(LANES);
        let blocks: Vec<Vec<_>> = (0..blocks)
            .into_par_iter()
            .map_init(
                || (vec![[0u8; LANES]; groups], vec![0u8; groups], vec![0u8; 4 * groups]),
                |(weights, lane, bytes), block| {
                    draw(self.seed, block, weights, lane, bytes);
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

    /// Give `metrics`, measured on `samples` one by one, their intervals.
    pub(crate) fn add_intervals(&self, metrics: Vec<&mut Metrics>, samples: &[&Sample], groups: usize) {
        let mut metrics = metrics;
        let enough: Vec<usize> = (0..metrics.len()).filter(|&index| metrics[index].groups >= FEWEST_GROUPS).collect();
        let worth: Vec<&Sample> = enough.iter().map(|&index| samples[index]).collect();
        self.run(&worth, groups, |index, draws| metrics[enough[index]].figures.intervals = intervals(&draws));
    }
}

/// The weights of [`LANES`] draws; each block of draws has a stream of its own, whoever computes it.
fn draw(seed: u64, block: usize, weights: &mut [[u8; LANES]], lane: &mut [u8], bytes: &mut [u8]) {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(block as u64);
    for index in 0..LANES {
        lane.fill(0);
        generator.fill_bytes(bytes);
        for word in bytes.as_chunks().0 {
            // A multiplication in place of a division: off by less than groups / 2^32.
            let group = (u64::from(u32::from_le_bytes(*word)) * lane.len() as u64) >> 32;
            let count = &mut lane[group as usize];
            *count = count.saturating_add(1);
        }
        for (weights, count) in weights.iter_mut().zip(lane.iter()) {
            weights[index] = *count;
        }
    }
}

/// The middle 95 % of each figure's draws; `None` where one draw in ten or more does not define it.
fn intervals(draws: &Draws) -> Intervals {
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
