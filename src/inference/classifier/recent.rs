//! Answers given lately: news agencies' sentences come again and again, and what was read once need not be read twice.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::predict::{Prediction, Query};

/// Stands for a query: two hashes with random keys of their own, 128 bits that no text can be made to share with another.
pub(super) type Key = [u64; 2];

/// Predictions by query, no more than twice [`Recent::MOST`]: a run over millions of sentences stays small.
#[derive(Debug, Default)]
pub(super) struct Recent {
    hashers: [RandomState; 2],
    /// Those that were asked for since `old` was young.
    young: HashMap<Key, Prediction>,
    old: HashMap<Key, Prediction>,
}

impl Recent {
    /// Predictions of a generation: some megabytes.
    const MOST: usize = 16_384;

    /// Of a query, as long as this lives.
    pub(super) fn key(&self, query: &Query<'_>) -> Key {
        self.hashers.each_ref().map(|hasher| hasher.hash_one(query))
    }

    /// What was answered, where that is still known.
    pub(super) fn get(&mut self, key: Key) -> Option<Prediction> {
        if let Some(prediction) = self.young.get(&key) {
            return Some(prediction.clone());
        }
        let prediction = self.old.remove(&key)?;
        self.put(key, prediction.clone());
        Some(prediction)
    }

    /// Keep an answer. When a generation is full the one before it is forgotten.
    pub(super) fn put(&mut self, key: Key, prediction: Prediction) {
        if self.young.len() == Self::MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, prediction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use crate::predict::Target;

    fn prediction(truncated_tokens: usize) -> Prediction {
        Prediction { truncated_tokens, ..Prediction::default() }
    }

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_forgotten() {
        let mut recent = Recent::default();
        for index in 0..3 * Recent::MOST as u64 {
            recent.put([index, 0], prediction(index as usize));
            assert_eq!(recent.get([0, 0]), Some(prediction(0)), "after {index}");
            assert!(recent.young.len() + recent.old.len() <= 2 * Recent::MOST);
        }
        assert_eq!(recent.get([1, 0]), None);
    }

    #[test]
    fn a_key_tells_text_language_and_targets_apart() {
        let recent = Recent::default();
        let target = |name: &str| Target { name: name.to_owned(), mentions: Vec::new() };
        let query = |text, language, targets| recent.key(&Query { text, language, targets });
        let one = query("one", None, vec![target("a")]);
        assert_eq!(query("one", None, vec![target("a")]), one);
        for other in [
            query("two", None, vec![target("a")]),
            query("one", Language::new("ar"), vec![target("a")]),
            query("one", None, vec![target("b")]),
            query("one", None, Vec::new()),
        ] {
            assert_ne!(other, one);
        }
    }
}
