//! One alias, compiled: the words that it is made of, and how each may look in a text.

use std::ops::Range;

use super::inflection::{Affixes, After, Before, Spelled, article_len, inflect, is_tail};
use super::normalize::{Folded, Script};

/// What an alias is to its actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A name, or a seat that stands for one.
    Name,
    /// An adjective or an inhabitant.
    Demonym,
    /// Several actors by one character each: 中美, 한미일.
    Compound,
}

/// Which letters of a word must be capitals in the text, taken from how the alias is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capitals {
    /// The alias is lower case, or its script has no case.
    Free,
    /// The first: "Turkey" is not "turkey", but may be "TURKEY".
    First,
    /// The first and no other: "Xi" is not "XI".
    OnlyFirst,
    /// All: "US" is not "us".
    All,
}

/// One word of an alias.
#[derive(Debug)]
struct Word {
    stem: String,
    affixes: Affixes,
    capitals: Capitals,
}

/// One alias, ready to be looked for.
#[derive(Debug)]
pub(super) struct Pattern {
    first: Word,
    others: Vec<Word>,
    role: Role,
    language: String,
    script: Option<Script>,
    letters: usize,
}

impl Pattern {
    /// Compile `alias`; `None` where nothing is left of it after folding.
    pub(super) fn new(alias: &str, language: &str, role: Role) -> Option<Self> {
        let folded = Folded::new(alias.trim());
        let text = folded.text();
        let mut end = 0;
        let words: Vec<(usize, &str)> = text
            .split(' ')
            .map(|word| {
                let start = end;
                end += word.len() + 1;
                (start, word)
            })
            .filter(|(_, word)| !word.is_empty())
            .collect();
        let last = words.len().checked_sub(1)?;
        let mut words = words.into_iter().enumerate().map(|(index, (start, word))| {
            let definite = folded.source_at(start).starts_with("ال");
            let capitals = Capitals::of(word, |byte| folded.is_capital(start + byte));
            let spelled = Spelled { word, role, language, first: index == 0, last: index == last, definite };
            let (stem, affixes) = match inflect(spelled) {
                (_, affixes) if capitals == Capitals::All => {
                    (word, Affixes { after: After::Endings(&[""]), ..affixes })
                }
                inflected => inflected,
            };
            Word { stem: stem.to_owned(), affixes, capitals }
        });
        let first = words.next().filter(|word| !word.stem.is_empty())?;
        Some(Self {
            first,
            others: words.collect(),
            role,
            language: language.to_owned(),
            script: text.chars().find_map(Script::of),
            letters: text.chars().filter(|c| c.is_alphanumeric()).count(),
        })
    }

    /// What to look for: the stem of the first word.
    pub(super) fn needle(&self) -> &str {
        &self.first.stem
    }

    /// The language that the alias belongs to.
    pub(super) fn language(&self) -> &str {
        &self.language
    }

    /// Whether the alias may be looked for in a text of `language` (`und`: not known).
    ///
    /// Scripts that few languages share are safe to search everywhere, so that a French text that quotes Arabic still
    /// works. Latin, Arabic and Han letters spell different things in different languages (`UN` is French for "a", `کیف`
    /// Persian for a bag and all but Arabic for "how"), so there only the text's own aliases count, and in Latin script
    /// English names too.
    pub(super) fn admits(&self, language: &str) -> bool {
        match self.script {
            _ if self.language == language => true,
            // Korean headlines write 美 for the United States; no other text does.
            Some(Script::Han | Script::Katakana) if self.language == "ko" => false,
            _ if language == "und" => true,
            Some(Script::Latin) => self.language == "en" && self.role == Role::Name && self.letters > 2,
            Some(script) => !script.writes(language),
            None => false,
        }
    }

    /// The folded bytes that this alias covers, where the stem of its first word stands at `at`.
    pub(super) fn at(&self, text: &Folded<'_>, at: usize) -> Option<Range<usize>> {
        let before = self.first.before(text.text().get(..at)?)?;
        let mut end = self.first.ends(text, at)?;
        for word in &self.others {
            let rest = text.text().get(end..)?.strip_prefix(' ')?;
            end = word.prefixes().iter().find_map(|before| {
                rest.strip_prefix(before)?.starts_with(&word.stem).then(|| word.ends(text, end + 1 + before.len()))?
            })?;
        }
        Some(at - article_len(before)..end)
    }
}

impl Word {
    /// The prefix that stands between the start of the word and its stem, if it is one that may.
    fn before(&self, text: &str) -> Option<&'static str> {
        let script = match self.affixes.before {
            Before::Anything => None,
            Before::Prefixes(_) => self.stem.chars().next().and_then(Script::of),
        };
        let open = |text: &str| !joins(text.chars().next_back(), script);
        self.prefixes().iter().copied().find(|before| text.strip_suffix(before).is_some_and(open))
    }

    fn prefixes(&self) -> &'static [&'static str] {
        match self.affixes.before {
            Before::Anything => &[""],
            Before::Prefixes(prefixes) => prefixes,
        }
    }

    /// Where the word ends whose stem stands at `at`, with its ending, if all that follows the stem may follow it.
    fn ends(&self, text: &Folded<'_>, at: usize) -> Option<usize> {
        let end = at + self.stem.len();
        let rest = text.text().get(end..)?;
        let script = self.stem.chars().next_back().and_then(Script::of);
        let ending = match self.affixes.after {
            After::Anything => 0,
            After::Endings(endings) => {
                let fits = |ending: &&&str| {
                    rest.strip_prefix(**ending).is_some_and(|rest| !joins(rest.chars().next(), script))
                };
                endings.iter().filter(fits).map(|ending| ending.len()).max()?
            }
            After::Particles => {
                let word = rest.find(|c| !joins(Some(c), script)).map_or(rest, |end| &rest[..end]);
                is_tail(word).then_some(0)?
            }
        };
        self.capitals.fit(&self.stem, |byte| text.is_capital(at + byte)).then_some(end + ending)
    }
}

impl Capitals {
    /// How `word` is written, given which of its bytes start a capital.
    fn of(word: &str, is_capital: impl Fn(usize) -> bool) -> Self {
        let letters = || word.char_indices().filter(|(_, c)| c.is_alphabetic());
        let count = letters().count();
        match letters().next() {
            Some((first, _)) if is_capital(first) => match count {
                // A longer one in capitals (UNESCO) is a name that is also written Unesco.
                ..=5 if letters().all(|(byte, _)| is_capital(byte)) => Self::All,
                ..=2 => Self::OnlyFirst,
                _ => Self::First,
            },
            _ => Self::Free,
        }
    }

    /// Whether `word` in a text is written so.
    fn fit(self, word: &str, is_capital: impl Fn(usize) -> bool) -> bool {
        let mut letters = word.char_indices().filter(|(_, c)| c.is_alphabetic()).map(|(byte, _)| is_capital(byte));
        match self {
            Self::Free => true,
            Self::First => letters.next().unwrap_or(true),
            Self::OnlyFirst => letters.next().unwrap_or(true) && !letters.any(|capital| capital),
            Self::All => letters.all(|capital| capital),
        }
    }
}

/// Whether a neighbour continues a word of `script`.
fn joins(neighbour: Option<char>, script: Option<Script>) -> bool {
    match script {
        None | Some(Script::Unspaced) => false,
        _ => neighbour.and_then(Script::of) == script,
    }
}
