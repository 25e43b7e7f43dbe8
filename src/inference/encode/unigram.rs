//! Pieces of a Unigram vocabulary (<https://arxiv.org/abs/1804.10959>), made fast to open: one table where the tokenizers library
//! (0.23) makes a hash map of every node of a trie, which for 40,000 pieces takes a tenth of a second and 30 MB at every start.
//!
//! **Invariant:** the pieces of a text are those of `tokenizers::models::unigram::Unigram`, and so are their ids.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use tokenizers::Token;

/// The key `model` of `tokenizer.json`.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    unk_id: Option<u32>,
    #[serde(borrow)]
    vocab: Vec<Row<'a>>,
    #[serde(default)]
    byte_fallback: bool,
}

#[derive(Deserialize)]
struct Row<'a>(#[serde(borrow)] Cow<'a, str>, f64);

/// What a character of no piece costs more than the least probable piece, as in SentencePiece.
const UNKNOWN_PENALTY: f64 = 10.0;

/// A vocabulary with the logarithm of each piece's probability.
#[derive(Debug)]
pub(super) struct Unigram {
    /// The pieces, end to end.
    text: String,
    /// Where each of them ends.
    ends: Vec<usize>,
    scores: Vec<f64>,
    unknown: Option<u32>,
    unknown_score: f64,
    trie: Trie,
}

impl Unigram {
    /// Read the key `model` of `tokenizer.json`; `None` where it is something else, or a kind of Unigram that stays with the library:
    /// with bytes in place of unknown characters, or damaged, which it has the better messages for.
    pub(super) fn read(json: &str) -> Option<Self> {
        let Written { kind, unk_id, vocab, byte_fallback } = serde_json::from_str(json).ok()?;
        let sound = kind == "Unigram" && !byte_fallback && unk_id.is_none_or(|id| (id as usize) < vocab.len());
        let pieces: Vec<(&str, f64)> = vocab.iter().map(|Row(piece, score)| (&**piece, *score)).collect();
        sound.then(|| Self::new(&pieces, unk_id)).flatten()
    }

    /// The vocabulary of `pieces`; `None` where it has too many letters for the table.
    fn new(pieces: &[(&str, f64)], unknown: Option<u32>) -> Option<Self> {
        let letters: usize = pieces.iter().map(|(piece, _)| piece.len()).sum();
        if letters >= Trie::NODES {
            return None;
        }
        let (mut text, mut ends) = (String::with_capacity(letters), Vec::with_capacity(pieces.len()));
        let mut trie = Trie::for_about(3 * pieces.len());
        for (id, (piece, _)) in pieces.iter().enumerate() {
            text.push_str(piece);
            ends.push(text.len());
            trie.insert(piece.as_bytes(), id as u32);
        }
        let scores: Vec<f64> = pieces.iter().map(|(_, score)| *score).collect();
        let least = scores.iter().fold(f64::INFINITY, |least, &score| if score < least { score } else { least });
        Some(Self { text, ends, scores, unknown, unknown_score: least - UNKNOWN_PENALTY, trie })
    }

    /// Number of pieces.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The piece with this id.
    pub(super) fn piece(&self, id: u32) -> Option<&str> {
        let id = id as usize;
        let start = if id == 0 { 0 } else { *self.ends.get(id - 1)? };
        self.text.get(start..*self.ends.get(id)?)
    }

    /// The id of this piece; the last one where several are alike.
    pub(super) fn id(&self, piece: &str) -> Option<u32> {
        let node = piece.bytes().try_fold(Trie::ROOT, |node, byte| self.trie.child(node, byte))?;
        self.trie.id(node)
    }

    /// Pieces and their ids.
    pub(super) fn vocabulary(&self) -> HashMap<String, u32> {
        (0..self.len() as u32).filter_map(|id| Some((self.piece(id)?.to_owned(), id))).collect()
    }

    /// The most probable pieces of `text`, with neighbouring unknown characters as one piece; offsets are bytes of it. `None` where
    /// there is an unknown character and no piece stands for such.
    pub(super) fn tokenize(&self, text: &str) -> Option<Vec<Token>> {
        let mut best = vec![Step::default(); text.len() + 1];
        for (start, letter) in text.char_indices() {
            let before = best[start].score;
            let mut single = false;
            let mut node = Trie::ROOT;
            for (length, byte) in (1..).zip(text.as_bytes()[start..].iter()) {
                let Some(next) = self.trie.child(node, *byte) else { break };
                node = next;
                if let Some(id) = self.trie.id(node) {
                    best[start + length].reach(start, id, before + self.scores[id as usize]);
                    single |= length == letter.len_utf8();
                }
            }
            if !single {
                best[start + letter.len_utf8()].reach(start, self.unknown?, before + self.unknown_score);
            }
        }
        let mut tokens: Vec<Token> = Vec::new();
        let mut end = text.len();
        while end > 0 {
            let Step { start, id, .. } = best[end];
            match tokens.last_mut() {
                Some(after) if Some(id) == self.unknown && Some(after.id) == self.unknown => after.offsets.0 = start,
                _ => tokens.push(Token::new(id, String::new(), (start, end))),
            }
            end = start;
        }
        tokens.reverse();
        for token in &mut tokens {
            token.value.push_str(&text[token.offsets.0..token.offsets.1]);
            if Some(token.id) == self.unknown {
                // What could not be put together as one piece may be one when scores are odd; the library looks again too.
                token.id = self.id(&token.value).unwrap_or(token.id);
            }
        }
        Some(tokens)
    }
}

