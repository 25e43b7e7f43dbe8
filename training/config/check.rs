//! Values that have the right type and still make no sense.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use regard_eval::dataset::Form;
use regard_eval::metrics::Figure;

use crate::Error;

use super::{Config, EvaluationConfig, Source, TargetForm, TeacherConfig, wording};

/// A key of an experiment, and what was expected of its value and found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Its parts joined by dots; the index of a file of a list is one.
    pub(crate) key: String,
    pub(crate) message: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.key, self.message)
    }
}

/// Shortest sequence that holds special tokens and still something to read.
const SHORTEST: usize = 8;

/// Most that a file can be repeated in an epoch.
const MOST: f64 = 1000.0;

impl Config {
    /// Refuse the first value that makes no sense.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        if self.base.trim().is_empty() {
            return Err(wrong("base", "expected a directory or a hub id, found nothing"));
        }
        let counts = [
            ("epochs", self.epochs, 1),
            ("batch", self.batch, 1),
            ("accumulation", self.accumulation, 1),
            ("longest", self.longest, SHORTEST),
            ("trained.rank", self.trained.rank, 1),
        ];
        for (key, value, least) in counts {
            if value < least {
                return Err(wrong(key, format!("expected a whole number from {least}, found {value}")));
            }
        }
        if i64::try_from(self.seed).is_err() {
            let message =
                format!("expected a whole number up to {}, which TOML can write, found {}", i64::MAX, self.seed);
            return Err(wrong("seed", message));
        }
        self.check_numbers()?;
        if self.target == TargetForm::Pair {
            let found = "found target = \"pair\", which has no mentions to mask";
            if self.data.masked > 0.0 {
                return Err(wrong("data.masked", format!("expected target = \"span\", {found}")));
            }
            if self.evaluation.half_masking {
                return Err(wrong("evaluation.half_masking", format!("expected target = \"span\", {found}")));
            }
        }
        for (key, weights) in
            [("stance_classes", self.loss.stance_classes), ("sentiment_classes", self.loss.sentiment_classes)]
        {
            let sound = weights.iter().all(|weight| (0.0..f64::INFINITY).contains(weight));
            if !(sound && weights.iter().any(|&weight| weight > 0.0)) {
                let message = format!("expected numbers from 0, not all of them 0, found {weights:?}");
                return Err(wrong(&format!("loss.{key}"), message));
            }
        }
        self.evaluation.figure().map_err(|message| wrong("evaluation.metric", message))?;
        for (list, sources) in [("train", &self.train), ("dev", &self.dev)] {
            if sources.is_empty() {
                return Err(wrong(list, "expected at least one file, found none"));
            }
            for (index, source) in sources.iter().enumerate() {
                source.check().map_err(|Wrong { key, message }| wrong(&format!("{list}.{index}.{key}"), message))?;
            }
        }
        self.teacher.as_ref().map_or(Ok(()), TeacherConfig::check)
    }

    fn check_numbers(&self) -> Result<(), Wrong> {
        let Self { data, loss, trained, optimizer, compute, .. } = self;
        let positives = [
            ("trained.alpha", trained.alpha),
            ("optimizer.lr", optimizer.lr),
            ("optimizer.head_lr", optimizer.head_lr.unwrap_or(optimizer.lr)),
            ("optimizer.clip", optimizer.clip),
        ];
        positives.into_iter().try_for_each(|(key, value)| positive(key, value))?;
        number("data.temperature", data.temperature, 0.1..f64::INFINITY, "a number from 0.1")?;
        // Less is hardly a guard against dividing by a root that is 0.
        number("optimizer.eps", optimizer.eps, 1e-12..f64::INFINITY, "a number from 1e-12")?;
        let from_zero = [
            ("loss.sentiment_weight", loss.sentiment_weight),
            ("loss.adversarial", loss.adversarial),
            ("optimizer.weight_decay", optimizer.weight_decay),
            ("compute.save_minutes", compute.save_minutes),
        ];
        from_zero.into_iter().try_for_each(|(key, value)| number(key, value, 0.0..f64::INFINITY, "a number from 0"))?;
        let shares = [
            ("data.broken", data.broken),
            ("data.masked", data.masked),
            ("data.replaced", data.replaced),
            ("optimizer.warmup", optimizer.warmup),
        ];
        shares.into_iter().try_for_each(|(key, value)| number(key, value, 0.0..=1.0, "a share from 0 to 1"))?;
        let [first, second] = optimizer.betas;
        let below_one = [
            ("loss.smoothing", loss.smoothing),
            ("optimizer.betas.0", first),
            ("optimizer.betas.1", second),
            ("optimizer.average", optimizer.average),
        ];
        below_one
            .into_iter()
            .try_for_each(|(key, value)| number(key, value, 0.0..1.0, "a number from 0 and below 1"))?;
        number("optimizer.layer_decay", optimizer.layer_decay, above_zero(1.0), "a number above 0 and up to 1")
    }

    /// The figure to choose by.
    pub(crate) fn figure(&self) -> Result<Figure, Error> {
        let refuse = |message| Error::Config { path: self.output.clone(), message };
        self.evaluation.figure().map_err(refuse)
    }
}

impl Source {
    /// The key of what is wrong is one of the source's own.
    fn check(&self) -> Result<(), Wrong> {
        if self.path.as_os_str().is_empty() {
            return Err(wrong("path", "expected a file, found nothing"));
        }
        share("share", self.share)?;
        self.reading().map(|_| ())
    }
}

impl TeacherConfig {
    fn check(&self) -> Result<(), Wrong> {
        for (key, count) in [("checkpoints", self.checkpoints.len()), ("texts", self.texts.len())] {
            if count == 0 {
                return Err(wrong(&format!("teacher.{key}"), "expected at least one, found none"));
            }
        }
        for (index, path) in self.texts.iter().enumerate() {
            if let Some(form @ (Form::Csv | Form::Tsv | Form::Parquet)) = Form::of_extension(path) {
                let message = format!("expected .jsonl or a file with a sentence a line, found .{}", form.name());
                return Err(wrong(&format!("teacher.texts.{index}"), message));
            }
        }
        share("teacher.share", self.share)?;
        number("teacher.temperature", self.temperature, 0.1..=100.0, "a number from 0.1 to 100")
    }
}

impl EvaluationConfig {
    /// The figure to choose by. Where less of it is better ([`Figure::rises`]), the least is chosen.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn figure(&self) -> Result<Figure, String> {
        let found = Figure::ALL.into_iter().find(|figure| figure.name() == self.metric);
        found.ok_or_else(|| wording::not_one_of(&self.metric, &Figure::ALL.map(Figure::name)))
    }
}

pub(super) fn wrong(key: &str, message: impl Into<String>) -> Wrong {
    Wrong { key: key.to_owned(), message: message.into() }
}

fn positive(key: &str, value: f64) -> Result<(), Wrong> {
    let fits = value.is_finite() && value > 0.0;
    fits.then_some(()).ok_or_else(|| wrong(key, format!("expected a positive number, found {value}")))
}

/// How often a file is read in an epoch.
fn share(key: &str, value: f64) -> Result<(), Wrong> {
    number(key, value, above_zero(MOST), &format!("a number above 0 and up to {MOST}"))
}

fn above_zero(most: f64) -> (Bound<f64>, Bound<f64>) {
    (Bound::Excluded(0.0), Bound::Included(most))
}

fn number(key: &str, value: f64, range: impl RangeBounds<f64>, expected: &str) -> Result<(), Wrong> {
    // NaN is in no range.
    range.contains(&value).then_some(()).ok_or_else(|| wrong(key, format!("expected {expected}, found {value}")))
}
