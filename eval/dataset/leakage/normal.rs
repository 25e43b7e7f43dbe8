//! What two texts must have in common to be one.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `text` in NFKC and lower case, every run of anything but letters, digits and marks folded into one space. A text
/// that has none of these (an emoji alone) keeps its characters.
pub fn normal(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkc().flat_map(char::to_lowercase) {
        match character.is_alphanumeric() || is_combining_mark(character) {
            true => folded.push(character),
            false if folded.is_empty() || folded.ends_with(' ') => {}
            false => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    match folded.is_empty() {
        true => text.nfkc().filter(|character| !character.is_whitespace()).collect(),
        false => folded,
    }
}

/// 64 bits of FNV-1a over `text`: the same on every machine and in every version.
pub fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
