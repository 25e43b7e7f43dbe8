//! The language of a text, as far as sentences and names need it.
//!
//! By script first, then by the letters that only one language of the script writes, then by `whatlang` with an
//! allow-list. The encoder reads every language alike: a wrong tag costs a sentence boundary, not a prediction.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use whatlang::{Detector, Lang};

/// How much of a text is looked at, in bytes.
const LOOKED_AT: usize = 20_000;

/// A BCP 47 language tag, its primary subtag in lower case; `und` where the language is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Language(Cow<'static, str>);

impl Language {
    /// The language of a text without letters, or in a script that this crate does not know.
    pub const UNDETERMINED: Self = Self(Cow::Borrowed("und"));

    /// The language with this tag, as `ar`, `zh-Hant` or `pt_BR`, or `None` where it is not a tag: a primary subtag of
    /// two to eight letters, then subtags of one to eight letters or digits (RFC 5646, section 2.1), 35 characters in all.
    pub fn new(tag: &str) -> Option<Self> {
        let tag = tag.trim().replace('_', "-");
        let (primary, rest) = tag.split_once('-').map_or((tag.as_str(), None), |(primary, rest)| (primary, Some(rest)));
        let plain = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let valid = (2..=8).contains(&primary.len())
            && primary.bytes().all(|b| b.is_ascii_alphabetic())
            && rest.is_none_or(|rest| rest.split('-').all(plain))
            && tag.len() <= 35;
        valid.then(|| {
            let primary = primary.to_ascii_lowercase();
            Self(Cow::Owned(rest.map_or(primary.clone(), |rest| format!("{primary}-{rest}"))))
        })
    }

    /// The language of `text`, from its first 20 kB. Give it a whole article: a sentence is often too little.
    pub fn detect(text: &str) -> Self {
        let text = &text[..text.floor_char_boundary(LOOKED_AT)];
        Script::of_text(text)
            .and_then(|script| script.language(text))
            .map_or(Self::UNDETERMINED, |tag| Self(Cow::Borrowed(tag)))
    }

