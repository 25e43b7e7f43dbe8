//! Latin script: the endings of German, French, Spanish and Turkish, the plural of English.

use super::{NONE, Spelled};
use crate::actor::pattern::Role;

pub(super) fn inflect(spelled: Spelled<'_>) -> (&str, &'static [&'static str]) {
    let Spelled { word, role, language, last, .. } = spelled;
    match (role, language) {
        (Role::Demonym, "de") => (word, GERMAN_DEMONYM),
        (Role::Demonym, "fr") => (word, FRENCH_DEMONYM),
        (Role::Demonym, "es") => match word.strip_suffix('o') {
            Some(stem) => (stem, SPANISH_DEMONYM_IN_O),
            None => (word, SPANISH_DEMONYM),
        },
        (Role::Demonym, "tr") => (word, TURKISH_DEMONYM),
        (Role::Name, "de") if !last && word.ends_with('e') => (word, GERMAN_ADJECTIVE),
        (Role::Name, _) if !last => (word, NONE),
        (Role::Name, "de") => (word, GERMAN_NAME),
        _ => (word, PLURAL),
    }
}

/// The Houthis; Putins, which is the genitive in German of an English name.
const PLURAL: &[&str] = &["", "s"];
/// Russlands, des Weißen Hauses.
const GERMAN_NAME: &[&str] = &["", "s", "es"];
/// In den Vereinigten Staaten, der Europäischen Union.
const GERMAN_ADJECTIVE: &[&str] = &["", "n", "r", "s", "m"];
const GERMAN_DEMONYM: &[&str] = &["", "e", "en", "er", "es", "em", "n", "s", "in", "innen", "nen", "ern"];
const FRENCH_DEMONYM: &[&str] = &["", "e", "s", "es", "ne", "nes"];
const SPANISH_DEMONYM: &[&str] = &["", "s", "a", "es", "as"];
const SPANISH_DEMONYM_IN_O: &[&str] = &["o", "a", "os", "as"];
/// Names need none: an apostrophe ends them. The folded text has no dotless i.
#[rustfmt::skip]
const TURKISH_DEMONYM: &[&str] = &[
    "", "lar", "larin", "lara", "lari", "lardan", "larla", "larda", "ler", "lerin", "lere", "leri", "lerden", "lerle", "lerde",
];
