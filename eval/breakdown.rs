//! The parts of a data set by which figures are broken down: for whom is it worse?

use std::collections::{HashMap, HashSet};

use regard::Language;
use regard::actor::{Catalogue, Matcher};

use crate::example::{Example, Gold};

/// Upper ends of the ranges of sentence length, in code points.
const LENGTHS: [usize; 3] = [80, 160, 320];

/// A part: its place among the parts of its dimension, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Part {
    place: usize,
    pub(crate) name: String,
}

impl Part {
    fn named(name: impl Into<String>) -> Self {
        Self { place: 0, name: name.into() }
    }
}

/// What says which parts an example belongs to.
#[derive(Debug, Default)]
pub struct Breakdown {
    actors: Option<(Catalogue, Matcher)>,
    trained_on: Option<HashSet<String>>,
}

impl Breakdown {
    /// By language, data set, actor type, number of targets in the sentence, its length, and actor. Targets that `catalogue` knows
    /// go by one name in all languages, others by their own.
    ///
    /// # Errors
    /// Where the catalogue's aliases cannot be searched for.
    pub fn new(catalogue: Catalogue) -> regard::Result<Self> {
        let matcher = Matcher::new(&catalogue)?;
        Ok(Self { actors: Some((catalogue, matcher)), trained_on: None })
    }

    /// The same, and by whether the target is one of `training`.
    pub fn with_training<'a>(self, training: impl IntoIterator<Item = &'a Example>) -> Self {
        let targets = training.into_iter().filter_map(|example| Some(example.target.as_ref()?.to_lowercase()));
        Self { trained_on: Some(targets.collect()), ..self }
    }

    /// The parts of each example, by dimension, in the order of `examples`.
    pub(crate) fn parts(&self, examples: &[&Example]) -> Vec<(&'static str, Vec<Option<Part>>)> {
        let each = |part: &dyn Fn(&Example) -> Option<Part>| examples.iter().map(|example| part(example)).collect();
        let mut parts = vec![
            ("language", each(&|example| Some(Part::named(&example.language)))),
            ("dataset", each(&|example| Some(Part::named(&example.dataset)))),
        ];
        // Training asks for no more.
        let Some((catalogue, matcher)) = &self.actors else { return parts };
        let mut known: HashMap<(&str, &str), (String, Option<String>)> = HashMap::new();
        let mut types = Vec::new();
        let mut actors = Vec::new();
        for example in examples {
            let Some(target) = example.target.as_deref().filter(|_| matches!(example.gold, Gold::Stance(_))) else {
                types.push(None);
                actors.push(None);
                continue;
            };
            let (name, kind) = known.entry((&example.language, target)).or_insert_with(|| {
                let language = Language::new(&example.language);
                let found = matcher.find(target, language.as_ref().map_or("und", Language::primary));
                // "Critics of Putin" are not Putin.
                let whole = found.iter().find(|mention| mention.span.of(target) == target.trim());
                match whole.and_then(|mention| catalogue.actors().get(mention.actor)) {
                    Some(actor) => (actor.name.clone(), Some(actor.kind.to_string())),
                    None => (target.to_lowercase(), None),
                }
            });
            actors.push(Some(Part::named(name.clone())));
            types.push(kind.clone().or_else(|| example.target_type.clone()).map(Part::named));
        }
        let targets = targets(examples);
        parts.push(("actor_type", types));
        parts.push(("actors_in_sentence", each(&|example| count(*targets.get(&place(example)?)?))));
        parts.push(("length", each(&|example| Some(length(&example.text)))));
        if let Some(trained_on) = &self.trained_on {
            let seen = |example: &Example| Some(trained_on.contains(&example.target.as_ref()?.to_lowercase()));
            parts.push((
                "target_in_training",
                each(&|example| Some(Part::named(if seen(example)? { "seen" } else { "unseen" }))),
            ));
        }
        parts.push(("actor", actors));
        parts
    }
}

/// Where a stance example's sentence stands.
fn place(example: &Example) -> Option<(&str, &str)> {
    matches!(example.gold, Gold::Stance(_)).then_some((&*example.dataset, &*example.text))
}

/// Labelled targets of each sentence.
fn targets<'a>(examples: &[&'a Example]) -> HashMap<(&'a str, &'a str), usize> {
    let mut targets: HashMap<_, HashSet<_>> = HashMap::new();
    for example in examples {
        if let Some(place) = place(example) {
            targets.entry(place).or_default().insert(example.target.as_deref());
        }
    }
    targets.into_iter().map(|(place, targets)| (place, targets.len())).collect()
}

fn count(targets: usize) -> Option<Part> {
    let name = match targets {
        1 | 2 => targets.to_string(),
        _ => "3 or more".to_owned(),
    };
    Some(Part { place: targets.min(3), name })
}

fn length(text: &str) -> Part {
    let points = text.chars().count();
    let place = LENGTHS.partition_point(|&end| end < points);
    let name = match (place.checked_sub(1).map(|before| LENGTHS[before] + 1), LENGTHS.get(place)) {
        (None, Some(end)) => format!("up to {end}"),
        (Some(start), Some(end)) => format!("{start} to {end}"),
        (start, None) => format!("{} or more", start.unwrap_or(0)),
    };
    Part { place, name }
}
