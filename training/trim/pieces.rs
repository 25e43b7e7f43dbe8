//! Which pieces of a Unigram vocabulary are worth a row: pruning as SentencePiece does it when it trains one
//! (<https://arxiv.org/abs/1804.10959>), round by round the pieces whose absence makes texts the least longer.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;

use super::Plan;

/// What a character costs, in tokens, that can no longer be written: more than a longer text, since its word cannot be read.
const UNREADABLE: f64 = 30.0;

/// Scores so little above the lowest say nothing: SentencePiece adds the characters that its training found no use for in steps of
/// 0.0001 from there. In XLM-R's vocabulary common Hangul syllables are among them.
const UNSCORED: f64 = 0.3;

/// Share of the pieces that outlive a round. Pieces that replace those of the last round are worth more in the next, so that
/// stems and endings grow where whole words were lost.
const SURVIVING: f64 = 0.75;

/// Scripts of the languages that the project reads. Pieces in others, or in two at once, are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Hebrew,
    Devanagari,
    Hangul,
    /// With kana, which Japanese mixes with it.
    Han,
    /// Digits, punctuation, emoji and the mark of a word's start: they go with any script.
    Common,
}

/// Share of what is read in each script, by [`Script`]: news in some thirty languages, those of the training sets first.
const SHARES: [f64; 8] = [0.47, 0.15, 0.12, 0.04, 0.04, 0.05, 0.08, 0.05];

impl Script {
    fn of(character: char) -> Option<Self> {
        Some(match character {
            'A'..='Z' | 'a'..='z' | 'ª' | 'º' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => {
                Self::Latin
            }
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            '\u{590}'..='\u{5ff}' => Self::Hebrew,
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' => {
                Self::Arabic
            }
            '\u{900}'..='\u{97f}' => Self::Devanagari,
            '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7a3}' => Self::Hangul,
            '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' => Self::Han,
            '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ffff}' => Self::Han,
            '\0'..='\u{2bf}' | '\u{300}'..='\u{36f}' | '\u{2000}'..='\u{2bff}' | '\u{3000}'..='\u{303f}' => {
                Self::Common
            }
            '\u{3200}'..='\u{33ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{ff00}'..='\u{ffef}' => Self::Common,
            '\u{1f000}'..='\u{1faff}' => Self::Common,
            _ => return None,
        })
    }

    /// The one script of a piece, beside characters that go with any.
    fn of_piece(piece: &str) -> Option<Self> {
        let mut found = Self::Common;
        for character in piece.chars() {
            match Self::of(character)? {
                Self::Common => {}
                script if found == Self::Common || found == script => found = script,
                _ => return None,
            }
        }
        Some(found)
    }
}

/// The pieces of `vocabulary` that stay beside `specials`, as ids in no order: `plan.pieces` in all, or fewer where the scripts have
/// fewer. `counts` tells how often the texts use each.
pub(super) fn choose(vocabulary: &[(String, f64)], counts: &[f64], specials: &BTreeSet<u32>, plan: &Plan) -> Vec<u32> {
    let scripts: Vec<Option<Script>> = vocabulary
        .iter()
        .zip(0..)
        .map(|((piece, _), id)| Script::of_piece(piece).filter(|_| !specials.contains(&id)))
        .collect();
    let mut uses = uses(vocabulary, counts, &scripts, plan.unseen);
    // How often each character is written, in whatever piece: so often would it be missed.
    let mut written: HashMap<char, f64> = HashMap::new();
    for ((piece, _), uses) in vocabulary.iter().zip(&uses) {
        for character in piece.chars() {
            *written.entry(character).or_default() += uses;
        }
    }

    let lowest = vocabulary.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min);
    let mut kept: Vec<usize> = (0..vocabulary.len()).filter(|&id| scripts[id].is_some()).collect();
    let room = plan.pieces.saturating_sub(specials.len());
    while kept.len() > room {
        let stay = room.max((kept.len() as f64 * SURVIVING) as usize);
        let split = Split::new(vocabulary, &kept);
        let loss = |id: usize| {
            let (piece, score) = &vocabulary[id];
            match (split.without(piece), piece.chars().next()) {
                (Some(parts), _) => uses[id] * (parts.len() as f64 - 1.0),
                (None, Some(first)) if first.len_utf8() < piece.len() => UNREADABLE * uses[id],
                (None, _) if *score < lowest + UNSCORED => f64::INFINITY,
                (None, first) => UNREADABLE * first.map_or(0.0, |first| written[&first]),
            }
        };
        let mut ranked: Vec<(f64, usize)> = kept.par_iter().map(|&id| (loss(id), id)).collect();
        // Dearest first; among equals the likelier piece, then the earlier.
        ranked.sort_unstable_by(|(a, left), (b, right)| {
            let scores = vocabulary[*right].1.total_cmp(&vocabulary[*left].1);
            b.total_cmp(a).then(scores).then(left.cmp(right))
        });
        kept = ranked[..stay].iter().map(|(_, id)| *id).collect();
        let split = Split::new(vocabulary, &kept);
        for &(_, lost) in &ranked[stay..] {
            for part in split.without(&vocabulary[lost].0).unwrap_or_default() {
                uses[part] += uses[lost];
            }
        }
    }
    kept.into_iter().map(|id| id as u32).collect()
}

