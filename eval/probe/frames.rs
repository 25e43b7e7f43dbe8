//! The same text under "It is not true that …".

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::edit::{Edit, edited};
use super::primary;
use crate::example::Example;

/// What stands around a text to deny it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Frame {
    #[serde(default)]
    before: String,
    /// Takes the place of the full stop.
    #[serde(default)]
    after: String,
    /// First words that are written small inside a sentence.
    #[serde(default)]
    small: String,
}

/// Frames by language. What does not parse leaves no frames, which a test would see.
pub(super) static FRAMES: LazyLock<BTreeMap<String, Frame>> =
    LazyLock::new(|| toml::from_str(include_str!("frames.toml")).unwrap_or_default());

/// `example` denied; `None` where its language has no frame.
pub(super) fn negated(example: &Example) -> Option<Example> {
    let frame = FRAMES.get(primary(&example.language))?;
    let text = &example.text;
    let mention_start = example.mention.map_or(text.len(), |mention| mention.start());
    let mut edits = vec![Edit { range: 0..0, text: frame.before.clone() }];
    let first = text.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let small = first.to_lowercase();
    if first.len() <= mention_start && first != small && is_small(primary(&example.language), first) {
        edits.push(Edit { range: 0..first.len(), text: small });
    }
    if !frame.after.is_empty() {
        let mention_end = example.mention.map_or(0, |mention| mention.end());
        let stripped = text.trim_end().trim_end_matches(['。', '．', '.']).len();
        edits.push(Edit { range: stripped.max(mention_end)..text.len(), text: frame.after.clone() });
    }
    edited(example, &edits)
}

/// Whether `word` has its capital, if it has one, only from the start of a sentence.
pub(super) fn is_small(language: &str, word: &str) -> bool {
    let word = word.to_lowercase();
    FRAMES.get(language).is_some_and(|frame| frame.small.split_whitespace().any(|small| small == word))
}
