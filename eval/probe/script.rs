//! What a letter's script says about words and slips.

/// Kinds of script, by how words stand apart and how people mistype.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// Latin, Cyrillic, Greek, Hebrew, Armenian, Georgian, Ethiopic: letters in a row, words between spaces.
    Alphabetic,
    /// Arabic and Persian letters.
    Arabic,
    /// Korean syllables.
    Hangul,
    /// Chinese characters and kana: no spaces.
    Ideographic,
    /// Devanagari and its relatives: vowel signs around a consonant, words between spaces.
    Indic,
    /// Thai, Lao, Khmer, Burmese: no spaces.
    Spaceless,
}

impl Script {
    /// The script of a letter; `None` of everything else.
    pub(super) fn of(letter: char) -> Option<Self> {
        match letter {
            _ if !letter.is_alphabetic() => None,
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' | '\u{fb50}'..='\u{fdff}' => {
                Some(Self::Arabic)
            }
            '\u{900}'..='\u{dff}' => Some(Self::Indic),
            '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => Some(Self::Spaceless),
            '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' => Some(Self::Hangul),
            '\u{3005}'..='\u{312f}' | '\u{31a0}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' => {
                Some(Self::Ideographic)
            }
            '\u{20000}'..='\u{3ffff}' => Some(Self::Ideographic),
            _ => Some(Self::Alphabetic),
        }
    }

    /// Whether a name ends where another letter follows: there are no spaces, or particles are written to it.
    pub(super) fn joins_words(self) -> bool {
        matches!(self, Self::Hangul | Self::Ideographic | Self::Spaceless)
    }
}

/// Whether `letter` belongs to the same word as what stands beside it, in a script that sets words apart.
pub(super) fn continues_word(letter: char) -> bool {
    letter.is_numeric() || Script::of(letter).is_some_and(|script| !script.joins_words())
}
