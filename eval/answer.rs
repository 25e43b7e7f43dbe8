//! Answers to labelled examples, a model's or anyone's.

use regard::head::Question;
use regard::predict::{Predictor, Query, Target};
use regard::{Label, Language, Scores, Sentiment, Stance};

use crate::Error;
use crate::example::{Example, Gold};
use crate::metrics::Judged;

/// Examples judged between two reports of progress.
pub(crate) const CHUNK: usize = 512;

/// What was answered to one question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Index of the label.
    pub label: usize,
    /// Probabilities by label, which sum to one; `None` where only a label was given.
    pub scores: Option<[f64; 3]>,
}

impl From<Scores> for Answer {
    fn from(scores: Scores) -> Self {
        Self { label: scores.best(), scores: Some(scores.0.map(f64::from)) }
    }
}

impl Answer {
    /// The label's name, as an answer to what `gold` answers.
    pub fn name(&self, gold: Gold) -> &'static str {
        match gold {
            Gold::Stance(_) => Stance::NAMES[self.label],
            Gold::Sentiment(_) => Sentiment::NAMES[self.label],
        }
    }

    /// The probability of the label that was answered.
    pub fn confidence(&self) -> Option<f64> {
        Some(self.scores?[self.label])
    }

    /// Beside its gold label, in `group`.
    pub(crate) fn judged(self, gold: Gold, group: u32) -> Judged {
        Judged { gold: gold.index(), answer: self.label, scores: self.scores, group }
    }
}

/// An example and what was answered to it.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The example.
    pub example: &'a Example,
    /// The answer; `None` where there is none.
    pub answer: Option<Answer>,
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
    let mut answered = Vec::with_capacity(examples.len());
    for chunk in examples.chunks(CHUNK) {
        let scores = ask(predictor, chunk.iter().map(|example| (example, false)))?;
        let answers = chunk.iter().zip(scores);
        answered.extend(answers.map(|(example, scores)| Answered { example, answer: scores.map(Answer::from) }));
        progress(answered.len());
    }
    Ok(answered)
}

/// What the model answers to examples, in their order; `None` where it cannot be asked. Where `hidden`, it is not told which
/// target is meant.
pub(crate) fn ask<'a>(
    predictor: &Predictor,
    examples: impl Iterator<Item = (&'a Example, bool)>,
) -> Result<Vec<Option<Scores>>, Error> {
    let pools = predictor.model().question() == Question::Span;
    let examples: Vec<(&Example, bool)> = examples.collect();
    // A topic that the text does not name cannot be pooled: the text is not read in vain.
    let asked = |(example, hidden): &(&Example, bool)| {
        matches!(example.gold, Gold::Sentiment(_)) || example.mention.is_some() || *hidden || !pools
    };
    let queries: Vec<Query<'_>> =
        examples.iter().filter(|example| asked(example)).map(|(example, _)| query(example)).collect();
    let mut predictions = predictor.predict(&queries)?.into_iter();
    let answers = examples.iter().map(|example| {
        let prediction = if asked(example) { predictions.next()? } else { return None };
        match example.0.gold {
            Gold::Stance(_) => prediction.stance.first().copied().flatten(),
            Gold::Sentiment(_) => prediction.sentiment,
        }
    });
    Ok(answers.collect())
}

/// A model that pools mentions reads its first token where a target has none; a pair model reads an empty name.
fn query(example: &Example) -> Query<'_> {
    let target = matches!(example.gold, Gold::Stance(_)).then(|| Target {
        name: example.target.clone().unwrap_or_default(),
        mentions: example.mention.into_iter().collect(),
    });
    let language = Language::new(&example.language);
    Query { text: &example.text, language, targets: target.into_iter().collect() }
}
