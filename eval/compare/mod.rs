//! Several systems on the same examples: who is better, by how much, and is that more than chance?

mod question;
mod significance;

use serde::{Serialize, Serializer};

pub use significance::{holm, mcnemar};

use crate::answer::{Answer, Answered};
use crate::evaluation::Settings;
use crate::example::{Example, Gold};
use crate::metrics::{Figure, Metrics};

/// A system's name and its answers, one an example, the same examples for all.
#[derive(Debug)]
pub struct System<'a> {
    /// What it is called in the comparison.
    pub name: String,
    /// In the order of the examples.
    pub answered: Vec<Answered<'a>>,
}

/// Systems compared.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// Their names.
    pub systems: Vec<String>,
    /// `stance`, `sentiment`: those that were asked.
    pub questions: Vec<QuestionComparison>,
    /// Examples that not all systems answered, which are left out.
    pub left_out: usize,
}

/// Systems compared on one question.
#[derive(Debug, Clone, Serialize)]
pub struct QuestionComparison {
    /// `stance` or `sentiment`.
    pub question: &'static str,
    /// Of each system, in their order.
    pub metrics: Vec<Metrics>,
    /// Every two of them.
    pub pairs: Vec<Pair>,
}

/// One system less another.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pair {
    /// The one.
    pub one: String,
    /// The other.
    pub other: String,
    /// The one's figure less the other's, with its interval.
    pub differences: Vec<Difference>,
    /// Examples that only the one answers right.
    pub only_one_right: u64,
    /// Examples that only the other answers right.
    pub only_other_right: u64,
    /// That there is no difference.
    pub p: Tests,
    /// The same, adjusted by Holm for all pairs of systems.
    pub p_holm: Tests,
    /// Macro-F1 by part.
    pub by: Vec<PartDifference>,
    /// Parts in which the one is better, beyond the interval.
    pub wins: usize,
    /// Parts in which the other is.
    pub losses: usize,
    /// Where only the one or only the other is right, the widest apart first.
    pub examples: Vec<Disagreement>,
}

/// Probabilities of a difference as large by chance; `None` without draws, and for the bootstrap where groups are too few.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Tests {
    /// Approximate randomisation of macro-F1.
    pub randomisation: Option<f64>,
    /// Paired bootstrap of macro-F1.
    pub bootstrap: Option<f64>,
    /// Exact McNemar test of accuracy. It takes examples for independent: see `eval/README.md`.
    pub mcnemar: Option<f64>,
}

/// Of one figure.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// Which.
    #[serde(serialize_with = "name")]
    pub figure: Figure,
    /// `None` where it is not defined in one of the two.
    pub difference: Option<f64>,
    /// The middle 95 % of draws.
    pub interval: Option<[f64; 2]>,
}

fn name<S: Serializer>(figure: &Figure, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(figure.name())
}

/// Of macro-F1 in one part of the data.
#[derive(Debug, Clone, Serialize)]
pub struct PartDifference {
    /// `language`, `dataset` …
    pub dimension: &'static str,
    /// Its name.
    pub part: String,
    /// Examples.
    pub n: u64,
    /// The one's macro-F1.
    pub one: f64,
    /// The other's.
    pub other: f64,
    /// The one's less the other's.
    pub difference: f64,
    /// The middle 95 % of draws; `None` where groups are too few to say.
    pub interval: Option<[f64; 2]>,
}

/// An example that one answers right and the other wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Disagreement {
    /// Of the example.
    pub id: String,
    /// Of the example.
    pub language: String,
    /// Of the example.
    pub text: String,
    /// Of the example.
    pub target: Option<String>,
    /// Where the text names the target: code points, end exclusive.
    pub mention: Option<(usize, usize)>,
    /// The right label.
    pub gold: &'static str,
    /// The one's answer.
    pub one: &'static str,
    /// The other's.
    pub other: &'static str,
}

/// Compare `systems`, on the examples that all of them answer.
pub fn compare(systems: &[System<'_>], settings: &Settings) -> Comparison {
    let common = common(systems);
    let names: Vec<String> = systems.iter().map(|system| system.name.clone()).collect();
    let examples = systems.first().map_or(0, |system| system.answered.len());
    let left_out = examples - common.len();
    let (stance, sentiment): (Vec<_>, Vec<_>) =
        common.into_iter().partition(|(example, _)| matches!(example.gold, Gold::Stance(_)));
    let questions = [("stance", stance), ("sentiment", sentiment)];
    let asked = questions.into_iter().filter(|(_, answers)| !answers.is_empty());
    let questions = asked.map(|(name, answers)| question::compare(name, &names, &answers, settings)).collect();
    Comparison { systems: names, questions, left_out }
}

/// The examples that all `systems` answer, with the answer of each.
pub(crate) fn common<'a>(systems: &[System<'a>]) -> Vec<(&'a Example, Vec<Answer>)> {
    let Some(first) = systems.first() else { return Vec::new() };
    let answers = |index: usize| systems.iter().map(|system| system.answered.get(index)?.answer).collect::<Option<_>>();
    let examples = first.answered.iter().enumerate();
    examples.filter_map(|(index, answered)| Some((answered.example, answers(index)?))).collect()
}
