//! Workers that share a batch: each reads a part of it on a thread of its own and sums gradients; the sums are added in order, so
//! that a number of workers gives one result.

use rand::RngCore;
use rayon::{ThreadPool, ThreadPoolBuilder};
use regard::encode::Encoding;

use crate::Error;
use crate::config::Config;
use crate::gradients::Gradients;
use crate::loss::Labels;
use crate::pass::Pass;
use crate::sampler::{Purpose, Sampler, random};
use crate::sentences::Sentence;

/// What a step learnt.
pub(crate) struct Learnt {
    pub(crate) gradients: Gradients,
    /// Mean loss of a label.
    pub(crate) loss: f64,
    pub(crate) tokens: usize,
    /// Whether there were labels of stance and of sentiment.
    pub(crate) kinds: [bool; 2],
}

/// One thread pool of one thread a worker: what a worker's operations would share out stays on its own thread.
#[derive(Debug)]
pub(crate) struct Workers {
    pools: Vec<ThreadPool>,
    /// The token that stands for a masked mention.
    mask: Option<u32>,
}

impl Workers {
    pub(crate) fn new(count: usize, mask: Option<u32>) -> Result<Self, Error> {
        let pool = || ThreadPoolBuilder::new().num_threads(1).build();
        let pools = (0..count).map(|_| pool()).collect::<Result<_, _>>();
        Ok(Self { pools: pools.map_err(|error| candle_core::Error::Msg(error.to_string()))?, mask })
    }

    /// Learn from `batches`, the first of which is batch `place` of the run.
    pub(crate) fn learn(
        &self,
        pass: Pass<'_>,
        sampler: &Sampler,
        batches: &[Vec<usize>],
        place: usize,
    ) -> Result<Learnt, Error> {
        let sentences = sampler.sentences();
        let labels = Labels::of(batches.iter().flatten().map(|&index| &sentences[index]));
        let weight = labels.weight(&pass.config.loss);
        let mut shares: Vec<Vec<Part<'_>>> = self.pools.iter().map(|_| Vec::new()).collect();
        let mut tokens = 0;
        for (offset, read) in self.read(pass.config, sampler, batches, place).into_iter().enumerate() {
            tokens += read.iter().map(|(_, encoding)| encoding.ids.len()).sum::<usize>();
            let mut rng = random(pass.config.seed, Purpose::Dropout, (place + offset) as u64);
            for (share, part) in shares.iter_mut().zip(divided(read, self.pools.len())) {
                share.push(Part { read: part, seed: rng.next_u64() });
            }
        }
        let results: Vec<Result<(Gradients, f64), Error>> = std::thread::scope(|scope| {
            let workers: Vec<_> = self
                .pools
                .iter()
                .zip(&shares)
                .map(|(pool, share)| scope.spawn(move || pool.install(|| worked(pass, share, weight))))
                .collect();
            let joined = workers.into_iter().map(|worker| worker.join());
            // A panic of a worker is one of ours: it goes on as such.
            joined.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        let (mut gradients, mut loss) = (Gradients::new(pass.parameters.variables().len()), 0.0);
        for result in results {
            let (part, part_loss) = result?;
            gradients.add(part)?;
            loss += part_loss;
        }
        Ok(Learnt { gradients, loss, tokens, kinds: labels.kinds(&pass.config.loss) })
    }

    /// The sentences of `batches`, the first of which is batch `place` of the run, as they are read: some mentions masked.
    pub(crate) fn read<'a>(
        &self,
        config: &Config,
        sampler: &'a Sampler,
        batches: &[Vec<usize>],
        place: usize,
    ) -> Vec<Vec<Read<'a>>> {
        let read = |(batch, place): (&Vec<usize>, usize)| {
            let masks = sampler.masks(batch, place, config.data.masked);
            let sentences = batch.iter().map(|&index| &sampler.sentences()[index]).zip(masks);
            let read = sentences.map(|(sentence, masks)| match self.mask {
                Some(mask) if masks.contains(&true) => {
                    (sentence, sentence.encoding.masked(mask, |target| masks[target]))
                }
                _ => (sentence, sentence.encoding.clone()),
            });
            read.collect()
        };
        batches.iter().zip(place..).map(read).collect()
    }
}

/// A sentence, and its encoding as it is read.
type Read<'a> = (&'a Sentence, Encoding);

/// What a worker reads of one batch.
struct Part<'a> {
    read: Vec<Read<'a>>,
    seed: u64,
}

fn worked(pass: Pass<'_>, parts: &[Part<'_>], weight: f64) -> Result<(Gradients, f64), Error> {
    let (mut gradients, mut loss) = (Gradients::new(pass.parameters.variables().len()), 0.0);
    // Labels that count nothing teach nothing.
    let parts = parts.iter().filter(|part| !part.read.is_empty() && weight > 0.0);
    for Part { read, seed } in parts {
        let (sentences, encodings): (Vec<&Sentence>, Vec<Encoding>) = read.iter().cloned().unzip();
        loss += pass.learn(&encodings, &Labels::of(sentences), weight, *seed, &mut gradients)?;
    }
    Ok((gradients, loss))
}

/// `read` in `count` parts of about as many tokens: longest first, each to the part that has least.
fn divided(mut read: Vec<Read<'_>>, count: usize) -> Vec<Vec<Read<'_>>> {
    read.sort_by_key(|(_, encoding)| std::cmp::Reverse(encoding.ids.len()));
    let mut parts: Vec<(usize, Vec<_>)> = (0..count).map(|_| (0, Vec::new())).collect();
    for item in read {
        if let Some((tokens, part)) = parts.iter_mut().min_by_key(|(tokens, _)| *tokens) {
            *tokens += item.1.ids.len();
            part.push(item);
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}
