//! The catalogue: who there is and how each language calls them, read from TOML and checked at the door.

use std::{collections::HashMap, fs, path::Path};

use super::door::{self, Compounds};
use super::normalize::Folded;
use super::{Actor, ActorId, Aliases};
use crate::{Error, Result};

/// Actors and their aliases, checked: every id once, and no alias of one language with two owners.
///
/// Beside the actors it holds *compounds*, words that name several actors by one character each (中美, 한미일), and
/// *decoys*, phrases that look like a name and are none (South America).
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    actors: Vec<Actor>,
    /// Where each actor was read, for messages.
    places: Vec<String>,
    compounds: Compounds,
    decoys: Aliases,
}

impl Catalogue {
    /// The catalogue that ships with the crate.
    pub fn shipped() -> Result<Self> {
        let parts = [
            (include_str!("../../../models/actors/states.toml"), "models/actors/states.toml"),
            (include_str!("../../../models/actors/organisations.toml"), "models/actors/organisations.toml"),
            (include_str!("../../../models/actors/people.toml"), "models/actors/people.toml"),
        ];
        let mut all = Self::default();
        for (toml, place) in parts {
            all.add(Self::read(toml, place)?);
        }
        all.one_owner_each()
    }

    /// Read the file at `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let place = path.display().to_string();
        match String::from_utf8(bytes) {
            Ok(toml) => Self::parse(&toml, &place),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let line = 1 + error.as_bytes().iter().take(valid).filter(|&&byte| byte == b'\n').count();
                Err(Error::Invalid {
                    place: format!("{place}:{line}"),
                    message: "expected UTF-8, found other bytes".into(),
                })
            }
        }
    }

    /// Read `toml`; errors name `place` and the line.
    pub fn parse(toml: &str, place: &str) -> Result<Self> {
        Self::read(toml, place)?.one_owner_each()
    }

    /// Adds the actors, compounds and decoys of `other`; an actor with a known id replaces that one whole.
    pub fn extended(mut self, other: Self) -> Result<Self> {
        self.add(other);
        self.one_owner_each()
    }

    fn read(toml: &str, place: &str) -> Result<Self> {
        let door::Checked { actors, compounds, decoys } = door::read(toml, place)?;
        let mut catalogue = Self { compounds, decoys, ..Self::default() };
        for (actor, place) in actors {
            if let Some(other) = catalogue.position(actor.id.as_str()) {
                let message =
                    format!("id: expected a new id, found \"{}\" of {} again", actor.id, catalogue.places[other]);
                return Err(Error::Invalid { place, message });
            }
            catalogue.actors.push(actor);
            catalogue.places.push(place);
        }
        Ok(catalogue)
    }

    fn add(&mut self, other: Self) {
        for (actor, place) in other.actors.into_iter().zip(other.places) {
            match self.position(actor.id.as_str()) {
                Some(index) => (self.actors[index], self.places[index]) = (actor, place),
                None => {
                    self.actors.push(actor);
                    self.places.push(place);
                }
            }
        }
        self.compounds.extend(other.compounds);
        for (language, phrases) in other.decoys {
            self.decoys.entry(language).or_default().extend(phrases);
        }
    }

    /// The actors, in the order in which they were read.
    pub fn actors(&self) -> &[Actor] {
        &self.actors
    }

    /// How many actors there are.
    pub fn len(&self) -> usize {
        self.actors.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.actors.is_empty()
    }

    /// The actor called `id`.
    pub fn get(&self, id: &str) -> Option<&Actor> {
        self.position(id).and_then(|index| self.actors.get(index))
    }

    /// Language, word and actors of every compound.
    pub(super) fn compounds(&self) -> Result<Vec<(&str, &str, Vec<usize>)>> {
        let rows = self.compounds.iter().map(|((language, word), compound)| {
            let position = |id: &ActorId| {
                self.position(id.as_str()).ok_or_else(|| Error::Invalid {
                    place: compound.place.clone(),
                    message: format!("compounds.{language}.{word}: expected the id of an actor, found \"{id}\""),
                })
            };
            Ok((language.as_str(), word.as_str(), compound.actors.iter().map(position).collect::<Result<_>>()?))
        });
        rows.collect()
    }

    /// Language and text of every decoy.
    pub(super) fn decoys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.decoys
            .iter()
            .flat_map(|(language, phrases)| phrases.iter().map(move |phrase| (language.as_str(), phrase.as_str())))
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.actors.iter().position(|actor| actor.id.as_str() == id)
    }

    /// Refuses an alias that, folded, belongs to two actors in one language.
    fn one_owner_each(self) -> Result<Self> {
        let mut owners: HashMap<(&str, String), usize> = HashMap::new();
        for (index, actor) in self.actors.iter().enumerate() {
            for (field, language, alias) in actor.aliases() {
                let owner = *owners.entry((language, Folded::new(alias.trim()).text().to_owned())).or_insert(index);
                if owner != index {
                    let (other, place) = (&self.actors[owner], &self.places[owner]);
                    return Err(Error::Invalid {
                        place: self.places[index].clone(),
                        message: format!(
                            "{field}.{language} of {}: expected an alias of no other actor, found \"{alias}\" of {} ({place})",
                            actor.id, other.id
                        ),
                    });
                }
            }
        }
        Ok(self)
    }
}
