//! How good three-class answers are: figures, per class, calibration, abstention. `eval/README.md` has the definitions.

mod abstention;
mod calibration;
mod confusion;
mod figure;
mod ranking;
mod sample;

use serde::Serialize;

pub use abstention::{Abstention, CoveragePoint, Threshold};
pub use calibration::{Bin, Reliability};
pub(crate) use confusion::{Counts, macro_f1};
pub use figure::{Figure, Figures, Intervals, Values};
use ranking::Ranking;
pub use sample::Judged;
pub(crate) use sample::Sample;

/// Fewer groups than this are too few to say how sure a figure is.
pub const FEWEST_GROUPS: u64 = 10;

/// What there is to say of answers to one question.
#[derive(Debug, Clone, Serialize)]
pub struct Metrics {
    /// Examples.
    pub n: u64,
    /// Groups of examples that are resampled together.
    pub groups: u64,
    /// With their intervals.
    #[serde(flatten)]
    pub figures: Figures,
    /// The `ece` that perfectly calibrated answers as confident as these would have by chance: what it is to be read against.
    /// `None` where there are no probabilities.
    pub ece_by_chance: Option<f64>,
    /// In label order.
    pub per_class: [ClassMetrics; 3],
    /// `confusion[gold][answer]`.
    pub confusion: [[u64; 3]; 3],
    /// Confidence against accuracy; `None` for parts, and where there are no probabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reliability: Option<Reliability>,
    /// What leaving out the least confident answers gains; `None` for parts, and where there are no probabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abstention: Option<Abstention>,
    /// What is not defined here, or too little to say, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One class against the others.
#[derive(Debug, Clone, Serialize)]
pub struct ClassMetrics {
    /// Its name.
    pub label: &'static str,
    /// Gold examples.
    pub support: u64,
    /// Right among those answered so.
    pub precision: f64,
    /// Found among gold.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Area under its ROC curve; `None` where gold has only it or never it, or there are no probabilities.
    pub auroc: Option<f64>,
    /// Its average precision; `None` where gold never has it, or there are no probabilities.
    pub auprc: Option<f64>,
    /// Calibration error of its probability.
    pub ece: Option<f64>,
}

impl Metrics {
    /// Measure `judged`, whose groups are numbered from 0; classes go by `names`. Without intervals: these take draws.
    pub fn new(judged: &[Judged], names: [&'static str; 3]) -> Self {
        let mut confusion = [[0; 3]; 3];
        for judged in judged {
            confusion[judged.gold][judged.answer] += 1;
        }
        let groups = judged.iter().map(|judged| judged.group as usize + 1).max().unwrap_or(0);
        let once = vec![[1u8]; groups];
        let sample = Sample::new(judged);
        let [values] = sample.figures(&once);
        let scored = judged.iter().filter(|judged| judged.scores.is_some()).count();
        let per_class = [0, 1, 2].map(|class| {
            let areas = Ranking::new(judged, class).0.areas(&once);
            let defined = |[value]: [f64; 1]| Some(value).filter(|value| scored == judged.len() && value.is_finite());
            ClassMetrics {
                auroc: defined(areas.roc),
                auprc: defined(areas.precision),
                ece: calibration::class_error(judged, class),
                ..class_metrics(&confusion, class, names)
            }
        });
        let mut distinct: Vec<u32> = judged.iter().map(|judged| judged.group).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let figures = Figures { values, intervals: Default::default() };
        let mut metrics = Self {
            n: judged.len() as u64,
            groups: distinct.len() as u64,
            figures,
            ece_by_chance: calibration::error_by_chance(judged),
            per_class,
            confusion,
            reliability: None,
            abstention: None,
            notes: Vec::new(),
        };
        metrics.notes = notes(&metrics, scored as u64);
        metrics
    }

    /// The same with what takes many examples to say: reliability, and what abstaining gains at each wanted `precision`.
    pub fn in_detail(self, judged: &[Judged], precisions: &[f64]) -> Self {
        let reliability = Reliability::new(judged);
        Self { reliability, abstention: Abstention::new(judged, precisions), ..self }
    }

    /// The value of `figure`, where it is defined.
    pub fn value(&self, figure: Figure) -> Option<f64> {
        self.figures.value(figure)
    }

    /// Mean F1 of the three classes, 0 where nothing was counted.
    pub fn macro_f1(&self) -> f64 {
        self.value(Figure::MacroF1).unwrap_or(0.0)
    }
}

fn class_metrics(counts: &[[u64; 3]; 3], class: usize, names: [&'static str; 3]) -> ClassMetrics {
    let hit = counts[class][class];
    let support: u64 = counts[class].iter().sum();
    let answered: u64 = counts.iter().map(|row| row[class]).sum();
    let share = |part: u64, whole: u64| confusion::share(part as f64, whole as f64);
    ClassMetrics {
        label: names[class],
        support,
        precision: share(hit, answered),
        recall: share(hit, support),
        f1: share(2 * hit, support + answered),
        auroc: None,
        auprc: None,
        ece: None,
    }
}

/// Why figures are missing or weak.
fn notes(metrics: &Metrics, scored: u64) -> Vec<String> {
    let mut notes = Vec::new();
    let n = metrics.n;
    if metrics.groups < FEWEST_GROUPS {
        let groups = metrics.groups;
        notes.push(format!(
            "n = {n} in {groups} groups: too few to say how sure the figures are, which takes {FEWEST_GROUPS}"
        ));
    }
    let absent: Vec<&str> =
        metrics.per_class.iter().filter(|class| class.support == 0).map(|class| class.label).collect();
    match absent.as_slice() {
        [] => {}
        [one] => notes.push(format!("no gold {one}: its F1 counts 0, the areas under curves leave it out")),
        // One class alone has nothing to be told from.
        many => {
            let absent = many.join(" and ");
            notes.push(format!(
                "no gold {absent}: one class only, F1 of the others counts 0, mcc and kappa say nothing"
            ));
        }
    }
    match n - scored {
        0 => {}
        all if all == n => notes.push("answers without probabilities: no auroc, auprc, nll, brier, ece".to_owned()),
        some => {
            notes.push(format!("{some} of {n} answers have no probabilities: no auroc, auprc, nll, brier, ece of any"))
        }
    }
    let undefined: Vec<&str> = Figure::ALL
        .into_iter()
        .filter(|figure| (scored == n || !figure.needs_scores()) && metrics.value(*figure).is_none())
        .map(Figure::name)
        .collect();
    if !undefined.is_empty() {
        notes.push(format!("not defined, with nothing to divide by: {}", undefined.join(", ")));
    }
    notes
}
