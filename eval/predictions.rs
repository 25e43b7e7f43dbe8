//! Anyone's answers, one JSON object a line: `{"id", "scores": {"against", "neutral", "favor"}}` or `{"id", "label"}`.

use std::collections::HashMap;
use std::fmt::Formatter;
use std::path::Path;

use regard::{Label, Sentiment, Stance};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::json;

use crate::answer::{Answer, Answered};
use crate::example::{Example, Gold};
use crate::{Error, lines};

/// How far from 1 the sum of rounded probabilities may be.
const ROUNDING: f64 = 0.01;

/// Examples without an answer that are named; the rest are counted.
const NAMED: usize = 5;

#[derive(serde::Deserialize)]
struct Line {
    id: String,
    /// Where two data sets have the same id.
    #[serde(default)]
    dataset: Option<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    scores: Option<Named>,
}

/// Numbers by name, as the line has them: a map would keep the last of two with one name.
#[derive(Debug)]
struct Named(Vec<(String, f64)>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Named;

            fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
                f.write_str("probabilities by label")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Named(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// Answers beside the examples that they belong to, and what was wrong with the file.
#[derive(Debug)]
pub struct Predictions<'a> {
    /// In the order of the examples.
    pub answered: Vec<Answered<'a>>,
    /// Lines that could not be used (no answer, unknown or doubled id), and examples without a line.
    pub problems: Vec<Error>,
}

/// Read the answers to `examples` from a JSONL file.
///
/// # Errors
/// Where the file cannot be read.
pub fn read<'a>(path: &Path, examples: &'a [Example]) -> Result<Predictions<'a>, Error> {
    let mut known: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, example) in examples.iter().enumerate() {
        known.entry(&example.id).or_default().push(index);
    }
    let mut answered: Vec<Answered<'a>> = examples.iter().map(|example| Answered { example, answer: None }).collect();
    let taken = lines::read(path, |line| take(line, &known, &mut answered))?;
    let mut problems: Vec<Error> = taken.into_iter().filter_map(|(_, taken)| taken.err()).collect();
    let missing: Vec<&str> =
        answered.iter().filter(|answered| answered.answer.is_none()).map(|answered| &*answered.example.id).collect();
    if !missing.is_empty() {
        let count = missing.len();
        let named = missing[..count.min(NAMED)].join(", ");
        let rest = if count > NAMED { ", …" } else { "" };
        let message = format!("expected an answer to every example, found none to {count}: {named}{rest}");
        problems.push(Error::File { path: path.to_owned(), message });
    }
    Ok(Predictions { answered, problems })
}

/// Put the answer of one line beside its example.
fn take(line: &[u8], known: &HashMap<&str, Vec<usize>>, answered: &mut [Answered<'_>]) -> Result<(), String> {
    let line: Line = lines::json(line)?;
    let in_dataset =
        |index: &&usize| line.dataset.as_ref().is_none_or(|dataset| *dataset == answered[**index].example.dataset);
    let found: Vec<usize> = known.get(&*line.id).into_iter().flatten().filter(in_dataset).copied().collect();
    let index = match found.as_slice() {
        [] => return Err(format!("id: expected one of the labelled examples, found {:?}", line.id)),
        [index] => *index,
        several => {
            let (count, id) = (several.len(), &line.id);
            let message = match line.dataset {
                Some(_) => "expected each id once in a data set",
                None => "expected a field dataset that tells them apart",
            };
            return Err(format!("id: {id:?} names {count} examples: {message}"));
        }
    };
    let place = &mut answered[index];
    if place.answer.is_some() {
        return Err(format!("id: expected one answer an example, found a second to {:?}", line.id));
    }
    place.answer = Some(match place.example.gold {
        Gold::Stance(_) => parse::<Stance>(&line),
        Gold::Sentiment(_) => parse::<Sentiment>(&line),
    }?);
    Ok(())
}

fn parse<L: Label>(line: &Line) -> Result<Answer, String> {
    let names = L::NAMES.join(", ");
    let index = |name: &String| L::NAMES.iter().position(|known| known == name);
    let label = match &line.label {
        Some(label) => Some(index(label).ok_or_else(|| format!("label: expected one of {names}, found {label:?}"))?),
        None => None,
    };
    let scores = match &line.scores {
        Some(found) => Some(scores::<L>(found).ok_or_else(|| {
            let found: Vec<String> = found.0.iter().map(|(name, score)| format!("{name} {score}")).collect();
            format!("scores: expected probabilities of {names} that sum to 1, found {}", found.join(", "))
        })?),
        None => None,
    };
    // The first of equals, as `Scores::best` has it.
    let best = |scores: [f64; 3]| (0..3).rev().max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    match label.or_else(|| best(scores?)) {
        Some(label) => Ok(Answer { label, scores }),
        None => Err("expected a field scores or label, found neither".into()),
    }
}

fn scores<L: Label>(Named(found): &Named) -> Option<[f64; 3]> {
    let mut scores = [0.0; 3];
    for (score, label) in scores.iter_mut().zip(L::NAMES) {
        (_, *score) = *found.iter().find(|(name, score)| name == label && (0.0..=1.0).contains(score))?;
    }
    (found.len() == 3 && (scores.iter().sum::<f64>() - 1.0).abs() <= ROUNDING).then_some(scores)
}

/// The line that [`read`] makes `answered` of; `None` where there is no answer.
pub fn line(answered: &Answered<'_>) -> Option<serde_json::Value> {
    let Answered { example, answer } = answered;
    let answer = (*answer)?;
    let names = match example.gold {
        Gold::Stance(_) => Stance::NAMES,
        Gold::Sentiment(_) => Sentiment::NAMES,
    };
    let scores =
        answer.scores.map(|[first, second, third]| json!({names[0]: first, names[1]: second, names[2]: third}));
    let label = answer.name(example.gold);
    Some(match scores {
        Some(scores) => json!({"id": example.id, "dataset": example.dataset, "label": label, "scores": scores}),
        None => json!({"id": example.id, "dataset": example.dataset, "label": label}),
    })
}
