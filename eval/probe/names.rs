//! The same sentence with the target's name hidden, masked or replaced.

use std::ops::Range;

use rand::seq::IndexedRandom;
use regard::Span;
use regard::actor::{Actor, ActorType};

use super::agreement::stands_in;
use super::edit::{Edit, edited};
use super::frames::is_small;
use super::script::{Script, continues_word};
use super::{Surroundings, primary};
use crate::example::Example;

/// What may stand in capitals before the name of a person without being a part of it.
const TITLES: &str = "President Senator Sen. Mr. Mr Mrs. Ms. Minister Secretary Chancellor Premier Governor Gov. Rep. Dr. Präsident \
    Kanzler Minister Herr Präsidenten Außenminister Başkanı Bakanı";

/// `example` for a question that names no target.
pub(super) fn hidden(example: &Example) -> Example {
    Example { target: None, mention: None, ..example.clone() }
}

/// `example` with `mask` for the target's name, wherever the text has it; `None` where it names none.
pub(super) fn masked(example: &Example, mask: &str) -> Option<Example> {
    renamed(example, &edits(&occurrences(example)?, mask))
}

/// `example` with the name of another actor of the catalogue for the target's, where [`replacement`] has one.
pub(super) fn replaced(example: &Example, surroundings: &Surroundings<'_>) -> Option<Example> {
    let Replacement { edits, .. } = replacement(example, surroundings, &mentioned(example, surroundings))?;
    renamed(example, &edits)
}

/// All examples of one text with the names of other actors for those of their targets: the text stays one, and so do the labels.
/// `None` where no target's name can be replaced.
pub(super) fn copied(examples: &[Example], surroundings: &Surroundings<'_>) -> Option<Vec<Example>> {
    let mut taken = mentioned(examples.first()?, surroundings);
    let own = taken.len();
    let mut copies: Option<Vec<Example>> = None;
    for index in 0..examples.len() {
        let current = copies.as_deref().unwrap_or(examples);
        let Some(found) = current.get(index).and_then(|example| replacement(example, surroundings, &taken)) else {
            continue;
        };
        // The new name of an earlier target: this one had the same.
        if taken[own..].contains(&found.old) {
            continue;
        }
        let change = |(place, example)| {
            if place == index { renamed(example, &found.edits) } else { carried(example, &found) }
        };
        let changed: Option<Vec<Example>> = current.iter().enumerate().map(change).collect();
        let new = found.new;
        if changed.is_some() {
            copies = changed;
            taken.push(new);
        }
    }
    copies
}

/// Another name for a target.
struct Replacement<'a> {
    edits: Vec<Edit>,
    old_name: &'a str,
    /// Indices of actors in the catalogue.
    old: usize,
    new: usize,
}

/// The actors of the catalogue that the text of `example` names.
fn mentioned(example: &Example, surroundings: &Surroundings<'_>) -> Vec<usize> {
    surroundings.matcher.find(&example.text, &example.language).iter().map(|mention| mention.actor).collect()
}

/// The name of another actor of the catalogue, none of those `taken`, wherever `example` has the target's.
///
/// `None` where the name is none of the catalogue's in the language's nominative, any of its places in the text shows by what is beside it
/// that another name would not fit or is a part of another actor's name, or the text calls the target by another name too.
fn replacement<'a>(example: &'a Example, surroundings: &Surroundings<'_>, taken: &[usize]) -> Option<Replacement<'a>> {
    let language = primary(&example.language);
    let old_name = example.mention?.of(&example.text);
    let actors = surroundings.catalogue.actors();
    let old = actors.iter().position(|actor| names(actor, language).any(|name| name == old_name))?;
    let places = occurrences(example)?;
    if !places.iter().all(|place| stands_free(&example.text, place, language)) {
        return None;
    }
    let mentions = surroundings.matcher.find(&example.text, &example.language);
    let at_a_place = |span: Span| places.iter().any(|place| place.start < span.end() && span.start() < place.end);
    if !mentions.iter().all(|mention| (mention.actor == old) == at_a_place(mention.span)) {
        return None;
    }
    let others = actors.iter().enumerate().filter(|(index, _)| *index != old && !taken.contains(index));
    let fitting: Vec<(usize, &str)> = others
        .flat_map(|(index, other)| known_names(other, language).map(move |name| (index, name)))
        .filter(|(index, name)| stands_in(language, (&actors[old], old_name), (&actors[*index], name)))
        .collect();
    let &(new, name) = fitting.choose(&mut surroundings.chance(&example.id))?;
    Some(Replacement { edits: edits(&places, name), old_name, old, new })
}

/// `example`, which asks about another target of the text, after a replacement. `None` where that reaches into the name of its target, or
/// the target goes on by the old one.
fn carried(example: &Example, Replacement { edits, old_name, .. }: &Replacement<'_>) -> Option<Example> {
    let within = |mention: Span, edit: &Edit| {
        mention.start() <= edit.range.start && edit.range.end <= mention.end() && mention.range() != edit.range
    };
    if example.mention.is_some_and(|mention| edits.iter().any(|edit| within(mention, edit))) {
        return None;
    }
    edited(example, edits).filter(|changed| changed.target.as_deref() != Some(*old_name))
}

