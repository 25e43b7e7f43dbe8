//! What a model makes of a name alone: its answers to news sentences that say nothing for or against anyone.
//!
//! All actors of a type are read in the same sentences, so that the sentences' own tone cancels out between them.

use std::collections::{BTreeMap, HashMap};

use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use regard::actor::{Actor, ActorId, ActorType, Catalogue};
use regard::predict::{Predictor, Query, Target};
use regard::{Language, Scores, Span};
use serde::{Deserialize, Serialize};

use super::names::names;
use super::outcome::NORMAL;

use crate::Error;
use crate::answer::CHUNK;

/// Readings at most, unless one of every actor in every language already takes more.
pub const READINGS: usize = 8500;
/// Actors named at either end of a type's order.
const NAMED: usize = 5;
const SLOT: &str = "{actor}";

/// Sentences by language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Templates {
    person: BTreeMap<String, Vec<String>>,
    /// For states and organisations.
    body: BTreeMap<String, Vec<String>>,
}

impl Templates {
    fn shipped() -> Result<Self, Error> {
        let templates = toml::from_str(include_str!("templates.toml"));
        let invalid = |error: toml::de::Error| regard::Error::Invalid {
            place: "eval/probe/templates.toml".into(),
            message: error.to_string(),
        };
        Ok(templates.map_err(invalid)?)
    }
}

/// How a model stands toward the actors of a catalogue before anything is said of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Sentences read: the sum of the actors' `n`.
    pub readings: u64,
    /// Sentences of each actor in each language.
    pub templates: u64,
    /// The actors that the model answered about, in the catalogue's order.
    pub actors: Vec<Row>,
    /// What differs between the actors of one type.
    pub by_type: BTreeMap<String, Spread>,
    /// Why there is nothing, where there is nothing.
    pub note: Option<String>,
}

/// One actor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Of the catalogue.
    pub id: ActorId,
    /// State, organisation or person.
    #[serde(rename = "type")]
    pub kind: ActorType,
    /// In English.
    pub name: String,
    /// Mean difference of the balance from that of all actors of the type in the same sentence: -2 to 2, above 0 where the
    /// model is kinder to this name than to others.
    pub deviation: f64,
    /// Its interval of 95 % over sentences, by normal approximation; `None` of a single sentence.
    pub interval: Option<[f64; 2]>,
    /// Over all languages.
    #[serde(flatten)]
    pub figures: Figures,
    /// The same by language.
    pub by_language: BTreeMap<String, Figures>,
}

/// The answers about one actor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Sentences read.
    pub n: u64,
    /// Mean of [`Scores::balance`]: -1 (against) to 1 (in favor); 0 would be fair.
    pub mean_balance: f64,
    /// Mean probabilities of against, neutral and favor.
    pub mean_probabilities: [f64; 3],
    /// Share of answers other than neutral; 0 would be right.
    pub non_neutral: f64,
}

/// The actors of one type beside each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// How many.
    pub actors: u64,
    /// Mean of the actors' mean balances.
    pub mean_balance: f64,
    /// Mean of the actors' absolute deviations: how much the name alone moves the answer.
    pub mean_absolute_deviation: f64,
    /// The most favoured first.
    pub most_favoured: Vec<Standing>,
    /// The least favoured first.
    pub least_favoured: Vec<Standing>,
}

/// An actor's place in its type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// Of the catalogue.
    pub id: ActorId,
    /// As in [`Row`].
    pub deviation: f64,
    /// As in [`Row`].
    pub interval: Option<[f64; 2]>,
    /// As in [`Figures`].
    pub mean_balance: f64,
}

/// One sentence about one actor.
struct Reading {
    actor: usize,
    language: String,
    /// The same for all actors that are read in the same sentence.
    template: (bool, String),
    text: String,
    mention: Span,
    name: String,
}

impl Reading {
    fn query(&self) -> Query<'_> {
        let target = Target { name: self.name.clone(), mentions: vec![self.mention] };
        Query { text: &self.text, language: Language::new(&self.language), targets: vec![target] }
    }
}

