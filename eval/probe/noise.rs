//! Spelling noise: about one word in ten gets one slip.

use std::ops::Range;

use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use unicode_segmentation::UnicodeSegmentation;

use super::edit::{Edit, edited};
use super::script::Script;
use super::slips::slips;
use crate::example::Example;

/// Share of words that get a slip.
const SHARE: f64 = 0.1;

/// `example` with slips away from its mention, from digits and from addresses; at least one. `None` where no word can have one.
pub(super) fn noisy(example: &Example, chance: &mut impl Rng) -> Option<Example> {
    let slip = |(script, range): (Script, Range<usize>)| {
        let text = slips(script, example.text.get(range.clone())?).choose(chance)?.clone();
        Some(Edit { range, text })
    };
    let mut slips: Vec<Edit> = words(example).into_iter().filter_map(slip).collect();
    slips.shuffle(chance);
    slips.truncate(((slips.len() as f64 * SHARE).round() as usize).max(1));
    slips.sort_by_key(|slip| slip.range.start);
    edited(example, &slips)
}

/// The words of `example` that are neither in nor of the mention, an address, a handle or a hashtag; where words are not set
/// apart, a few characters each.
fn words(example: &Example) -> Vec<(Script, Range<usize>)> {
    let mention = example.mention.map_or(0..0, |mention| mention.range());
    let named = |range: &Range<usize>| range.start < mention.end && mention.start < range.end;
    let mut words: Vec<(Script, Range<usize>, usize)> = Vec::new();
    for token in tokens(&example.text) {
        let mut last: Option<Script> = None;
        for (start, cluster) in example.text[token.clone()].grapheme_indices(true) {
            let range = token.start + start..token.start + start + cluster.len();
            // Where a name is written to what follows it, only the name itself is left alone.
            let script = cluster.chars().next().and_then(Script::of).filter(|s| !(s.joins_words() && named(&range)));
            match (script, words.last_mut()) {
                (Some(script), Some((_, word, clusters))) if last == Some(script) && *clusters < longest(script) => {
                    (word.end, *clusters) = (range.end, *clusters + 1);
                }
                (Some(script), _) => words.push((script, range, 1)),
                (None, _) => {}
            }
            last = script;
        }
    }
    let near = |range: &Range<usize>| !mention.is_empty() && range.start <= mention.end && mention.start <= range.end;
    words.retain(|(script, range, _)| script.joins_words() || !near(range));
    words.into_iter().map(|(script, range, _)| (script, range)).collect()
}

/// Clusters after which a word is cut.
fn longest(script: Script) -> usize {
    match script {
        Script::Ideographic => 2,
        Script::Spaceless => 4,
        _ => 40,
    }
}

/// What stands between spaces and is no address, handle or hashtag.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let address = |token: &str| {
        token.contains("://")
            || token.contains(['@', '#', '\\'])
            || (token.contains('/') && token.contains('.'))
            || token.starts_with("www.")
    };
    let mut place = 0;
    text.split_inclusive(char::is_whitespace).filter_map(move |token| {
        let start = place;
        place += token.len();
        (!address(token)).then_some(start..place)
    })
}
