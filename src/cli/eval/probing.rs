//! Asking a checkpoint again, about changed sentences and about no more than a name.

use regard::actor::{Catalogue, Matcher};
use regard::predict::Predictor;
use regard_eval::Answered;
use regard_eval::probe::prejudice::{READINGS, Table, prejudice};
use regard_eval::probe::{NO_MASK, Outcome, Probe, Surroundings, run};

use crate::progress;

/// What probes need beside the answers.
pub(super) struct Probing<'a> {
    predictor: &'a Predictor,
    catalogue: Catalogue,
    matcher: Matcher,
    seed: u64,
}

impl<'a> Probing<'a> {
    pub(super) fn new(predictor: &'a Predictor, seed: u64) -> anyhow::Result<Self> {
        let catalogue = Catalogue::shipped()?;
        let matcher = Matcher::new(&catalogue)?;
        Ok(Self { predictor, catalogue, matcher, seed })
    }

    /// What each probe shows.
    pub(super) fn probes(&self, answered: &[Answered<'_>]) -> anyhow::Result<Vec<Outcome>> {
        let mask = self.predictor.tokenizer().mask().unwrap_or(NO_MASK);
        let surroundings = Surroundings { catalogue: &self.catalogue, matcher: &self.matcher, mask, seed: self.seed };
        // Not every example can be changed in every way.
        let bar = progress::count(Probe::ALL.len() * answered.len(), "changed examples at most");
        let outcomes = run(self.predictor, &Probe::ALL, answered, &surroundings, |done| bar.set_position(done as u64))?;
        bar.finish_and_clear();
        Ok(outcomes)
    }

    /// What each name does.
    pub(super) fn prejudice(&self) -> anyhow::Result<Table> {
        let bar = progress::count(READINGS, "sentences at most");
        let table = prejudice(self.predictor, &self.catalogue, self.seed, |done| bar.set_position(done as u64))?;
        bar.finish_and_clear();
        Ok(table)
    }
}
