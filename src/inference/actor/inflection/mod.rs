//! What may stand directly before and after a name in running text, by script and language.
//!
//! Case endings come from small tables by declension class, not from a stemmer: a stemmer cuts an ordinary word and a
//! name to one stem (Russian Snowball makes one of `Иран` and `Ира`), while a table admits only forms that the name has.

mod arabic;
mod cyrillic;
mod korean;
mod latin;

use super::normalize::Script;
use super::pattern::Role;

pub(super) use arabic::article_len;
pub(super) use korean::is_tail;

/// How the stem of a word meets its surroundings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affixes {
    /// What may be written together with it before it.
    pub(super) before: Before,
    /// What may follow it.
    pub(super) after: After,
}

/// What may stand before a stem.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before {
    /// The start of the word, then one of these.
    Prefixes(&'static [&'static str]),
    /// Anything: scripts without spaces.
    Anything,
}

/// What may follow a stem.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    /// One of these endings, then the end of the word. They are part of the mention.
    Endings(&'static [&'static str]),
    /// A Korean particle or the second part of a compound. Neither is part of the mention.
    Particles,
    /// Anything: scripts without spaces, and Korean names that no other word begins with.
    Anything,
}

/// The one affix of a word that has none.
const NONE: &[&str] = &[""];

/// One word of an alias, as the rules need to see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelled<'w> {
    /// The word, folded.
    pub(super) word: &'w str,
    /// What the alias is to its actor.
    pub(super) role: Role,
    /// The language of the alias.
    pub(super) language: &'w str,
    /// Whether it is the first word of the alias.
    pub(super) first: bool,
    /// Whether it is the last word of the alias.
    pub(super) last: bool,
    /// Whether it is spelled with "ال" before folding, which makes that of the first letters of ألمانيا too.
    pub(super) definite: bool,
}

/// Splits a word into the stem that all its forms share, and what may stand around that stem.
pub(super) fn inflect(spelled: Spelled<'_>) -> (&str, Affixes) {
    let word = spelled.word;
    let plain = |(stem, endings)| (stem, Affixes { before: Before::Prefixes(NONE), after: After::Endings(endings) });
    let free = Affixes { before: Before::Anything, after: After::Anything };
    match word.chars().next_back().and_then(Script::of) {
        Some(Script::Latin) => plain(latin::inflect(spelled)),
        Some(Script::Cyrillic) => plain(cyrillic::inflect(spelled)),
        Some(Script::Arabic) if spelled.language == "ar" => arabic::inflect(spelled),
        Some(Script::Arabic) => plain((word, arabic::persian_endings(spelled.role))),
        Some(Script::Hangul) => (word, korean::affixes(spelled)),
        // A single 美 counts only where it stands alone.
        Some(Script::Han) if word.chars().nth(1).is_some() => (word, free),
        Some(Script::Unspaced) => (word, free),
        _ => plain((word, NONE)),
    }
}
