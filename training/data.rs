//! Everything that a run reads before it starts.

use regard::encode::Tokenizer;
use regard_eval::{Example, Gold};

use crate::Error;
use crate::config::{Config, TargetForm};
use crate::copies;
use crate::corpus::{self, Corpus};
use crate::sampler::Sampler;
use crate::sentences::{self, Group};

/// Sentences to learn from and examples to choose by.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) sampler: Sampler,
    pub(crate) dev: Vec<Corpus>,
    /// Stance examples whose target has no mention to pool, or that the form cannot ask.
    pub(crate) left_out: usize,
    /// Records that are no examples, with their place.
    pub(crate) broken: Vec<regard_eval::Error>,
}

impl Data {
    /// Read the files of `config`; `taught` is what teachers say beside them.
    ///
    /// # Errors
    /// Where a file cannot be read or does not serve, or a class that is asked for has no example that can be shown.
    pub(crate) fn read(config: &Config, tokenizer: &Tokenizer, taught: Option<Group>) -> Result<Self, Error> {
        let mut train = corpus::read(&config.train, &config.data)?;
        let mut dev = corpus::read(&config.dev, &config.data)?;
        corpus::check_classes(&train, config.target)?;
        if let Some(useless) =
            dev.iter().find(|corpus| !corpus.examples.iter().any(|example| asked(example, config.target)))
        {
            let message =
                "expected examples that the model can be asked, found none: span needs offsets, pair needs targets";
            return Err(Error::Config { path: useless.source.path.clone(), message: message.into() });
        }
        if config.data.replaced > 0.0 {
            copies::add(&mut train, config)?;
        }
        let gathered = sentences::gather(&train, config.target, tokenizer)?;
        let mut groups = gathered.groups;
        groups.extend(taught);
        let broken = train.iter_mut().chain(&mut dev).flat_map(|corpus| std::mem::take(&mut corpus.broken)).collect();
        if groups.iter().all(|group| group.sentences.is_empty()) {
            let message = "train: expected sentences to learn from, found none that the model can be shown";
            return Err(Error::Config { path: config.output.clone(), message: message.into() });
        }
        let sampler = Sampler::new(groups, config.data.temperature, config.batch, config.seed);
        Ok(Self { sampler, dev, left_out: gathered.left_out, broken })
    }

    /// The steps of the run of `config`.
    pub(crate) fn steps<'a>(&'a self, config: &Config) -> Steps<'a> {
        let in_epoch = self.sampler.batches().div_ceil(config.accumulation);
        let (sampler, accumulation) = (&self.sampler, config.accumulation);
        Steps { sampler, accumulation, in_epoch, count: config.epochs * in_epoch, epoch: None, batches: Vec::new() }
    }
}

/// What each step of a run reads.
#[derive(Debug)]
pub(crate) struct Steps<'a> {
    sampler: &'a Sampler,
    accumulation: usize,
    /// Steps of an epoch.
    pub(crate) in_epoch: usize,
    /// Steps of all epochs.
    pub(crate) count: usize,
    /// The epoch that `batches` are of: drawing one takes a while.
    epoch: Option<usize>,
    batches: Vec<Vec<usize>>,
}

impl Steps<'_> {
    /// The batches of `step`, counted from 0, and the place of the first in the run.
    pub(crate) fn at(&mut self, step: usize) -> (usize, &[Vec<usize>]) {
        let (epoch, first) = (step / self.in_epoch, step % self.in_epoch * self.accumulation);
        if self.epoch != Some(epoch) {
            (self.batches, self.epoch) = (self.sampler.epoch(epoch), Some(epoch));
        }
        let last = self.batches.len().min(first + self.accumulation);
        (epoch * self.sampler.batches() + first, &self.batches[first..last])
    }
}

/// Whether a model of this form can be asked for the example.
pub(crate) fn asked(example: &Example, form: TargetForm) -> bool {
    let sentiment = matches!(example.gold, Gold::Sentiment(_));
    match form {
        TargetForm::Span => sentiment || example.mention.is_some(),
        TargetForm::Pair => !sentiment,
    }
}