    /// The whole tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The primary subtag: `zh` of `zh-Hant`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A script, as far as it tells languages apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Devanagari,
    /// Han and kana, which Chinese and Japanese share.
    Han,
    /// A script that one language alone writes, or nearly so.
    Of(&'static str),
}

/// Letters that only this language of the script writes, in the order to try: `ў` comes with `і` in Belarusian, and
/// Serbian shares `ј` with Macedonian.
const LETTERS: &[(Script, &str, &str)] = &[
    (Script::Cyrillic, "be", "ў"),
    (Script::Cyrillic, "tg", "ҷӯ"),
    (Script::Cyrillic, "kk", "қғұ"),
    (Script::Cyrillic, "sr", "ђћ"),
    (Script::Cyrillic, "mk", "ѓќѕј"),
    (Script::Cyrillic, "uk", "іїєґ"),
    (Script::Cyrillic, "ru", "ыэё"),
    (Script::Cyrillic, "bg", "ъ"),
    (Script::Arabic, "ur", "ٹڈڑںےہ"),
    (Script::Arabic, "ps", "ټډړښځڅ"),
    (Script::Arabic, "ckb", "ڕڵێۆ"),
    (Script::Arabic, "fa", "پچژگ"),
    (Script::Devanagari, "mr", "ळ"),
];

/// The share of a text's letters from which such letters name its language. The rarest of them, `ў` and `ђћ`, are one
/// letter in a hundred of theirs; a foreign name or a quotation stays below.
const TELLING: f64 = 0.005;

/// The confidence from which `whatlang` (0.18.0) is believed. Below are texts of a few words, which it calls almost
/// anything, and languages that are not on the list.
const BELIEVED: f64 = 0.2;

/// The languages that `whatlang` may answer, by its name for them: few, so that it errs little. Danish is left out,
/// since short Norwegian texts are taken for it.
const LATIN: &[(Lang, &str)] = &[
    (Lang::Ces, "cs"),
    (Lang::Deu, "de"),
    (Lang::Eng, "en"),
    (Lang::Fin, "fi"),
    (Lang::Fra, "fr"),
    (Lang::Hun, "hu"),
    (Lang::Ind, "id"),
    (Lang::Ita, "it"),
    (Lang::Nld, "nl"),
    (Lang::Nob, "no"),
    (Lang::Pol, "pl"),
    (Lang::Por, "pt"),
    (Lang::Ron, "ro"),
    (Lang::Spa, "es"),
    (Lang::Swe, "sv"),
    (Lang::Tur, "tr"),
    (Lang::Vie, "vi"),
];

impl Script {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => Self::Latin,
            '\u{400}'..='\u{52F}' => Self::Cyrillic,
            '\u{620}'..='\u{64A}' | '\u{66E}'..='\u{6D5}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' => {
                Self::Arabic
            }
            '\u{904}'..='\u{939}' => Self::Devanagari,
            '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' => {
                Self::Han
            }
            '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7A3}' => Self::Of("ko"),
            '\u{370}'..='\u{3FF}' => Self::Of("el"),
            '\u{531}'..='\u{587}' => Self::Of("hy"),
            '\u{5D0}'..='\u{5EA}' => Self::Of("he"),
            '\u{985}'..='\u{9B9}' => Self::Of("bn"),
            '\u{B85}'..='\u{BB9}' => Self::Of("ta"),
            '\u{E01}'..='\u{E30}' => Self::Of("th"),
            '\u{10A0}'..='\u{10FF}' => Self::Of("ka"),
            _ => return None,
        })
    }

    /// The script that most of the text is in, a Han character or a Hangul syllable counted for the two letters that it
    /// is worth; the first one met where two are even.
    fn of_text(text: &str) -> Option<Self> {
        let mut counts: Vec<(Self, usize)> = Vec::new();
        for script in text.chars().filter_map(Self::of) {
            let worth = if matches!(script, Self::Han | Self::Of("ko")) { 2 } else { 1 };
            match counts.iter_mut().find(|(known, _)| *known == script) {
                Some((_, count)) => *count += worth,
                None => counts.push((script, worth)),
            }
        }
        counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(script, _)| script)
    }

    /// The language of `text`, which is mostly in this script.
    fn language(self, text: &str) -> Option<&'static str> {
        let letters: String = text.chars().map(|c| if Self::of(c) == Some(self) { c } else { ' ' }).collect();
        let all = letters.chars().filter(|c| *c != ' ').count().max(1) as f64;
        let share = |own: &dyn Fn(char) -> bool| {
            let lower = letters.chars().flat_map(char::to_lowercase);
            lower.filter(|c| own(*c)).count() as f64 / all
        };
        let told = LETTERS.iter().find(|(script, _, own)| *script == self && share(&|c| own.contains(c)) > TELLING);
        told.map(|(_, tag, _)| *tag).or_else(|| match self {
            Self::Latin => ask(&letters, LATIN).filter(|(_, confidence)| *confidence > BELIEVED).map(|(tag, _)| tag),
            Self::Cyrillic => Some("ru"),
            // Persian without a letter of its own: a headline.
            Self::Arabic => ask(&letters, &[(Lang::Ara, "ar"), (Lang::Pes, "fa")]).map(|(tag, _)| tag),
            Self::Devanagari => Some("hi"),
            // A third of a Japanese text is kana; Chinese quotes a word of it at most.
            Self::Han if share(&|c| matches!(c, '\u{3041}'..='\u{30FF}')) > 0.05 => Some("ja"),
            Self::Han => Some("zh"),
            Self::Of(tag) => Some(tag),
        })
    }
}

