//! A sentence and its targets as token ids. The only module that knows the `tokenizers` crate.

mod model;
mod unigram;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use tokenizers::{DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, TokenizerImpl};

use self::model::Pieces;
use crate::{Error, Result, Span};

/// The library's tokenizer around pieces of ours.
type Inner = TokenizerImpl<Pieces, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// One sequence for the encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// T token ids, special tokens included.
    pub ids: Vec<u32>,
    /// T token types: 1 in the second part of a pair.
    pub token_types: Vec<u32>,
    /// For each target, the indices of its tokens: those that overlap one of its mentions, or the first token where none does.
    pub targets: Vec<Vec<u32>>,
    /// Tokens that were left out because the sequence was too long.
    pub truncated: usize,
}

impl Encoding {
    /// The same sequence with the tokens of the targets that `which` accepts by their index replaced by `mask`, one for one, so that
    /// every index still points where it did. The first token stays, which a target without tokens of its own points at.
    pub fn masked(&self, mask: u32, which: impl Fn(usize) -> bool) -> Self {
        let mut masked = self.clone();
        let chosen = self.targets.iter().enumerate().filter(|(target, _)| which(*target));
        for &token in chosen.flat_map(|(_, tokens)| tokens).filter(|token| **token > 0) {
            masked.ids[token as usize] = mask;
        }
        masked
    }
}

/// A tokenizer and the longest sequence that its encoder reads.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: Arc<Inner>,
    longest: usize,
}

impl Tokenizer {
    /// Read `tokenizer.json` from its bytes; `place` names it in errors. `longest` is in tokens, special ones included.
    ///
    /// # Errors
    /// Where the bytes are not a tokenizer.
    pub fn parse(bytes: &[u8], place: &str, longest: usize) -> Result<Self> {
        let invalid = |error| Error::invalid(place, format!("expected a tokenizer of the tokenizers library: {error}"));
        let mut inner = caught(|| Ok(serde_json::from_slice::<Inner>(bytes)?)).map_err(invalid)?;
        // What is put around a text does not depend on it: a template that cannot be filled shows here, not at the first text.
        let nothing = caught(|| inner.encode("", true)).map_err(invalid)?;
        if nothing.is_empty() {
            // The heads read the first token, which must be there whatever the text is.
            return Err(Error::invalid(place, "expected special tokens around a text, found none"));
        }
        caught(|| inner.encode(("", ""), true)).map_err(invalid)?;
        // Our own truncation keeps the mentions; sequences are packed, not padded.
        inner.with_truncation(None).map_err(|error| Error::invalid(place, error))?;
        inner.with_padding(None);
        Ok(Self { inner: Arc::new(inner), longest })
    }

