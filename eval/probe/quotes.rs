//! The same text without quotation marks: who speaks is no longer marked.

use super::edit::{Edit, edited};
use super::script::continues_word;
use crate::example::Example;

/// Marks that are nothing but quotation marks.
const QUOTES: &str = "“”„‟«»‹›「」『』﹁﹂﹃﹄｢｣〝〞〟＂❝❞⹂\"";
/// Marks that are also apostrophes.
const SINGLE: &str = "'‘’‚‛`＇❛❜";

/// `example` without its quotation marks; `None` where it had none. Apostrophes stay, and so does the mark in a Hebrew acronym.
pub(super) fn unquoted(example: &Example) -> Option<Example> {
    let characters: Vec<(usize, char)> = example.text.char_indices().collect();
    let mut edits: Vec<Edit> = Vec::new();
    for place in marks(&characters) {
        let (byte, mark) = characters[place];
        let before = place.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(place + 1);
        // « so » leaves two spaces, one of which stood for the mark.
        let spaces = before.is_none_or(|(_, c)| c.is_whitespace()) && after.is_some_and(|(_, c)| c.is_whitespace());
        let space = after.filter(|_| spaces).map_or(0, |(_, c)| c.len_utf8());
        let end = byte + mark.len_utf8() + space;
        edits.push(Edit { range: byte..end, text: String::new() });
    }
    edited(example, &edits)
}

/// Indices of the quotation marks in `characters`.
fn marks(characters: &[(usize, char)]) -> Vec<usize> {
    let mut marks = Vec::new();
    let mut open = Vec::new();
    for (place, &(_, mark)) in characters.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| characters[before].1);
        let after = characters.get(place + 1).map(|&(_, c)| c);
        if QUOTES.contains(mark) {
            let hebrew = |c: Option<char>| c.is_some_and(|c| ('\u{5d0}'..='\u{5ea}').contains(&c));
            if !(hebrew(before) && hebrew(after)) {
                marks.push(place);
            }
        } else if SINGLE.contains(mark) {
            let word = |c: Option<char>| c.is_some_and(continues_word);
            let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
            match (word(before), word(after)) {
                (true, true) => {}
                // What closes nothing is an apostrophe: the workers' rights.
                (_, false) if !blank(before) && !open.is_empty() => marks.extend(open.pop().into_iter().chain([place])),
                (false, _) if !blank(after) => open.push(place),
                _ => {}
            }
        }
    }
    marks.sort_unstable();
    marks
}
