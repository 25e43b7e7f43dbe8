//! Training examples by sentence: all labels of one sentence are learnt from one reading of it.

use std::collections::HashMap;

use regard::Span;
use regard::encode::{Encoding, Tokenizer};
use regard_eval::{Example, Gold};

use crate::Error;
use crate::config::{Absent, TargetForm};
use crate::corpus::Corpus;
use crate::data::asked;

/// What is to be answered: a distribution over the classes, and the classes that it speaks of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Answer {
    /// Probabilities in label order.
    pub(crate) gold: [f32; 3],
    /// A class that is not possible takes no part in the softmax.
    pub(crate) possible: [bool; 3],
}

impl Answer {
    /// Of a label.
    fn of(gold: usize, possible: [bool; 3]) -> Self {
        Self { gold: [0, 1, 2].map(|class| f32::from(u8::from(class == gold))), possible }
    }

    /// What a teacher says.
    pub(crate) fn soft(gold: [f32; 3]) -> Self {
        Self { gold, possible: [true; 3] }
    }

    /// The most probable class.
    fn class(&self) -> usize {
        (0..3).max_by(|&a, &b| self.gold[a].total_cmp(&self.gold[b])).unwrap_or_default()
    }
}

/// One reading, with the labels of its targets and its own.
#[derive(Debug)]
pub(crate) struct Sentence {
    /// Where it comes from, for messages: data set and id of its first example.
    pub(crate) name: String,
    pub(crate) encoding: Encoding,
    /// One a target, in order.
    pub(crate) stance: Vec<Answer>,
    pub(crate) sentiment: Option<Answer>,
}

/// The sentences of one file.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Share of them that an epoch draws.
    pub(crate) share: f64,
    pub(crate) sentences: Vec<Sentence>,
}

/// A text and its labels, before it is encoded.
#[derive(Debug)]
pub(crate) struct Labelled<'a> {
    pub(crate) name: String,
    pub(crate) text: &'a str,
    /// Name, mentions and label of each target.
    pub(crate) targets: Vec<(&'a str, Vec<Span>, Answer)>,
    pub(crate) sentiment: Option<Answer>,
}

impl Labelled<'_> {
    /// As readings: one for all, or one a target, which leaves no room for a sentiment.
    pub(crate) fn encode(self, form: TargetForm, tokenizer: &Tokenizer) -> Result<Vec<Sentence>, Error> {
        let Self { name, text, targets, sentiment } = self;
        match form {
            TargetForm::Span => {
                let mentions: Vec<Vec<Span>> = targets.iter().map(|(_, mentions, _)| mentions.clone()).collect();
                let encoding = tokenizer.encode(text, &mentions)?;
                let stance = targets.iter().map(|(_, _, answer)| *answer).collect();
                Ok(vec![Sentence { name, encoding, stance, sentiment }])
            }
            TargetForm::Pair => {
                let readings = targets.into_iter().map(|(target, mentions, answer)| {
                    let encoding = tokenizer.encode_pair(text, target, &mentions)?;
                    Ok(Sentence { name: name.clone(), encoding, stance: vec![answer], sentiment: None })
                });
                readings.collect()
            }
        }
    }
}

/// Sentences to learn from, and how many examples cannot be shown to the model.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// One a file.
    pub(crate) groups: Vec<Group>,
    /// Examples without a mention to pool, or, in `pair` form, without a target.
    pub(crate) left_out: usize,
}

/// Gather the examples of all files by text. A text that several files have belongs to the one with the largest share;
/// of several sentiments of a text the last counts.
pub(crate) fn gather(corpora: &[Corpus], form: TargetForm, tokenizer: &Tokenizer) -> Result<Gathered, Error> {
    let mut texts: Vec<(usize, Labelled<'_>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut gathered = Gathered::default();
    for (file, corpus) in corpora.iter().enumerate() {
        gathered.groups.push(Group { share: corpus.source.share, sentences: Vec::new() });
        let possible = possible(corpus);
        for example in &corpus.examples {
            if !asked(example, form) {
                gathered.left_out += 1;
                continue;
            }
            let index = *known.entry(&example.text).or_insert_with(|| {
                let name = format!("{}/{}", example.dataset, example.id);
                let labelled = Labelled { name, text: &example.text, targets: Vec::new(), sentiment: None };
                texts.push((file, labelled));
                texts.len() - 1
            });
            let (owner, labelled) = &mut texts[index];
            if corpus.source.share > corpora[*owner].source.share {
                *owner = file;
            }
            let answer = Answer::of(example.gold.index(), possible[usize::from(is_sentiment(example))]);
            if is_sentiment(example) {
                labelled.sentiment = Some(answer);
            } else {
                let target = example.target.as_deref().unwrap_or_default();
                labelled.targets.push((target, example.mention.into_iter().collect(), answer));
            }
        }
    }
    for (file, labelled) in texts {
        gathered.groups[file].sentences.extend(labelled.encode(form, tokenizer)?);
    }
    Ok(gathered)
}

fn is_sentiment(example: &Example) -> bool {
    matches!(example.gold, Gold::Sentiment(_))
}

/// The classes that the labels of a file speak of, for stance and sentiment.
fn possible(corpus: &Corpus) -> [[bool; 3]; 2] {
    let mut possible = [[corpus.source.absent == Absent::Wrong; 3]; 2];
    for example in &corpus.examples {
        possible[usize::from(is_sentiment(example))][example.gold.index()] = true;
    }
    possible
}

/// How many labels of each class `sentences` hold, stance before sentiment.
pub(crate) fn counts<'a>(sentences: impl IntoIterator<Item = &'a Sentence>) -> [[usize; 3]; 2] {
    let mut counts = [[0; 3]; 2];
    for sentence in sentences {
        sentence.stance.iter().for_each(|answer| counts[0][answer.class()] += 1);
        sentence.sentiment.iter().for_each(|answer| counts[1][answer.class()] += 1);
    }
    counts
}
