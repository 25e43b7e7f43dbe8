//! Answers, measured over all and by part.

use std::collections::{BTreeMap, HashMap};

use regard::{Label, Sentiment, Stance};
use serde::{Serialize, Serializer};

use crate::answer::{Answer, Answered};
use crate::bootstrap::{Bootstrap, intervals};
use crate::breakdown::{Breakdown, Part};
use crate::example::{Example, Gold};
use crate::metrics::{FEWEST_GROUPS, Judged, Metrics, Sample};

/// Parts of one dimension that are reported: the largest. Others are counted.
const PARTS: usize = 60;

/// What to measure and how surely.
#[derive(Debug)]
pub struct Settings {
    /// How often to draw for the intervals.
    pub bootstrap: Bootstrap,
    /// By what to break down.
    pub breakdown: Breakdown,
    /// Shares of right answers to find the least confidence for.
    pub precisions: Vec<f64>,
}

impl Default for Settings {
    /// By language and data set, with intervals.
    fn default() -> Self {
        Self { bootstrap: Bootstrap::default(), breakdown: Breakdown::default(), precisions: vec![0.7, 0.8, 0.9, 0.95] }
    }
}

/// How good answers are, over all and by part.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Evaluation {
    /// Toward targets; `None` where nothing was asked or answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance: Option<Metrics>,
    /// Of whole texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Metrics>,
    /// Examples without an answer, such as a topic that the text does not name, for a model that pools mentions.
    pub unanswered: u64,
    /// The same by `language`, `dataset`, `actor_type` …
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by: BTreeMap<&'static str, Parts>,
    /// Parts of these that are too small to be reported, counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parts_left_out: BTreeMap<&'static str, usize>,
}

impl Evaluation {
    /// What was measured, by the question's name.
    pub fn questions(&self) -> impl Iterator<Item = (&'static str, &Metrics)> {
        let questions = [("stance", &self.stance), ("sentiment", &self.sentiment)];
        questions.into_iter().filter_map(|(name, metrics)| Some((name, metrics.as_ref()?)))
    }

    fn questions_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Metrics)> {
        let questions = [("stance", &mut self.stance), ("sentiment", &mut self.sentiment)];
        questions.into_iter().filter_map(|(name, metrics)| Some((name, metrics.as_mut()?)))
    }
}

/// Evaluations of the parts of one dimension by name, in its order; a map in JSON.
#[derive(Debug, Clone, Default)]
pub struct Parts(pub Vec<(String, Evaluation)>);

impl Parts {
    /// The part of that name.
    pub fn part(&self, name: &str) -> Option<&Evaluation> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, evaluation)| evaluation)
    }
}

impl Serialize for Parts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, evaluation)| (name, evaluation)))
    }
}

