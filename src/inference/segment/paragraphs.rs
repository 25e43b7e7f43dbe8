//! Which line breaks end a paragraph.

use std::ops::{Range, RangeInclusive};

/// The widths, in code points, at which plain text is wrapped.
const WIDTHS: RangeInclusive<usize> = 40..=120;

/// The paragraphs of `text` as byte ranges that tile it, the white space before a paragraph's first line counted to the
/// paragraph before. Every line is a paragraph of its own, except that a line break which wrapping put there joins.
pub(super) fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let width = wrap_width(text);
    let mut starts = Vec::new();
    let mut before = "";
    for (line, place) in lines(text) {
        let wrapped = width.is_some_and(|width| is_forced(before, line, width));
        if !line.is_empty() && !wrapped {
            starts.push(if starts.is_empty() { 0 } else { place });
        }
        before = line;
    }
    if starts.is_empty() {
        starts.push(0);
    }
    starts.push(text.len());
    super::pairs(&starts).collect()
}

/// Each line without the white space around it, and the byte where it starts.
fn lines(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut next = 0;
    text.split_inclusive(['\n', '\u{0B}', '\u{0C}', '\u{85}', '\u{2028}', '\u{2029}']).map(move |line| {
        let indent = line.len() - line.trim_start().len();
        let place = next + indent;
        next += line.len();
        (line.trim(), place)
    })
}

/// The width in code points at which `text` was wrapped, if it was.
///
/// Wrapping breaks a line only where the next word would not have fitted. A text is taken as wrapped where that holds
/// for three breaks in four, and a quarter of those fall before a lower-case letter; a list of headlines of one length
/// has the first property but not the second. So text in a script without case keeps all its line breaks.
fn wrap_width(text: &str) -> Option<usize> {
    let breaks = || {
        let followed = lines(text).zip(lines(text).skip(1)).map(|((line, _), (next, _))| (line, next));
        followed.filter(|(line, next)| !line.is_empty() && !next.is_empty())
    };
    let width = breaks().map(|(line, _)| line.chars().count()).max().filter(|width| WIDTHS.contains(width))?;
    let forced = || breaks().filter(|(line, next)| is_forced(line, next, width));
    let lower = forced().filter(|(_, next)| next.starts_with(char::is_lowercase)).count();
    let (forced, all) = (forced().count(), breaks().count());
    (forced >= 3 && 4 * forced >= 3 * all && 4 * lower >= forced).then_some(width)
}

/// Whether the first word of `next` would not have fitted at the end of `line`. A word of more than 24 letters is no
/// evidence: it is an address, or a script that does not space its words.
fn is_forced(line: &str, next: &str, width: usize) -> bool {
    let word = next.split_whitespace().next().unwrap_or_default().chars().take(25).count();
    !line.is_empty() && (1..=24).contains(&word) && line.chars().count() + 1 + word > width
}