    /// As [`Tokenizer::parse`], from a file.
    ///
    /// # Errors
    /// Where the file cannot be read or is not a tokenizer.
    pub fn open(path: &Path, longest: usize) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        Self::parse(&bytes, &path.display().to_string(), longest)
    }

    /// The same tokenizer for sequences of at most `longest` tokens, special ones included.
    pub fn with_longest(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    /// One more than the largest id of a piece, added tokens included: the rows that an embedding must have.
    pub fn vocabulary(&self) -> usize {
        let added = self.inner.get_added_vocabulary().get_vocab().values().max();
        self.inner.get_model().rows().max(added.map_or(0, |id| *id as usize + 1))
    }

    /// What stands for a missing word: `<mask>` or `[MASK]`, `None` where the tokenizer has no such special token.
    pub fn mask(&self) -> Option<&'static str> {
        let special = |token: &&str| self.inner.get_added_vocabulary().is_special_token(token);
        ["<mask>", "[MASK]"].into_iter().find(special)
    }

    /// The id of [`Tokenizer::mask`].
    pub fn mask_id(&self) -> Option<u32> {
        self.inner.token_to_id(self.mask()?)
    }

    /// `sentence` alone; `targets` holds the mentions of each target, as spans of it.
    ///
    /// # Errors
    /// Where the tokenizer fails.
    pub fn encode(&self, sentence: &str, targets: &[Vec<Span>]) -> Result<Encoding> {
        let tokens = self.tokens(sentence.into())?;
        Ok(self.trimmed(&tokens, targets, true))
    }

    /// `sentence` and the name of a target as a pair; `mentions` says which part of an over-long sentence to keep.
    ///
    /// # Errors
    /// Where the tokenizer fails.
    pub fn encode_pair(&self, sentence: &str, target: &str, mentions: &[Span]) -> Result<Encoding> {
        let tokens = self.tokens((sentence, target).into())?;
        Ok(self.trimmed(&tokens, &[mentions.to_vec()], false))
    }

    fn tokens(&self, input: tokenizers::EncodeInput<'_>) -> Result<tokenizers::Encoding> {
        caught(|| self.inner.encode(input, true)).map_err(|error| Error::invalid("tokenizer", error))
    }

    /// At most `longest` tokens: special ones first, then the second part, then of the sentence those nearest to a mention.
    fn trimmed(&self, tokens: &tokenizers::Encoding, targets: &[Vec<Span>], pooled: bool) -> Encoding {
        let sequences = tokens.get_sequence_ids();
        let in_sentence: Vec<bool> = sequences.iter().map(|sequence| *sequence == Some(0)).collect();
        let hits = |mentions: &[Span]| -> Vec<usize> {
            let offsets = tokens.get_offsets().iter().zip(&in_sentence).enumerate();
            let overlapping = offsets.filter(|(_, ((start, end), inside))| {
                **inside
                    && start < end
                    && mentions.iter().any(|mention| *start < mention.end() && mention.start() < *end)
            });
            overlapping.map(|(index, _)| index).collect()
        };
        let targets: Vec<Vec<usize>> = targets.iter().map(|mentions| hits(mentions)).collect();
        let dispensable: Vec<u8> = sequences
            .iter()
            .map(|sequence| match sequence {
                None => 0,
                Some(0) => 2,
                Some(_) => 1,
            })
            .collect();
        let kept = kept(&dispensable, &targets.concat(), self.longest);
        let place = |token: &usize| kept.binary_search(token).ok().map(|index| index as u32);
        let pooled_tokens = |tokens: &Vec<usize>| {
            let rows: Vec<u32> = tokens.iter().filter_map(place).collect();
            if rows.is_empty() { vec![0] } else { rows }
        };
        Encoding {
            ids: kept.iter().map(|&token| tokens.get_ids()[token]).collect(),
            token_types: kept.iter().map(|&token| tokens.get_type_ids()[token]).collect(),
            targets: if pooled { targets.iter().map(pooled_tokens).collect() } else { Vec::new() },
            truncated: tokens.len() - kept.len(),
        }
    }
}

/// `work`, with a panic as an error: what the tokenizers library (0.23) makes of some damaged files, such as a template that names
/// a token it does not define, or a character map that is no base64.
fn caught<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    // What the panic leaves behind is dropped, or, in a tokenizer, a cache that is sound at every step.
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(text.unwrap_or("it panicked").into())
    })
}

/// Which tokens stay, in order: the least `dispensable` first, among equals those nearest to one of `anchors` (the first ones
/// where there are no anchors), `longest` in all.
fn kept(dispensable: &[u8], anchors: &[usize], longest: usize) -> Vec<usize> {
    let count = dispensable.len();
    if count <= longest {
        return (0..count).collect();
    }
    let mut distance = vec![count; count];
    for &anchor in anchors {
        distance[anchor] = 0;
    }
    if anchors.is_empty() {
        distance[0] = 0;
    }
    for token in 1..count {
        distance[token] = distance[token].min(distance[token - 1] + 1);
    }
    for token in (1..count).rev() {
        distance[token - 1] = distance[token - 1].min(distance[token] + 1);
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&token| (dispensable[token], distance[token], token));
    order.truncate(longest);
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests {
    use super::{Encoding, kept};

    #[test]
    fn masking_replaces_tokens_one_for_one_and_leaves_the_first() {
        let encoding = Encoding {
            ids: vec![2, 10, 11, 12, 13, 3],
            token_types: vec![0; 6],
            targets: vec![vec![1, 2], vec![0], vec![4]],
            truncated: 0,
        };
        let ids = |which: fn(usize) -> bool| encoding.masked(99, which).ids;
        assert_eq!(ids(|_| true), [2, 99, 99, 12, 99, 3]);
        assert_eq!(ids(|target| target == 2), [2, 10, 11, 12, 99, 3]);
        assert_eq!(encoding.masked(99, |target| target == 1), encoding);
        assert_eq!(encoding.masked(99, |_| true).targets, encoding.targets);
    }

    #[test]
    fn what_stays_is_special_or_near_a_mention() {
        let mut dispensable = vec![2; 20];
        (dispensable[0], dispensable[19]) = (0, 0);
        assert_eq!(kept(&dispensable, &[15], 20).len(), 20);
        assert_eq!(kept(&dispensable, &[15], 7), [0, 13, 14, 15, 16, 17, 19]);
        assert_eq!(kept(&dispensable, &[2, 16], 6), [0, 1, 2, 3, 16, 19]);
        assert_eq!(kept(&dispensable, &[], 5), [0, 1, 2, 3, 19]);
    }
}