/// The best way to a place in a text.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Where its last piece starts.
    start: usize,
    id: u32,
    score: f64,
}

impl Default for Step {
    fn default() -> Self {
        Self { start: usize::MAX, id: 0, score: 0.0 }
    }
}

impl Step {
    fn reach(&mut self, start: usize, id: u32, score: f64) {
        if self.start == usize::MAX || score > self.score {
            *self = Self { start, id, score };
        }
    }
}

/// A trie over bytes as one hash table of its edges, with open addressing.
#[derive(Debug)]
struct Trie {
    /// (parent × 256 + byte, child); a child of 0 is no edge.
    edges: Vec<(u32, u32)>,
    /// How far the hash of an edge is shifted to give its place.
    shift: u32,
    /// For each node the id of the piece that ends there, or `NONE`.
    ids: Vec<u32>,
}

impl Trie {
    /// More nodes than this would not leave eight bits for a byte.
    const NODES: usize = 1 << 24;
    const ROOT: u32 = 0;
    const NONE: u32 = u32::MAX;

    fn for_about(nodes: usize) -> Self {
        let slots = (2 * nodes).next_power_of_two().max(16);
        Self { edges: vec![(0, 0); slots], shift: 32 - slots.trailing_zeros(), ids: vec![Self::NONE] }
    }

    fn id(&self, node: u32) -> Option<u32> {
        self.ids.get(node as usize).copied().filter(|id| *id != Self::NONE)
    }

    fn child(&self, node: u32, byte: u8) -> Option<u32> {
        let (_, child) = self.edges[self.slot(node << 8 | u32::from(byte))];
        (child != 0).then_some(child)
    }

    /// Where the edge `key` is, or would be.
    fn slot(&self, key: u32) -> usize {
        // Fibonacci hashing: 2³² over the golden ratio.
        let mut slot = (key.wrapping_mul(0x9E37_79B9) >> self.shift) as usize;
        while self.edges[slot].1 != 0 && self.edges[slot].0 != key {
            slot = (slot + 1) % self.edges.len();
        }
        slot
    }

    fn insert(&mut self, piece: &[u8], id: u32) {
        let mut node = Self::ROOT;
        for &byte in piece {
            let key = node << 8 | u32::from(byte);
            let slot = self.slot(key);
            node = match self.edges[slot].1 {
                0 => {
                    let child = self.ids.len() as u32;
                    self.ids.push(Self::NONE);
                    self.edges[slot] = (key, child);
                    self.grow();
                    child
                }
                child => child,
            };
        }
        self.ids[node as usize] = id;
    }

    /// Twice as many slots where half of them are taken.
    fn grow(&mut self) {
        if self.ids.len() * 2 > self.edges.len() {
            let twice = vec![(0, 0); 2 * self.edges.len()];
            let edges = std::mem::replace(&mut self.edges, twice);
            self.shift -= 1;
            for edge in edges.into_iter().filter(|edge| edge.1 != 0) {
                let slot = self.slot(edge.0);
                self.edges[slot] = edge;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokenizers::Model;

    use super::Unigram;

    /// Scores with ties, a piece that comes twice, one that costs more than two unknown characters, and unknown letters.
    const PIECES: [(&str, f64); 16] = [
        ("<s>", 0.0),
        ("<unk>", 0.0),
        ("▁", -2.0),
        ("a", -3.0),
        ("b", -3.0),
        ("ab", -6.0),
        ("ba", -5.5),
        ("▁ab", -4.0),
        ("abba", -11.0),
        ("é", -4.0),
        ("中", -5.0),
        ("中b", -9.0),
        ("ab", -5.0),
        ("xy", -7.0),
        ("aaaa", -30.0),
        ("🙂", -6.0),
    ];

    proptest! {
        #[test]
        fn the_pieces_of_a_text_are_those_of_the_library(text in "[abxyzé中▁🙂<s>u]{0,24}") {
            let library = PIECES.iter().map(|(piece, score)| ((*piece).to_owned(), *score)).collect();
            let library = tokenizers::models::unigram::Unigram::from(library, Some(1), false).expect("a vocabulary");
            let ours = Unigram::new(&PIECES, Some(1)).expect("few letters");
            prop_assert_eq!(ours.tokenize(&text).expect("an unknown piece"), library.tokenize(&text).expect("pieces"));
            prop_assert_eq!(ours.id(&text), library.token_to_id(&text));
        }
    }

    #[test]
    fn an_unknown_letter_needs_a_piece_that_stands_for_it() {
        let ours = Unigram::new(&PIECES, None).expect("few letters");
        assert!(ours.tokenize("abba").is_some());
        assert!(ours.tokenize("abc").is_none());
        assert_eq!((ours.piece(8), ours.piece(16), ours.len()), (Some("abba"), None, 16));
    }
}
