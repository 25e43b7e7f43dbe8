//! Actors (states, organisations, people) and where a text names them.
//!
//! A [`Catalogue`] says who there is and how each language calls them; a [`Matcher`] finds those names in a text.
//!
//! **Invariant:** nothing here knows what is said *about* an actor: no model, no stance, no sentence.

mod catalogue;
mod door;
mod inflection;
mod matcher;
mod normalize;
mod pattern;
#[cfg(test)]
mod tests;

use std::{borrow::Borrow, collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};

use crate::Span;

pub use catalogue::Catalogue;
pub use matcher::Matcher;

/// The stable name of an actor: `RU`, `NATO`, `vladimir-putin`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(Arc<str>);

impl ActorId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ActorId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl Borrow<str> for ActorId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for ActorId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What sort of actor it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorType {
    /// A country with its government: Russia, the United States.
    State,
    /// A body of states, a movement or an armed group: NATO, Hamas.
    Organisation,
    /// A leader or spokesperson: Vladimir Putin.
    Person,
}

impl fmt::Display for ActorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::State => "state",
            Self::Organisation => "organisation",
            Self::Person => "person",
        })
    }
}

/// What an actor is called, by language (`ar`, `en`, …).
pub type Aliases = BTreeMap<String, Vec<String>>;

/// One row of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// Stable name.
    pub id: ActorId,
    /// State, organisation or person.
    #[serde(rename = "type")]
    pub kind: ActorType,
    /// Display name in English. It is looked for in texts only where `names` lists it too.
    pub name: String,
    /// Wikidata item, such as `Q159`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wikidata: Option<String>,
    /// The state that a person or a group belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<ActorId>,
    /// Names; the first of a language is the display name in it.
    pub names: Aliases,
    /// Capitals and seats that stand for the actor: Moscow, the Kremlin.
    pub seats: Aliases,
    /// Adjectives and inhabitants: Russian, Russians.
    pub demonyms: Aliases,
}

impl Actor {
    /// The display name in `language`, or the English one where the catalogue has none.
    pub fn name_in(&self, language: &str) -> &str {
        self.names.get(language).and_then(|names| names.first()).unwrap_or(&self.name)
    }

    /// Field, language and text of every alias.
    fn aliases(&self) -> impl Iterator<Item = (&'static str, &str, &str)> {
        let fields = [("names", &self.names), ("seats", &self.seats), ("demonyms", &self.demonyms)];
        fields.into_iter().flat_map(|(field, aliases)| {
            aliases
                .iter()
                .flat_map(move |(language, names)| names.iter().map(move |name| (field, &**language, &**name)))
        })
    }
}

/// One place in a text that names an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention {
    /// Index into [`Catalogue::actors`].
    pub actor: usize,
    /// Where: the name with its article and ending, without clitics, particles and apostrophe suffixes.
    pub span: Span,
}
