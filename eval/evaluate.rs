//! A model's answers to labelled examples, counted.

use std::collections::BTreeMap;

use regard::predict::{Predictor, Query, Target};
use regard::{Label, Scores, Sentiment, Stance};
use serde::Serialize;

use crate::Error;
use crate::example::{Example, Gold};
use crate::metrics::{Confusion, Metrics};

/// Sentences judged between two reports of progress.
const CHUNK: usize = 512;

/// How well a model answers, over all and by language and data set.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// Toward targets; `None` where nothing was asked or the model does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance: Option<Metrics>,
    /// Of whole texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Metrics>,
    /// Examples that the model cannot be asked: a topic that the text does not name, for a model that pools mentions.
    pub unanswered: u64,
    /// The same by `language` and by `dataset`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by: BTreeMap<&'static str, BTreeMap<String, Evaluation>>,
}

/// An example and what the model said of it.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The example.
    pub example: &'a Example,
    /// The answer's probabilities; `None` where the model does not answer.
    pub scores: Option<Scores>,
}

/// The model's answers to `examples`, in their order. `progress` is told how many are done.
///
/// # Errors
/// Where the model fails.
pub fn answer<'a>(
    predictor: &Predictor,
    examples: &'a [Example],
    mut progress: impl FnMut(usize),
) -> Result<Vec<Answered<'a>>, Error> {
    let pools = predictor.model().question() == regard::head::Question::Span;
    let mut answered = Vec::with_capacity(examples.len());
    for chunk in examples.chunks(CHUNK) {
        let queries: Vec<Query<'_>> = chunk.iter().map(|example| query(example, pools)).collect();
        for (example, prediction) in chunk.iter().zip(predictor.predict(&queries)?) {
            let scores = match example.gold {
                Gold::Stance(_) => prediction.stance.first().copied().flatten(),
                Gold::Sentiment(_) => prediction.sentiment,
            };
            answered.push(Answered { example, scores });
        }
        progress(answered.len());
    }
    Ok(answered)
}

fn query(example: &Example, pools: bool) -> Query<'_> {
    let asked = matches!(example.gold, Gold::Stance(_)) && (example.mention.is_some() || !pools);
    let target = asked.then(|| Target {
        name: example.target.clone().unwrap_or_default(),
        mentions: example.mention.into_iter().collect(),
    });
    Query { text: &example.text, targets: target.into_iter().collect() }
}

/// Count answers.
pub fn evaluate(answered: &[Answered<'_>]) -> Evaluation {
    let mut whole = Counts::default();
    let mut languages: BTreeMap<String, Counts> = BTreeMap::new();
    let mut datasets: BTreeMap<String, Counts> = BTreeMap::new();
    for answer in answered {
        let example = answer.example;
        whole.add(answer);
        languages.entry(example.language.clone()).or_default().add(answer);
        datasets.entry(example.dataset.clone()).or_default().add(answer);
    }
    let part = |counts: BTreeMap<String, Counts>| {
        counts.into_iter().map(|(name, counts)| (name, counts.evaluation())).collect()
    };
    let by = [("language", part(languages)), ("dataset", part(datasets))].into();
    Evaluation { by, ..whole.evaluation() }
}

#[derive(Debug, Clone, Default)]
struct Counts {
    stance: Confusion,
    sentiment: Confusion,
    unanswered: u64,
}

impl Counts {
    fn add(&mut self, answer: &Answered<'_>) {
        match (answer.example.gold, answer.scores) {
            (_, None) => self.unanswered += 1,
            (Gold::Stance(gold), Some(scores)) => self.stance.add(gold as usize, scores.best()),
            (Gold::Sentiment(gold), Some(scores)) => self.sentiment.add(gold as usize, scores.best()),
        }
    }

    fn evaluation(&self) -> Evaluation {
        let metrics = |confusion: &Confusion, names| (confusion.n() > 0).then(|| confusion.metrics(names));
        Evaluation {
            stance: metrics(&self.stance, Stance::NAMES),
            sentiment: metrics(&self.sentiment, Sentiment::NAMES),
            unanswered: self.unanswered,
            by: BTreeMap::new(),
        }
    }
}
