//! Near duplicates, in time and memory that grow with the number of texts alone.

use std::collections::HashSet;

use rayon::prelude::*;
use unicode_width::UnicodeWidthChar;

use super::normal::fingerprint;

/// The Jaccard similarity from which two texts are near duplicates.
pub const THRESHOLD: f64 = 0.8;

/// The width of a gram in columns: five letters of an alphabet, three characters of Han, kana or Hangul, which are two
/// columns wide and say more.
const WIDTH: usize = 5;

/// Bands of [`ROWS`] hashes. Of the pairs at the threshold, 1 - (1 - 0.8^5)^16 = 99.8 % share a band; at 0.5, 40 % do,
/// and are measured and dropped.
const BANDS: usize = 16;
const ROWS: usize = 5;

/// How many partners of a text are measured in one band: boilerplate that a thousand texts share must not make a
/// million pairs.
const PARTNERS: usize = 16;

/// How many texts of one band are asked whether they are partners.
const REACH: usize = 1000;

/// Where the hash functions come from.
const SEED: u64 = 0x7265_6761_7264;

/// Two near duplicates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Index of the one that comes first.
    pub first: usize,
    /// Index of the other.
    pub second: usize,
    /// Jaccard similarity of their grams, from [`THRESHOLD`] to 1.
    pub similarity: f64,
}

/// The pairs among `texts`, which are to be [`normal`](super::normal()), that are near duplicates and that `across`
/// asks about, in order. Deterministic. A pair at the threshold is missed once in 500, a closer one more rarely; of
/// texts that very many resemble, some partners are reported, not all.
pub fn near_duplicates(texts: &[String], across: impl Fn(usize, usize) -> bool + Sync) -> Vec<Near> {
    let signatures: Vec<[u64; BANDS]> = texts.par_iter().map(|text| bands(&grams(text))).collect();
    let mut pairs = HashSet::new();
    for band in 0..BANDS {
        let keys: Vec<u64> = signatures.iter().map(|bands| bands[band]).collect();
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.par_sort_unstable_by_key(|&text| (keys[text], text));
        for bucket in order.chunk_by(|&a, &b| keys[a] == keys[b]) {
            for (place, &second) in bucket.iter().enumerate() {
                let before = bucket[..place].iter().rev().take(REACH);
                let partners = before.filter(|&&first| across(first, second));
                pairs.extend(partners.take(PARTNERS).map(|&first| (first, second)));
            }
        }
    }
    let measured = pairs.into_par_iter().map(|(first, second)| Near {
        first,
        second,
        similarity: similarity(&grams(&texts[first]), &grams(&texts[second])),
    });
    let mut near: Vec<Near> = measured.filter(|near| near.similarity >= THRESHOLD).collect();
    near.sort_unstable_by_key(|near| (near.first, near.second));
    near
}

/// Hashes of the grams of `text`, each once, in order: the shortest runs of at least five columns from each character.
/// A shorter text is one gram.
pub fn grams(text: &str) -> Vec<u64> {
    let places: Vec<(usize, usize)> =
        text.char_indices().map(|(place, character)| (place, character.width().unwrap_or(0))).collect();
    let mut grams = Vec::with_capacity(places.len());
    let (mut end, mut width) = (0, 0);
    for &(start, leaving) in &places {
        while width < WIDTH && end < places.len() {
            width += places[end].1;
            end += 1;
        }
        if width < WIDTH && start > 0 {
            break;
        }
        let stop = places.get(end).map_or(text.len(), |place| place.0);
        grams.push(fingerprint(&text[start..stop]));
        width -= leaving;
    }
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// Jaccard similarity of two sets of grams, both in order: what they share of what there is. 1 for two empty ones.
pub fn similarity(a: &[u64], b: &[u64]) -> f64 {
    let (mut left, mut right, mut shared) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(left), b.get(right)) {
        left += usize::from(x <= y);
        right += usize::from(y <= x);
        shared += usize::from(x == y);
    }
    let all = a.len() + b.len() - shared;
    if all == 0 { 1.0 } else { shared as f64 / all as f64 }
}

/// The signature of a set of grams, a hash for each band of it.
fn bands(grams: &[u64]) -> [u64; BANDS] {
    let mut smallest = [u64::MAX; BANDS * ROWS];
    for &gram in grams {
        let gram = mixed(gram);
        for (index, smallest) in smallest.iter_mut().enumerate() {
            // Multiplication by an odd number permutes; the seeds are mixed once, at compile time.
            *smallest = (*smallest).min(gram.wrapping_mul(MULTIPLIERS[index]));
        }
    }
    let mut bands = [0; BANDS];
    for (band, rows) in bands.iter_mut().zip(smallest.chunks_exact(ROWS)) {
        *band = rows.iter().fold(0, |hash, &row| mixed(hash ^ row));
    }
    bands
}

const MULTIPLIERS: [u64; BANDS * ROWS] = multipliers();

const fn multipliers() -> [u64; BANDS * ROWS] {
    let mut multipliers = [0; BANDS * ROWS];
    let mut index = 0;
    while index < multipliers.len() {
        multipliers[index] = mixed(SEED.wrapping_add(index as u64)) | 1;
        index += 1;
    }
    multipliers
}

/// The finaliser of splitmix64 (Steele, Lea and Flood 2014).
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