/// How often each piece will be used, up to a factor: in each script as in the texts, smoothed by the scores, which are the logarithms
/// of the frequencies in what the vocabulary was trained on. `unseen` tokens are as good as the scores.
fn uses(vocabulary: &[(String, f64)], counts: &[f64], scripts: &[Option<Script>], unseen: f64) -> Vec<f64> {
    let mut seen = [0.0; SHARES.len()];
    let mut likely = [0.0; SHARES.len()];
    for ((script, count), (_, score)) in scripts.iter().zip(counts).zip(vocabulary) {
        if let Some(script) = *script {
            seen[script as usize] += count;
            likely[script as usize] += score.exp();
        }
    }
    let uses = scripts.iter().zip(counts).zip(vocabulary).map(|((script, count), (_, score))| {
        let Some(script) = script.map(|script| script as usize) else { return 0.0 };
        SHARES[script] * (count + unseen * score.exp() / likely[script]) / (seen[script] + unseen)
    });
    uses.collect()
}

/// The best split of a text into pieces.
struct Split<'a> {
    /// Id and score.
    pieces: HashMap<&'a str, (usize, f64)>,
}

impl<'a> Split<'a> {
    fn new(vocabulary: &'a [(String, f64)], kept: &[usize]) -> Self {
        let pieces = kept.iter().map(|&id| (vocabulary[id].0.as_str(), (id, vocabulary[id].1)));
        Self { pieces: pieces.collect() }
    }

    /// The pieces that `text` is made of where it is not one itself; `None` where no pieces make it up.
    fn without(&self, text: &str) -> Option<Vec<usize>> {
        let bounds: Vec<usize> = text.char_indices().map(|(index, _)| index).chain([text.len()]).collect();
        // By character: score of the best split up to it, its last piece and where that begins.
        let mut best: Vec<Option<(f64, usize, usize)>> = vec![None; bounds.len()];
        for end in 1..bounds.len() {
            for start in 0..end {
                if (start, end) == (0, bounds.len() - 1) {
                    continue;
                }
                let before = if start == 0 { Some(0.0) } else { best[start].map(|(score, ..)| score) };
                let piece = self.pieces.get(&text[bounds[start]..bounds[end]]);
                if let (Some(before), Some(&(id, score))) = (before, piece)
                    && best[end].is_none_or(|(best, ..)| before + score > best)
                {
                    best[end] = Some((before + score, id, start));
                }
            }
        }
        let mut parts = Vec::new();
        let mut end = bounds.len() - 1;
        while end > 0 {
            let (_, id, start) = best[end]?;
            parts.push(id);
            end = start;
        }
        Some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_of_one_script() {
        let same =
            [("▁COVID-19", Script::Latin), ("▁ő", Script::Latin), ("ї", Script::Cyrillic), ("گفت", Script::Arabic)];
        let same = same.into_iter().chain([
            ("सर्वोच्च", Script::Devanagari),
            ("듭", Script::Hangul),
            ("サッカー部", Script::Han),
        ]);
        for (piece, script) in same.chain([("▁", Script::Common), ("...", Script::Common), ("😀", Script::Common)])
        {
            assert_eq!(Script::of_piece(piece), Some(script), "{piece}");
        }
        for piece in ["ไทย", "▁και", "T恤", "ქართული"] {
            assert_eq!(Script::of_piece(piece), None, "{piece}");
        }
        assert!((SHARES.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_piece_is_split_into_the_likeliest_others() {
        let pieces = [("abc", -1.0), ("ab", -3.0), ("c", -2.0), ("a", -2.0), ("bc", -4.0), ("é", -9.0)];
        let pieces = pieces.map(|(piece, score)| (piece.to_owned(), score));
        let split = Split::new(&pieces, &[0, 1, 2, 3, 4, 5]);
        assert_eq!(split.without("abc"), Some(vec![2, 1]));
        assert_eq!(split.without("abcé"), Some(vec![5, 0]));
        assert_eq!(split.without("é"), None);
        assert_eq!(split.without("xa"), None);
    }

    #[test]
    fn characters_outlive_words() {
        let pieces =
            [("ab", -2.0), ("a", -4.0), ("b", -4.0), ("쇼", -12.0), ("ba", -3.0), ("놓", -20.36), ("aba", -2.5)];
        let pieces = pieces.map(|(piece, score)| (piece.to_owned(), score));
        let kept = |rows: usize| {
            let plan = Plan { pieces: rows, unseen: 10.0 };
            let mut kept = choose(&pieces, &[0.0; 7], &BTreeSet::new(), &plan);
            kept.sort_unstable();
            kept
        };
        assert_eq!(kept(7), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(kept(6), [0, 1, 2, 3, 5, 6], "two letters spell the least likely word");
        assert_eq!(kept(4), [1, 2, 3, 5]);
        assert!(kept(3).contains(&5), "its score does not say how rare it is");
    }
}
