//! Changing the text of an example without losing the mention.

use std::ops::Range;

use regard::Span;

use crate::example::Example;

/// One piece of a text and what stands there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// Bytes of the text as it was; empty for an insertion.
    pub(super) range: Range<usize>,
    /// What comes there.
    pub(super) text: String,
}

/// `example` after `edits`, which stand in order and overlap nowhere. The mention moves with the text, and the target is called
/// as the mention reads where it was before.
///
/// `None` where nothing changes, an edit reaches over one end of the mention or cuts a character, or nothing is left of it.
pub(super) fn edited(example: &Example, edits: &[Edit]) -> Option<Example> {
    let mut text = String::with_capacity(example.text.len());
    let mut done = 0;
    for edit in edits {
        text.push_str(example.text.get(done..edit.range.start)?);
        text.push_str(&edit.text);
        done = edit.range.end;
    }
    text.push_str(example.text.get(done..)?);
    if text == example.text {
        return None;
    }
    let mention = match example.mention {
        Some(mention) => Some(moved(mention, edits, &text)?),
        None => None,
    };
    let named = example.mention.is_some_and(|mention| example.target.as_deref() == Some(mention.of(&example.text)));
    let target = match mention {
        Some(mention) if named => Some(mention.of(&text).to_owned()),
        _ => example.target.clone(),
    };
    Some(Example { text, mention, target, ..example.clone() })
}

/// Where `mention` stands in `text`, the result of `edits`.
fn moved(mention: Span, edits: &[Edit], text: &str) -> Option<Span> {
    let (mut start, mut end) = (mention.start(), mention.end());
    for Edit { range, text } in edits {
        let shifted = |place: usize| (place + text.len()).checked_sub(range.len());
        if range.end <= mention.start() {
            (start, end) = (shifted(start)?, shifted(end)?);
        } else if range.start >= mention.end() {
            break;
        } else if mention.start() <= range.start && range.end <= mention.end() {
            end = shifted(end)?;
        } else {
            return None;
        }
    }
    Span::new(text, start, end).filter(|mention| !mention.is_empty())
}