/// Names of `actor` that a text in `language` uses. Languages in Latin letters call people as English does where the catalogue
/// has nothing of their own.
pub(super) fn names<'a>(actor: &'a Actor, language: &str) -> impl Iterator<Item = &'a str> {
    let fallback = actor.kind == ActorType::Person && matches!(language, "de" | "es" | "fr" | "tr");
    let own = actor.names.get(language);
    let names = own.or_else(|| actor.names.get("en").filter(|_| fallback));
    names.into_iter().flatten().map(String::as_str)
}

/// Those of them that readers know without help: beside its display name a state has rare acronyms and words for its army or
/// government, a person a given name.
fn known_names<'a>(actor: &'a Actor, language: &str) -> impl Iterator<Item = &'a str> {
    let count = if actor.kind == ActorType::Person { usize::MAX } else { 1 };
    let display = names(actor, language).next().unwrap_or_default();
    let given = display.split_once(' ').map(|(given, _)| given);
    names(actor, language).take(count).filter(move |name| Some(*name) != given)
}

/// `name` at each of `places`.
fn edits(places: &[Range<usize>], name: &str) -> Vec<Edit> {
    places.iter().map(|place| Edit { range: place.clone(), text: name.to_owned() }).collect()
}

/// `example` after `edits` that give its target another name.
fn renamed(example: &Example, edits: &[Edit]) -> Option<Example> {
    let changed = edited(example, edits)?;
    // Also where the target went by another name than its mention: a model that is told names must not hear the old one.
    Some(Example { target: edits.first().map(|edit| edit.text.clone()), ..changed })
}

/// The mention and the other places where the text has the same name as a word of its own, in order.
fn occurrences(example: &Example) -> Option<Vec<Range<usize>>> {
    let (text, mention) = (&example.text, example.mention?);
    // Empty where the mention is of another text.
    let name = Some(mention.of(text)).filter(|name| !name.is_empty())?;
    let same = text.match_indices(name).map(|(start, name)| start..start + name.len());
    let word = |place: &Range<usize>| !starts_inside(text, place) && !ends_inside(text, place);
    let elsewhere = same.filter(|place| place.end <= mention.start() || mention.end() <= place.start).filter(word);
    let mut places: Vec<Range<usize>> = elsewhere.chain([mention.range()]).collect();
    places.sort_by_key(|place| place.start);
    Some(places)
}

/// Whether a word reaches over the start of `place`.
fn starts_inside(text: &str, place: &Range<usize>) -> bool {
    let joins = text[place.clone()].chars().next().and_then(Script::of).is_some_and(Script::joins_words);
    !joins && text[..place.start].chars().next_back().is_some_and(continues_word)
}

fn ends_inside(text: &str, place: &Range<usize>) -> bool {
    let joins = text[place.clone()].chars().next_back().and_then(Script::of).is_some_and(Script::joins_words);
    // A mark changes the last letter.
    let mark = |c: char| matches!(c, '\u{300}'..='\u{36f}' | '\u{200d}');
    text[place.end..].chars().next().is_some_and(|c| mark(c) || (!joins && continues_word(c)))
}

/// Whether the name at `place` is neither a part of a longer name nor of a compound, and takes no ending.
fn stands_free(text: &str, place: &Range<usize>, language: &str) -> bool {
    if starts_inside(text, place) || ends_inside(text, place) {
        return false;
    }
    let (before, after) = (&text[..place.start], &text[place.end..]);
    let dashes = ['-', '‐', '‑', '/', '·', '・'];
    if before.ends_with(dashes) || after.starts_with(dashes) {
        return false;
    }
    // Foreign names are words of their own in Japanese, though nothing stands between words: インド is no part of インドネシア.
    let katakana = |c: Option<char>| c.is_some_and(|c| matches!(c, 'ァ'..='ヺ' | 'ー'));
    let name = &text[place.clone()];
    if katakana(name.chars().next()) && katakana(before.chars().next_back())
        || katakana(name.chars().next_back()) && katakana(after.chars().next())
    {
        return false;
    }
    // Vowel harmony: the suffix behind the apostrophe is another one for another name.
    if language == "tr" && after.starts_with(['\'', '’']) {
        return false;
    }
    let last = before.split(' ').rev().find(|word| !word.is_empty()).unwrap_or_default();
    let beside = before.ends_with(' ');
    if language == "en" && beside && matches!(last, "a" | "an" | "A" | "An") {
        return false;
    }
    let capital = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
    let closed = last.ends_with([',', ':', ';', '!', '?', '"', '”', '»', ')']);
    let title = TITLES.split_whitespace().any(|title| title == last) || is_small(language, last);
    let given_name = beside && capital(last) && !closed && !title;
    let surname = after.strip_prefix(' ').is_some_and(capital);
    !given_name && !surname
}