/// What `whatlang` says among `allowed`, and how sure it is, from 0 to 1.
fn ask(letters: &str, allowed: &[(Lang, &'static str)]) -> Option<(&'static str, f64)> {
    let detector = Detector::with_allowlist(allowed.iter().map(|(lang, _)| *lang).collect());
    let answer = detector.detect(letters)?;
    let (_, tag) = allowed.iter().find(|(lang, _)| *lang == answer.lang())?;
    Some((tag, answer.confidence()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_or_its_letters_or_its_words_tell_the_language() {
        for (tag, text) in [
            ("ar", "أدانت الولايات المتحدة الاتفاق الجديد بين موسكو وبيونغ يانغ."),
            // Farsi yeh and kaf do not make a text Persian.
            ("ar", "أکد الرئیس الإیراني أن المفاوضات مع الولایات المتحدة مستمرة في العاصمة العمانیة."),
            ("de", "Die Bundesregierung verurteilte das Abkommen zwischen Moskau und Pjöngjang scharf."),
            ("en", "The government condemned the agreement that was signed in the North Korean capital on Wednesday."),
            ("es", "El Gobierno condenó el acuerdo que firmaron los dos países en la capital norcoreana."),
            ("fa", "ایران توافق تازه را محکوم کرد و از آمریکا خواست تحریم‌ها را لغو کند"),
            ("fr", "Le gouvernement a condamné l'accord que les deux pays ont signé mercredi."),
            ("he", "הממשלה גינתה את ההסכם שנחתם בין רוסיה לצפון קוריאה"),
            ("hi", "सरकार ने दोनों देशों के बीच हुए समझौते की निंदा की"),
            ("it", "Il governo ha condannato l'accordo che i due paesi hanno firmato mercoledì."),
            ("ja", "政府は両国間の協定を非難した。"),
            ("ko", "정부는 NATO와 두 나라의 협정을 규탄했다."),
            ("no", "Regjeringen fordømte avtalen som ble undertegnet i den nordkoreanske hovedstaden."),
            ("pl", "Rząd potępił porozumienie, które oba kraje podpisały w środę."),
            ("pt", "O governo condenou o acordo que os dois países assinaram na quarta-feira."),
            ("ru", "Правительство осудило соглашение, которое подписали обе страны. Зеленський."),
            ("tr", "Hükümet iki ülkenin imzaladığı anlaşmayı sert bir dille kınadı."),
            ("uk", "Уряд засудив угоду, яку підписали обидві країни."),
            ("ur", "حکومت نے دونوں ملکوں کے درمیان ہونے والے معاہدے کی مذمت کی ہے"),
            ("zh", "中国外交部发言人就NATO和BRICS的声明回答了记者的提问。"),
            ("und", ""),
            ("und", "2024 — 3.5 % 👍🏽"),
            ("und", "Putin"),
        ] {
            assert_eq!(Language::detect(text).as_str(), tag, "{text}");
        }
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        for offset in 0..4 {
            let text = "a".repeat(offset) + &"한".repeat(LOOKED_AT);
            assert_eq!(Language::detect(&text).as_str(), "ko");
        }
    }

    #[test]
    fn a_tag_is_checked_and_its_primary_subtag_lowered() {
        let tag = |tag| Language::new(tag).map(|language| language.to_string());
        assert_eq!(tag("EN").as_deref(), Some("en"));
        assert_eq!(tag("zh-Hant-TW").as_deref(), Some("zh-Hant-TW"));
        assert_eq!(tag(" pt_BR ").as_deref(), Some("pt-BR"));
        for wrong in ["", "e", "english language", "e1", "en-", "en--US", "عربي", "x-private", "en-toolongsubtag"] {
            assert_eq!(tag(wrong), None, "{wrong}");
        }
        assert_eq!(Language::new("zh-Hant").expect("a tag").primary(), "zh");
        assert_eq!(Language::new("und"), Some(Language::UNDETERMINED));
        assert_eq!(serde_json::to_string(&Language::UNDETERMINED).expect("a string"), "\"und\"");
    }
}