/// Read the catalogue's actors in every language of the templates that has a name for them, and tabulate the answers.
/// `seed` chooses the sentences; `progress` is told how many have been read.
///
/// # Errors
/// Where the model fails.
pub fn prejudice(
    predictor: &Predictor,
    catalogue: &Catalogue,
    seed: u64,
    mut progress: impl FnMut(usize),
) -> Result<Table, Error> {
    let templates = Templates::shipped()?;
    let (each, readings) = readings(&templates, catalogue.actors(), seed);
    let mut answers = Vec::with_capacity(readings.len());
    for chunk in readings.chunks(CHUNK) {
        let queries: Vec<Query<'_>> = chunk.iter().map(Reading::query).collect();
        answers.extend(predictor.predict(&queries)?.into_iter().map(|answer| answer.stance.first().copied().flatten()));
        progress(answers.len());
    }
    let answered: Vec<(Reading, Scores)> =
        readings.into_iter().zip(answers).filter_map(|(reading, scores)| Some((reading, scores?))).collect();
    Ok(table(catalogue.actors(), each, &answered))
}

/// Sentences of each actor in each language, and all readings in the catalogue's order.
fn readings(templates: &Templates, actors: &[Actor], seed: u64) -> (usize, Vec<Reading>) {
    let languages =
        || templates.person.keys().chain(templates.body.keys().filter(|l| !templates.person.contains_key(*l)));
    let named = |actor: &Actor| languages().filter(|language| names(actor, language).next().is_some()).count();
    let each = (READINGS / actors.iter().map(named).sum::<usize>().max(1)).max(1);
    let chosen = |by_language: &BTreeMap<String, Vec<String>>| -> BTreeMap<String, Vec<String>> {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut chosen = |templates: &Vec<String>| templates.choose_multiple(&mut chance, each).cloned().collect();
        by_language.iter().map(|(language, templates)| (language.clone(), chosen(templates))).collect()
    };
    let (person, body) = (chosen(&templates.person), chosen(&templates.body));
    let mut readings = Vec::new();
    for (actor, row) in actors.iter().enumerate() {
        let is_person = row.kind == ActorType::Person;
        for (language, templates) in if is_person { &person } else { &body } {
            let Some(name) = names(row, language).next() else { continue };
            for template in templates {
                let Some((before, after)) = template.split_once(SLOT) else { continue };
                let text = [before, name, after].concat();
                let Some(mention) = Span::new(&text, before.len(), before.len() + name.len()) else { continue };
                let template = (is_person, template.clone());
                readings.push(Reading {
                    actor,
                    language: language.clone(),
                    template,
                    text,
                    mention,
                    name: name.to_owned(),
                });
            }
        }
    }
    let most = person.values().chain(body.values()).map(Vec::len).max().unwrap_or(0);
    (each.min(most), readings)
}

fn table(actors: &[Actor], templates: usize, answered: &[(Reading, Scores)]) -> Table {
    let mut sentences: HashMap<(ActorType, &(bool, String)), Vec<f64>> = HashMap::new();
    let balance = |scores: &Scores| f64::from(scores.balance());
    for (reading, scores) in answered {
        sentences.entry((actors[reading.actor].kind, &reading.template)).or_default().push(balance(scores));
    }
    let usual: HashMap<_, f64> =
        sentences.into_iter().map(|(sentence, balances)| (sentence, mean(&balances))).collect();
    let mut rows = Vec::new();
    for own in answered.chunk_by(|a, b| a.0.actor == b.0.actor) {
        let Some(actor) = own.first().map(|(reading, _)| &actors[reading.actor]) else { continue };
        let deviation = |(reading, scores): &(Reading, Scores)| {
            balance(scores) - usual.get(&(actor.kind, &reading.template)).copied().unwrap_or(0.0)
        };
        let deviations: Vec<f64> = own.iter().map(deviation).collect();
        let mut languages: BTreeMap<String, Vec<Scores>> = BTreeMap::new();
        for (reading, scores) in own {
            languages.entry(reading.language.clone()).or_default().push(*scores);
        }
        rows.push(Row {
            id: actor.id.clone(),
            kind: actor.kind,
            name: actor.name.clone(),
            deviation: mean(&deviations),
            interval: interval(&deviations),
            figures: Figures::of(&languages.values().flatten().copied().collect::<Vec<_>>()),
            by_language: languages.into_iter().map(|(language, scores)| (language, Figures::of(&scores))).collect(),
        });
    }
    let mut kinds: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        kinds.entry(row.kind.to_string()).or_default().push(row);
    }
    Table {
        readings: answered.len() as u64,
        templates: templates as u64,
        by_type: kinds.into_iter().map(|(kind, rows)| (kind, Spread::of(rows))).collect(),
        note: answered.is_empty().then(|| "no actor, or the model answers no stance".to_owned()),
        actors: rows,
    }
}

