//! What a run writes down as it goes: `metrics.jsonl`, TensorBoard events, and at the end the curves.

use regard_eval::Replacement;
use regard_eval::metrics::Figure;

use crate::Error;
use crate::curves;
use crate::dev::Verdict;
use crate::events::Events;
use crate::metrics::{self, Metrics, Record};
use crate::run::{Directory, Progress};

/// The open files of a run.
#[derive(Debug)]
pub(crate) struct Records {
    metrics: Metrics,
    events: Events,
}

impl Records {
    /// Of a run that begins, or goes on.
    pub(crate) fn open(directory: &Directory, progress: &Progress, plan: &Record) -> Result<Self, Error> {
        let &Progress { step, evaluated, .. } = progress;
        if step > 0 {
            let metrics = Metrics::resume(&directory.metrics(), step as u64, evaluated as u64)?;
            return Ok(Self { metrics, events: Events::resume(&directory.0, step as u64)? });
        }
        let mut records =
            Self { metrics: Metrics::create(&directory.metrics())?, events: Events::create(&directory.0)? };
        records.metrics.write(plan)?;
        Ok(records)
    }

    /// One step.
    pub(crate) fn step(&mut self, progress: &Progress, epoch: usize, [loss, lr, norm]: [f64; 3]) -> Result<(), Error> {
        let &Progress { tokens, seconds, .. } = progress;
        let step = progress.step as u64;
        self.metrics.write(&Record::Step { step, epoch, loss, lr, norm, tokens, seconds })?;
        let speed = tokens as f64 / seconds;
        self.events.scalars(
            step,
            &[("train/loss", loss), ("train/lr", lr), ("train/norm", norm), ("train/tokens_per_s", speed)],
        )
    }

    /// One look at dev.
    pub(crate) fn dev(&mut self, step: usize, epoch: usize, verdict: &Verdict, best: bool) -> Result<(), Error> {
        let dev = serde_json::to_value(&verdict.evaluation)
            .map_err(|error| regard::Error::invalid("metrics.jsonl", error))?;
        let (step, score) = (step as u64, verdict.score);
        self.metrics.write(&Record::Dev { step, epoch, score, best, dev })?;
        let mut values = vec![("dev/score".to_owned(), score)];
        for (question, metrics) in verdict.evaluation.questions() {
            let figures = Figure::ALL;
            let known = figures.into_iter().filter_map(|figure| Some((figure, metrics.value(figure)?)));
            values.extend(known.map(|(figure, value)| (format!("dev/{question}/{}", figure.name()), value)));
        }
        let values: Vec<(&str, f64)> = values.iter().map(|(tag, value)| (tag.as_str(), *value)).collect();
        self.events.scalars(step, &values)
    }

    /// Draw all that was written.
    pub(crate) fn curves(&self, directory: &Directory, figure: Figure) -> Result<(), Error> {
        let mut file = Replacement::create(&directory.curves())?;
        file.write(&curves::svg(&metrics::read(&directory.metrics())?, figure))?;
        Ok(file.keep()?)
    }
}
