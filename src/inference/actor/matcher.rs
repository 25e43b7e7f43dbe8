//! Finding the names of a catalogue in a text.

use std::{collections::HashMap, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::normalize::Folded;
use super::pattern::{Pattern, Role};
use super::{Catalogue, Mention};
use crate::{Error, Result, Span};

/// Finds mentions of actors, in time linear in the text.
///
/// An automaton looks for the first word of every alias, cut to the stem that its inflected forms share; what it finds is
/// then checked letter by letter against the rest of the alias and the boundary rules of the script. Checking comes before
/// choosing, so that a long alias that fails its check never hides a shorter one that holds.
#[derive(Debug)]
pub struct Matcher {
    automaton: AhoCorasick,
    /// For every needle of the automaton, the aliases that start with it.
    entries: Vec<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    pattern: Pattern,
    means: Meaning,
}

/// What an alias stands for.
#[derive(Debug, Clone)]
enum Meaning {
    Actor(usize),
    /// One actor a character.
    Compound(Vec<usize>),
    /// No actor, whatever names it seems to contain: "South America".
    Decoy,
}

/// An alias that was found.
struct Found<'m> {
    /// In the source.
    span: Span,
    /// In the folded text.
    folded: Range<usize>,
    own_language: bool,
    means: &'m Meaning,
}

impl Matcher {
    /// Compile the aliases of `catalogue`.
    pub fn new(catalogue: &Catalogue) -> Result<Self> {
        let mut needles: Vec<String> = Vec::new();
        let mut entries: Vec<Vec<Entry>> = Vec::new();
        let mut known = HashMap::new();
        let mut add = |alias: &str, language: &str, role, means| {
            if let Some(pattern) = Pattern::new(alias, language, role) {
                let index = *known.entry(pattern.needle().to_owned()).or_insert_with(|| {
                    needles.push(pattern.needle().to_owned());
                    entries.push(Vec::new());
                    entries.len() - 1
                });
                if let Some(entries) = entries.get_mut(index) {
                    entries.push(Entry { pattern, means });
                }
            }
        };
        for (index, actor) in catalogue.actors().iter().enumerate() {
            for (field, language, alias) in actor.aliases() {
                let role = if field == "demonyms" { Role::Demonym } else { Role::Name };
                add(alias, language, role, Meaning::Actor(index));
            }
        }
        for (language, compound, actors) in catalogue.compounds()? {
            let dotted = compound.chars().map(String::from).collect::<Vec<_>>().join("·");
            add(&dotted, language, Role::Compound, Meaning::Compound(actors.clone()));
            add(compound, language, Role::Compound, Meaning::Compound(actors));
        }
        for (language, phrase) in catalogue.decoys() {
            add(phrase, language, Role::Name, Meaning::Decoy);
        }
        let automaton =
            AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(&needles).map_err(|error| {
                Error::Invalid { place: "actor catalogue".into(), message: format!("too many aliases: {error}") }
            })?;
        Ok(Self { automaton, entries })
    }

    /// The mentions in `text`, in order of position, none overlapping another. `language` is the primary subtag of its
    /// language, or `und` where that is not known, which searches for the aliases of all.
    pub fn find(&self, text: &str, language: &str) -> Vec<Mention> {
        let language = language.split(['-', '_']).next().unwrap_or(language);
        let folded = Folded::new(text);
        let (mut compounds, mut names) = (Vec::new(), Vec::new());
        for hit in self.automaton.try_find_overlapping_iter(folded.text()).into_iter().flatten() {
            let entries = self.entries.get(hit.pattern().as_usize()).map_or(&[] as &[Entry], Vec::as_slice);
            for entry in entries.iter().filter(|entry| entry.pattern.admits(language)) {
                let place = entry.pattern.at(&folded, hit.start()).and_then(|at| Some((folded.span(at.clone())?, at)));
                if let Some((span, at)) = place {
                    let own_language = entry.pattern.language() == language;
                    let group = if matches!(entry.means, Meaning::Compound(_)) { &mut compounds } else { &mut names };
                    group.push(Found { span, folded: at, own_language, means: &entry.means });
                }
            }
        }
        let mut chosen = leftmost_longest(names, &[]);
        // A compound is the weaker reading: 其中美国 is "among them, the United States" and not 中美 and 国.
        let compounds = leftmost_longest(compounds, &chosen);
        chosen.extend(compounds);
        let mut mentions: Vec<Mention> = chosen.iter().flat_map(|found| found.mentions(&folded)).collect();
        mentions.sort_by_key(|mention| mention.span);
        mentions
    }
}

impl Found<'_> {
    fn mentions(&self, text: &Folded<'_>) -> Vec<Mention> {
        match self.means {
            Meaning::Decoy => Vec::new(),
            Meaning::Actor(actor) => vec![Mention { actor: *actor, span: self.span }],
            Meaning::Compound(actors) => {
                let word = text.text().get(self.folded.clone()).unwrap_or_default();
                let letters = word.char_indices().filter(|(_, c)| c.is_alphabetic());
                let spans = letters.filter_map(|(byte, c)| {
                    let start = self.folded.start + byte;
                    text.span(start..start + c.len_utf8())
                });
                actors.iter().zip(spans).map(|(&actor, span)| Mention { actor, span }).collect()
            }
        }
    }
}

/// The leftmost of what was found, the longest of those that start together, then the next that overlaps none of these
/// and none of `taken`. Of two names for one place a decoy comes first, then one in the language of the text.
fn leftmost_longest<'m>(mut found: Vec<Found<'m>>, taken: &[Found<'_>]) -> Vec<Found<'m>> {
    found.sort_by_key(|found| {
        let decoy = matches!(found.means, Meaning::Decoy);
        (found.span.start(), std::cmp::Reverse(found.span.end()), !decoy, !found.own_language)
    });
    let mut chosen: Vec<Found<'m>> = Vec::new();
    let mut next_taken = taken.iter().peekable();
    for candidate in found {
        while next_taken.next_if(|taken| taken.span.end() <= candidate.span.start()).is_some() {}
        let free = next_taken.peek().is_none_or(|taken| taken.span.start() >= candidate.span.end());
        if free && chosen.last().is_none_or(|last| last.span.end() <= candidate.span.start()) {
            chosen.push(candidate);
        }
    }
    chosen
}
