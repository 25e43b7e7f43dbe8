//! A sentence and its targets as token ids. The only file that knows the `tokenizers` crate.

use std::path::Path;

use crate::{Error, Result, Span};

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

/// A tokenizer and the longest sequence that its encoder reads.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    longest: usize,
}

impl Tokenizer {
    /// Read `tokenizer.json` from its bytes; `place` names it in errors. `longest` is in tokens, special ones included.
    ///
    /// # Errors
    /// Where the bytes are not a tokenizer.
    pub fn parse(bytes: &[u8], place: &str, longest: usize) -> Result<Self> {
        let mut inner = tokenizers::Tokenizer::from_bytes(bytes).map_err(|error| {
            Error::invalid(place, format!("expected a tokenizer of the tokenizers library: {error}"))
        })?;
        // Our own truncation keeps the mentions; sequences are packed, not padded.
        inner.with_truncation(None).map_err(|error| Error::invalid(place, error))?;
        inner.with_padding(None);
        Ok(Self { inner, longest })
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

    /// Number of pieces, added tokens included.
    pub fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
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
        self.inner.encode(input, true).map_err(|error| Error::invalid("tokenizer", error))
    }

    /// At most `longest` tokens: special ones and the second part always, of the sentence those nearest to a mention.
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
        let kept = kept(&in_sentence, &targets.concat(), self.longest);
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

/// Which tokens stay, in order: all that are not `droppable`, then those nearest to one of `anchors` (the first ones where there
/// are no anchors), `longest` in all.
fn kept(droppable: &[bool], anchors: &[usize], longest: usize) -> Vec<usize> {
    let count = droppable.len();
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
    order.sort_by_key(|&token| (droppable[token], distance[token], token));
    order.truncate(longest);
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn what_stays_is_special_or_near_a_mention() {
        let mut droppable = vec![true; 20];
        (droppable[0], droppable[19]) = (false, false);
        assert_eq!(kept(&droppable, &[15], 20).len(), 20);
        assert_eq!(kept(&droppable, &[15], 7), [0, 13, 14, 15, 16, 17, 19]);
        assert_eq!(kept(&droppable, &[2, 16], 6), [0, 1, 2, 3, 16, 19]);
        assert_eq!(kept(&droppable, &[], 5), [0, 1, 2, 3, 19]);
    }
}