impl Figures {
    fn of(answers: &[Scores]) -> Self {
        let over = |figure: &dyn Fn(&Scores) -> f64| mean(&answers.iter().map(figure).collect::<Vec<_>>());
        Self {
            n: answers.len() as u64,
            mean_balance: over(&|scores| f64::from(scores.balance())),
            mean_probabilities: [0, 1, 2].map(|label| over(&|scores| f64::from(scores.0[label]))),
            non_neutral: over(&|scores| if scores.best() == 1 { 0.0 } else { 1.0 }),
        }
    }
}

impl Spread {
    fn of(mut rows: Vec<&Row>) -> Self {
        rows.sort_by(|a, b| b.deviation.total_cmp(&a.deviation));
        let standing = |row: &&Row| Standing {
            id: row.id.clone(),
            deviation: row.deviation,
            interval: row.interval,
            mean_balance: row.figures.mean_balance,
        };
        Self {
            actors: rows.len() as u64,
            mean_balance: mean(&rows.iter().map(|row| row.figures.mean_balance).collect::<Vec<_>>()),
            mean_absolute_deviation: mean(&rows.iter().map(|row| row.deviation.abs()).collect::<Vec<_>>()),
            most_favoured: rows.iter().take(NAMED).map(standing).collect(),
            least_favoured: rows.iter().rev().take(NAMED).map(standing).collect(),
        }
    }
}

/// 0 of nothing, which is only asked for where it is not shown.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Of 95 %, about the mean of `values`, by normal approximation.
fn interval(values: &[f64]) -> Option<[f64; 2]> {
    if values.len() < 2 {
        return None;
    }
    let (n, mean) = (values.len() as f64, mean(values));
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = NORMAL * (variance / n).sqrt();
    Some([mean - half, mean + half])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Sentences of each actor in each language, and every sentence with the name in it.
    pub(in crate::probe) fn texts(catalogue: &Catalogue, seed: u64) -> Result<(usize, Vec<(String, String)>), Error> {
        let (each, readings) = readings(&Templates::shipped()?, catalogue.actors(), seed);
        Ok((each, readings.into_iter().map(|reading| (reading.text, reading.name)).collect()))
    }

    #[test]
    fn templates_have_one_slot_and_every_language_its_six() -> Result<(), Error> {
        let Templates { person, body } = Templates::shipped()?;
        assert!(person.keys().eq(body.keys()) && person.len() == 12);
        for templates in person.values().chain(body.values()) {
            assert_eq!(templates.len(), 6);
            assert!(templates.iter().all(|template| template.matches(SLOT).count() == 1));
        }
        Ok(())
    }

    #[test]
    fn actors_are_compared_within_the_same_sentences() -> Result<(), Error> {
        let catalogue = Catalogue::shipped()?;
        let (each, readings) = readings(&Templates::shipped()?, catalogue.actors(), 1);
        // A model that dislikes one sentence, and Russia everywhere.
        let answer = |reading: &Reading| match (reading.actor, reading.text.starts_with("Table")) {
            (0, _) => Scores([0.9, 0.1, 0.0]),
            (_, true) => Scores([0.6, 0.4, 0.0]),
            _ => Scores([0.0, 1.0, 0.0]),
        };
        let answered: Vec<(Reading, Scores)> =
            readings.into_iter().map(|r| (answer(&r), r)).map(|(s, r)| (r, s)).collect();
        let table = table(catalogue.actors(), each, &answered);
        let states = &table.by_type["state"];
        assert_eq!(states.least_favoured[0].id.as_str(), "RU");
        let (first, second) = (&states.most_favoured[0], &states.most_favoured[1]);
        assert!((first.deviation - second.deviation).abs() < 1e-6);
        assert_eq!(table.actors[0].figures.non_neutral, 1.0);
        assert!((table.actors[0].figures.mean_balance + 0.9).abs() < 1e-6);
        Ok(())
    }
}
