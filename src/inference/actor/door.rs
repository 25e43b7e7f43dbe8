//! Where the file of a catalogue comes in: what passes here is trusted from then on.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Actor, ActorId, ActorType, Aliases};
use crate::{Error, Result};

/// What a file holds, each part of it checked by itself.
pub(super) struct Checked {
    /// The actors, each with the `file:line` of its id.
    pub(super) actors: Vec<(Actor, String)>,
    /// Words that name several actors.
    pub(super) compounds: Compounds,
    /// Phrases that name none, by language.
    pub(super) decoys: Aliases,
}

/// Compounds by language and word.
pub(super) type Compounds = BTreeMap<(String, String), Compound>;

/// A word that names one actor a character.
#[derive(Debug, Clone)]
pub(super) struct Compound {
    /// The actors, in the order of the characters.
    pub(super) actors: Vec<ActorId>,
    /// `file:line` of the word.
    pub(super) place: String,
}

/// Read `toml`; errors name `place`, the line, the field, what was expected and what was found.
pub(super) fn read(toml: &str, place: &str) -> Result<Checked> {
    let door = Door::new(toml, place);
    let file: File = toml::from_str(toml)
        .map_err(|error| door.refuse(error.span().map_or(0, |span| span.start), error.message()))?;
    let actors = file.actor.into_iter().map(|row| {
        let place = door.place(row.id.span().start);
        Ok((door.actor(row)?, place))
    });
    let actors = actors.collect::<Result<_>>()?;
    let mut compounds = Compounds::new();
    for (language, words) in file.compounds {
        let language = door.language("compounds", language)?;
        for (word, actors) in words {
            let place = door.place(word.span().start);
            let (word, actors) = door.compound(word, actors)?;
            compounds.insert((language.clone(), word), Compound { actors, place });
        }
    }
    Ok(Checked { actors, compounds, decoys: door.aliases("decoys", file.decoys)? })
}

/// A file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    actor: Vec<Row>,
    #[serde(default)]
    compounds: BTreeMap<Spanned<String>, Written>,
    #[serde(default)]
    decoys: Written,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: Spanned<String>,
    #[serde(rename = "type")]
    kind: ActorType,
    name: Spanned<String>,
    wikidata: Option<Spanned<String>>,
    country: Option<Spanned<String>>,
    #[serde(default)]
    names: Written,
    #[serde(default)]
    seats: Written,
    #[serde(default)]
    demonyms: Written,
}

type Written = BTreeMap<Spanned<String>, Vec<Spanned<String>>>;

/// A file being read.
struct Door<'a> {
    place: &'a str,
    /// Where each line ends.
    ends: Vec<usize>,
}

impl<'a> Door<'a> {
    fn new(toml: &str, place: &'a str) -> Self {
        Self { place, ends: toml.match_indices('\n').map(|(byte, _)| byte).collect() }
    }

    fn actor(&self, row: Row) -> Result<Actor> {
        let id = match row.kind {
            ActorType::State => self.check("id", row.id, COUNTRY, is_country),
            _ => self.check("id", row.id, "letters, digits and hyphens", is_id),
        };
        let text = |value: &str| !value.trim().is_empty();
        let wikidata =
            row.wikidata.map(|item| self.check("wikidata", item, "a Wikidata item such as \"Q159\"", is_wikidata));
        let country = row.country.map(|id| self.check("country", id, COUNTRY, is_country));
        Ok(Actor {
            id: id?.as_str().into(),
            kind: row.kind,
            name: self.check("name", row.name, "a name", text)?,
            wikidata: wikidata.transpose()?,
            country: country.transpose()?.map(|id| id.as_str().into()),
            names: self.aliases("names", row.names)?,
            seats: self.aliases("seats", row.seats)?,
            demonyms: self.aliases("demonyms", row.demonyms)?,
        })
    }

    fn aliases(&self, field: &str, written: Written) -> Result<Aliases> {
        let mut aliases = Aliases::new();
        for (language, names) in written {
            let language = self.language(field, language)?;
            let field = format!("{field}.{language}");
            let names = names.into_iter().map(|name| self.check(&field, name, "an alias with a letter", has_letter));
            aliases.insert(language, names.collect::<Result<_>>()?);
        }
        Ok(aliases)
    }

    fn language(&self, field: &str, tag: Spanned<String>) -> Result<String> {
        self.check(field, tag, "a language in two or three small letters", |tag| {
            matches!(tag.len(), 2 | 3) && tag.bytes().all(|byte| byte.is_ascii_lowercase())
        })
    }

    fn compound(&self, word: Spanned<String>, actors: Vec<Spanned<String>>) -> Result<(String, Vec<ActorId>)> {
        let expected = format!("a word of as many letters as it names actors ({}), two at least", actors.len());
        let letters =
            |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() == actors.len() && actors.len() > 1;
        let word = self.check("compounds", word, &expected, letters)?;
        let ids = actors
            .into_iter()
            .map(|id| self.check("compounds", id, "the id of an actor", is_id).map(|id| id.as_str().into()));
        Ok((word, ids.collect::<Result<_>>()?))
    }

    fn check(
        &self,
        field: &str,
        value: Spanned<String>,
        expected: &str,
        holds: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let start = value.span().start;
        let value = value.into_inner();
        if holds(&value) {
            Ok(value)
        } else {
            Err(self.refuse(start, &format!("{field}: expected {expected}, found {value:?}")))
        }
    }

    fn refuse(&self, byte: usize, message: &str) -> Error {
        Error::Invalid { place: self.place(byte), message: message.trim_end().replace('\n', "; ") }
    }

    /// `file:line` of a byte.
    fn place(&self, byte: usize) -> String {
        format!("{}:{}", self.place, 1 + self.ends.partition_point(|&end| end < byte))
    }
}

const COUNTRY: &str = "two capitals (ISO 3166-1)";

fn is_country(id: &str) -> bool {
    id.len() == 2 && id.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_wikidata(item: &str) -> bool {
    item.strip_prefix('Q').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn has_letter(alias: &str) -> bool {
    alias.chars().any(char::is_alphabetic)
}
