//! Where a text names its target.

use regard::Span;

/// The place where `text` has `target`, if there is exactly one.
///
/// In scripts with case, a place inside a word is none (`US` in `MUST`). In the others words run together or take on
/// particles (`한국이`, `والصين`, `中国政府`), and every place counts.
pub(super) fn locate(text: &str, target: &str) -> Option<Span> {
    let mut places = text
        .match_indices(target)
        .filter(|(start, _)| !inside_word(text, *start) && !inside_word(text, start + target.len()))
        .filter_map(|(start, _)| Span::new(text, start, start + target.len()));
    let first = places.next().filter(|span| !span.is_empty());
    first.filter(|_| places.next().is_none())
}

/// Whether the characters on both sides of byte `place` are letters with case.
fn inside_word(text: &str, place: usize) -> bool {
    let cased = |character: char| character.is_lowercase() || character.is_uppercase();
    let before = text.get(..place).and_then(|text| text.chars().next_back());
    let after = text.get(place..).and_then(|text| text.chars().next());
    before.is_some_and(cased) && after.is_some_and(cased)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_found_where_it_stands_once() {
        for (text, target, place) in [
            ("We MUST ask the US now.", "US", Some(16)),
            ("Iran and Iran", "Iran", None),
            ("Nothing of it", "Iran", None),
            ("오늘 한국이 말했다", "한국", Some(7)),
            ("قالت والصين لا", "الصين", Some(11)),
            ("昨天中国政府说", "中国", Some(6)),
            ("any", "", None),
        ] {
            assert_eq!(locate(text, target).map(Span::start), place, "{target} in {text}");
        }
    }
}
