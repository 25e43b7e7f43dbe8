//! Arabic, which writes conjunctions, prepositions and the article together with the word; Persian, which does not.

use super::{Affixes, After, Before, NONE, Spelled};
use crate::actor::pattern::Role;

pub(super) fn inflect(spelled: Spelled<'_>) -> (&str, Affixes) {
    let Spelled { word, role, first, definite, .. } = spelled;
    let adjective = role == Role::Demonym;
    let (stem, article) = match word.strip_prefix(ARTICLE).filter(|_| definite) {
        Some(stem) => (stem, true),
        None => (word, false),
    };
    let (stem, before) = match (first, adjective) {
        (true, true) if article => (stem, DEFINITE),
        (true, true) => (stem, EITHER),
        (true, false) if article => (stem, DEFINITE),
        // "كسول" is lazy: on a short name these letters are rather the start of another word.
        (true, false) if word.chars().nth(3).is_none() => (word, SHORT),
        (true, false) => (word, BARE),
        (false, true) => (stem, &["", ARTICLE] as &[&str]),
        (false, false) => (word, NONE),
    };
    let endings = if adjective && stem.ends_with('ي') { NISBA } else { NONE };
    (stem, Affixes { before: Before::Prefixes(before), after: After::Endings(endings) })
}

const ARTICLE: &str = "ال";

/// How much of a prefix belongs to the mention: the article does, and so does "لل", which cannot be cut.
pub(in crate::actor) fn article_len(prefix: &str) -> usize {
    if prefix.ends_with(ARTICLE) || prefix.ends_with("لل") { ARTICLE.len() } else { 0 }
}

const SHORT: &[&str] = &["", "و", "ب", "ل", "وب", "ول"];
const BARE: &[&str] = &["", "و", "ف", "ب", "ل", "ك", "وب", "ول", "وك", "فب", "فل"];
const DEFINITE: &[&str] = &["ال", "وال", "فال", "بال", "كال", "لل", "وبال", "وكال", "ولل", "فبال", "فلل"];
/// A demonym comes with and without the article; one that the catalogue spells with it ("الكوبي", for "كوبي" may be Kobe)
/// only with.
#[rustfmt::skip]
const EITHER: &[&str] = &[
    "", "و", "ف", "ب", "ل", "ك", "وب", "ول", "وك", "فب", "فل",
    "ال", "وال", "فال", "بال", "كال", "لل", "وبال", "وكال", "ولل", "فبال", "فلل",
];
/// Masculine, feminine, adverbial, dual, plural.
const NISBA: &[&str] = &["", "ه", "ا", "ان", "ين", "ون", "تان", "تين", "ات"];

/// Persian parts most suffixes by a zero-width non-joiner, which ends the word; these are also written on.
pub(super) fn persian_endings(role: Role) -> &'static [&'static str] {
    if role == Role::Demonym { &["", "ها", "هاي", "هايي", "ان"] } else { NONE }
}