/// Measure without intervals, by language and data set: what training asks for after each epoch.
pub fn count(answered: &[Answered<'_>]) -> Evaluation {
    let bootstrap = Bootstrap { draws: 0, seed: 0 };
    evaluate(answered, &Settings { bootstrap, ..Settings::default() })
}

/// Measure.
pub fn evaluate(answered: &[Answered<'_>], settings: &Settings) -> Evaluation {
    let groups = Groups::new(answered.iter().map(|answered| answered.example));
    let all: Vec<usize> = (0..answered.len()).collect();
    let mut measured = Measured::new(answered, &groups.of, &all);
    measured.evaluation.stance = measured.detailed(0, settings);
    measured.evaluation.sentiment = measured.detailed(1, settings);
    let examples: Vec<&Example> = answered.iter().map(|answered| answered.example).collect();
    let mut dimensions: Vec<Dimension> = Vec::new();
    for (name, parts) in settings.breakdown.parts(&examples) {
        let (members, left_out) = largest(&parts);
        let measure = |(part, members): (Part, Vec<usize>)| (part, Measured::new(answered, &groups.of, &members));
        dimensions.push(Dimension { name, left_out, parts: members.into_iter().map(measure).collect() });
    }
    let parts = dimensions.iter_mut().flat_map(|dimension| dimension.parts.iter_mut().map(|(_, measured)| measured));
    add_intervals(std::iter::once(&mut measured).chain(parts), &settings.bootstrap, groups.count);
    for Dimension { name, left_out, parts } in dimensions {
        if !parts.is_empty() {
            let parts = parts.into_iter().map(|(part, measured)| (part.name, measured.evaluation)).collect();
            measured.evaluation.by.insert(name, Parts(parts));
        }
        if left_out > 0 {
            measured.evaluation.parts_left_out.insert(name, left_out);
        }
    }
    measured.evaluation
}

/// The parts of the data by one property, while they are measured.
struct Dimension {
    name: &'static str,
    left_out: usize,
    parts: Vec<(Part, Measured)>,
}

/// The members of the largest parts, in order, and how many parts are not among these.
pub(crate) fn largest(parts: &[Option<Part>]) -> (Vec<(Part, Vec<usize>)>, usize) {
    let mut members: HashMap<&Part, Vec<usize>> = HashMap::new();
    for (index, part) in parts.iter().enumerate() {
        if let Some(part) = part {
            members.entry(part).or_default().push(index);
        }
    }
    let mut members: Vec<(Part, Vec<usize>)> =
        members.into_iter().map(|(part, members)| (part.clone(), members)).collect();
    members.sort_by(|(a, of_a), (b, of_b)| of_b.len().cmp(&of_a.len()).then(a.cmp(b)));
    let left_out = members.len().saturating_sub(PARTS);
    members.truncate(PARTS);
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    (members, left_out)
}

/// Which group each answered example belongs to: those of one data set with one name.
pub(crate) struct Groups {
    pub(crate) of: Vec<u32>,
    pub(crate) count: usize,
}

impl Groups {
    pub(crate) fn new<'a>(examples: impl Iterator<Item = &'a Example>) -> Self {
        let names: Vec<(&str, &str)> = examples.map(|example| (&*example.dataset, &*example.group)).collect();
        // By name, so that the order of the examples does not change the draws.
        let mut numbers: Vec<_> = names.clone();
        numbers.sort_unstable();
        numbers.dedup();
        let number: HashMap<_, u32> = numbers.iter().zip(0..).collect();
        Self { of: names.iter().map(|name| number[name]).collect(), count: numbers.len() }
    }

    /// What `system` answers to the examples that these groups were made of, where each has the answers of all systems.
    pub(crate) fn judged(&self, answers: &[(&Example, Vec<Answer>)], system: usize) -> Vec<Judged> {
        let pairs = answers.iter().zip(&self.of);
        pairs.map(|((example, answers), group)| answers[system].judged(example.gold, *group)).collect()
    }
}

/// An evaluation with the answers that it was made from: stance, then sentiment.
struct Measured {
    evaluation: Evaluation,
    judged: [Vec<Judged>; 2],
}

impl Measured {
    fn new(answered: &[Answered<'_>], groups: &[u32], members: &[usize]) -> Self {
        let mut judged = [Vec::new(), Vec::new()];
        let mut unanswered = 0;
        for &member in members {
            let Answered { example, answer } = answered[member];
            let question = usize::from(matches!(example.gold, Gold::Sentiment(_)));
            match answer {
                Some(answer) => judged[question].push(answer.judged(example.gold, groups[member])),
                None => unanswered += 1,
            }
        }
        let metrics = |judged: &Vec<Judged>, names| (!judged.is_empty()).then(|| Metrics::new(judged, names));
        let stance = metrics(&judged[0], Stance::NAMES);
        let sentiment = metrics(&judged[1], Sentiment::NAMES);
        Self { evaluation: Evaluation { stance, sentiment, unanswered, ..Evaluation::default() }, judged }
    }

    fn detailed(&mut self, question: usize, settings: &Settings) -> Option<Metrics> {
        let metrics = [&mut self.evaluation.stance, &mut self.evaluation.sentiment][question].take();
        metrics.map(|metrics| metrics.in_detail(&self.judged[question], &settings.precisions))
    }
}

/// Draw once for all.
fn add_intervals<'a>(measured: impl Iterator<Item = &'a mut Measured>, bootstrap: &Bootstrap, groups: usize) {
    // Parts that are the whole, as where all examples are of one language, share its draws.
    let mut wholes: HashMap<&'static str, (u64, usize)> = HashMap::new();
    let (mut metrics, mut samples) = (Vec::<Vec<&mut Metrics>>::new(), Vec::new());
    for measured in measured {
        let judged = measured.judged.iter().filter(|judged| !judged.is_empty());
        for ((question, metrics_of), judged) in measured.evaluation.questions_mut().zip(judged) {
            if bootstrap.draws == 0 || metrics_of.groups < FEWEST_GROUPS {
                continue;
            }
            // The whole comes first.
            match wholes.entry(question).or_insert((metrics_of.n, metrics.len())) {
                (n, index) if *n == metrics_of.n && *index < metrics.len() => metrics[*index].push(metrics_of),
                _ => {
                    metrics.push(vec![metrics_of]);
                    samples.push(vec![Sample::new(judged)]);
                }
            }
        }
    }
    bootstrap.run(&samples, groups, |index, draws| {
        let found = intervals(&draws[0]);
        metrics[index].iter_mut().for_each(|metrics| metrics.figures.intervals = found);
    });
}
