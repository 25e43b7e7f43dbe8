//! The sentences of a text, as spans that tile it.
//!
//! Paragraph by paragraph: `sentencex` proposes the cuts, `continuation` takes back those that fall inside a sentence,
//! and one that is still longer than `LONGEST` is cut where it hurts least. Time is linear in the text.
//!
//! **Invariant:** the spans are in order, none is empty, and put end to end they are the text. White space between
//! two sentences belongs to the first of them; white space before the first sentence belongs to it.

mod continuation;
mod paragraphs;

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use crate::{Language, Span};

/// The longest sentence, in code points, without the white space at its end. No sentence that people write comes near:
/// this is for a file of one line, whose time and memory must stay bounded.
const LONGEST: usize = 2_000;

/// How much of a paragraph `sentencex` sees at a time, in bytes: the longest sentence in any script that is in use.
/// Unpaired quotation marks cost it quadratic time (0.1.33: 7 ms for 8 KiB of `«`, 440 ms for 64 KiB).
const WINDOW: usize = 3 * LONGEST;

/// The sentences of `text`, in order. Empty for the empty text; one span for a text of white space.
///
/// A line break ends a sentence, so a headline without a full stop never runs into the next line. The exception is
/// text wrapped at a fixed width, whose line breaks are told from real ones by their place.
pub fn sentences(text: &str, language: &Language) -> Vec<Span> {
    let mut starts = Vec::new();
    for paragraph in paragraphs::paragraphs(text) {
        for sentence in pairs(&cuts(text, paragraph, language)) {
            shorten(text, sentence, &mut starts);
        }
    }
    starts.push(text.len());
    pairs(&starts)
        .map(|range| Span::new(text, range.start, range.end).expect("every cut is on a character boundary"))
        .collect()
}

/// `sentence` without the white space around it; empty, at the sentence's start, where it holds nothing else.
pub fn trimmed(text: &str, sentence: Span) -> Span {
    let end = sentence.start() + sentence.of(text).trim_end().len();
    let start = end - text.get(sentence.start()..end).map_or(0, |rest| rest.trim_start().len());
    Span::new(text, start, end).unwrap_or(sentence)
}

/// The ranges between neighbouring cuts, those of nothing left out.
fn pairs(cuts: &[usize]) -> impl Iterator<Item = Range<usize>> {
    cuts.windows(2).map(|pair| pair[0]..pair[1]).filter(|range| !range.is_empty())
}

/// Every place in `paragraph` where a sentence starts, and its end.
fn cuts(text: &str, paragraph: Range<usize>, language: &Language) -> Vec<usize> {
    let mut cuts = vec![paragraph.start];
    let mut start = paragraph.start;
    while start < paragraph.end {
        let end = text.floor_char_boundary(paragraph.end.min(start + WINDOW));
        let first = cuts.len();
        propose(&text[start..end], start, language, &mut cuts);
        if end == paragraph.end {
            break;
        }
        // The last sentence of a window is not whole: the next window starts with it, unless it fills half of this one.
        start = match cuts.last() {
            Some(&last) if cuts.len() > first && last > start + WINDOW / 2 => last,
            _ => {
                let end = after_space(text, best_place(text, start + WINDOW / 2..end)).min(paragraph.end);
                cuts.push(end);
                end
            }
        };
    }
    cuts.push(paragraph.end);
    cuts.retain(|&cut| !continuation::continues(&text[paragraph.start..cut], &text[cut..paragraph.end], language));
    cuts
}

/// Append the cuts inside `window`, which starts at byte `origin` of the text.
fn propose(window: &str, origin: usize, language: &Language, cuts: &mut Vec<usize>) {
    let rules = match language.primary() {
        // It has none for Norwegian, whose abbreviations are mostly the Danish ones.
        "nb" | "nn" | "no" => "da",
        other => other,
    };
    for boundary in sentencex::get_sentence_boundaries(rules, window) {
        let rest = window.get(boundary.end_byte..).unwrap_or_default();
        // A mark that can only close belongs to the sentence that it closes.
        let rest = rest.trim_start_matches(['”', '’', '」', '』', '）', ')', ']', '】', '》', '〉']).trim_start();
        let cut = origin + window.len() - rest.len();
        if !rest.is_empty() && cuts.last().is_none_or(|&last| last < cut) {
            cuts.push(cut);
        }
    }
}

/// Append the start of `sentence`, and further starts inside it until no part is longer than [`LONGEST`].
fn shorten(text: &str, sentence: Range<usize>, starts: &mut Vec<usize>) {
    let end = sentence.start + text[sentence.clone()].trim_end().len();
    let mut start = sentence.start;
    starts.push(start);
    while end.saturating_sub(start) > LONGEST {
        let mut places = text[start..end].char_indices().map(|(byte, _)| start + byte);
        let Some(half) = places.nth(LONGEST / 2) else { return };
        let Some(limit) = places.nth(LONGEST / 2 - 1) else { return };
        start = after_space(text, best_place(text, half..limit));
        starts.push(start);
    }
}

/// Where to cut if a cut must fall within `range`, its end included: after the last clause mark; else at the last white
/// space; else at the last place that leaves every character whole as it is read.
fn best_place(text: &str, range: Range<usize>) -> usize {
    let start = text.ceil_char_boundary(range.start);
    let (mut clause, mut space, mut whole) = (None, None, None);
    let mut before = '\0';
    // One character further, since what follows a cut decides whether the cut is one.
    for (byte, after) in text[start..].char_indices().map(|(byte, after)| (start + byte, after)) {
        if byte > range.end {
            break;
        }
        if byte > start && !extends(before, after) {
            whole = Some(byte);
            if after.is_whitespace() {
                space = Some(byte);
            }
            if ends_clause(before, after) {
                clause = Some(byte);
            }
        }
        before = after;
    }
    clause.or(space).or(whole).unwrap_or(range.end)
}

/// The first place at or after `place` that is not white space.
fn after_space(text: &str, place: usize) -> usize {
    text.len() - text[place..].trim_start().len()
}

/// Whether a clause ends between `before` and `after`. Where words are spaced the mark must be followed by white space:
/// `1,000` holds no clause.
fn ends_clause(before: char, after: char) -> bool {
    match before {
        '。' | '！' | '？' | '，' | '、' | '；' | '：' | '।' => true,
        '.' | '!' | '?' | '…' | '؟' | '۔' | ',' | ';' | ':' | '،' | '؛' | '—' | '–' => after.is_whitespace(),
        _ => false,
    }
}

/// Whether `after` is read as one character with what comes before it: marks, joiners, emoji modifiers and tags, the
/// second half of a flag and the later parts of a Hangul syllable. The plain part of UAX 29 rules GB6 to GB13.
fn extends(before: char, after: char) -> bool {
    let regional = |c| matches!(c, '\u{1F1E6}'..='\u{1F1FF}');
    is_combining_mark(after)
        || matches!(after, '\u{200C}' | '\u{200D}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}')
        || matches!(after, '\u{1160}'..='\u{11FF}')
        || before == '\u{200D}'
        || (regional(before) && regional(after))
}
