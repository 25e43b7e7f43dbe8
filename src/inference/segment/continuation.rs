//! Cuts that `sentencex` (0.1.33) makes inside a sentence, by language. Only ever merges.
//!
//! Where a mark is ambiguous the sentence goes on: two sentences read as one keep their actors and their words,
//! half a sentence loses who said it.

use crate::Language;

/// Abbreviations that a name or a number follows, beyond those that `sentencex` knows: the letters before the last full
/// stop, in lower case.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("ar", "أد هـ وأ ود وم"),
    ("de", "bd gen kap mio mrd st"),
    ("es", "aprox art excmo gral mons núm pdte pág"),
    ("fr", "mgr mm"),
    ("hi", "कि कै डा डॉ न्या पं पू प्रो मि मी मो रु ले वि श्री श्रीमती सं सुश्री स्व"),
    ("it", "gen mons on sen"),
    // `bl.a.`
    ("no", "a"),
    ("pl", "abp bp gen in ks mjr min płk prof św tzn tzw ul"),
    ("pt", "art cel exma exmo gen pág profa"),
    ("ru", "ак ген зам им корп наб обл пл пос респ св ст"),
    ("tr", "alb av bkz cad doç gör korg mah op org öğr sn sok tümg uzm yrd"),
    ("uk", "ген обл полк"),
];

/// What ends the name of a site after a full stop, in lower case; `Газета.Ru`, `العربية.نت`.
const DOMAINS: &[&str] = &["com", "info", "net", "org", "ru", "ua", "ру", "рф", "كوم", "نت"];

/// What follows `a.m.` and `p.m.` within a sentence.
const AFTER_HOUR: &[&str] =
    &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "ET", "EST", "EDT", "GMT", "UTC"];

/// Words that go on with a sentence after a quotation, in languages where no lower-case letter tells: Korean quoting
/// particles, verbs of saying. Compared as whole words.
const AFTER_QUOTATION: &[(&str, &str)] = &[
    ("fa", "گفت گفتند و"),
    ("he", "אמר אמרה אמרו והוסיף והוסיפה הוסיף הוסיפה טען טענה שאל שאלה"),
    ("hi", "कहकर कहते कहा पूछा बोले"),
    ("ko", "고 고도 는 라고 라고도 라는 라며 라면서 란 며 면서 이라고 이라는 이라며 이라면서 이란 하고"),
    ("ur", "بولے کہا کہہ"),
];

/// Japanese particles, and the copula, that go on after `」`. Left out are those that often begin a word: `も` (もし).
const JAPANESE_PARTICLES: &[&str] = &["と", "って", "など", "を", "の", "に", "は", "が", "で"];

/// Verbs that end a Chinese attribution: `“…！”普京说。`
const CHINESE_SPEECH: &[&str] =
    &["说", "說", "道", "称", "稱", "问", "問", "写道", "寫道", "表示", "指出", "强调", "強調", "警告", "回答", "补充"];

/// Whether the sentence before a cut goes on after it. `before` runs from the start of the paragraph to the cut with
/// the white space there, `after` from the cut to the end of the paragraph.
pub(super) fn continues(before: &str, after: &str, language: &Language) -> bool {
    let end = before.trim_end();
    let glued = end.len() == before.len();
    if end.is_empty() || after.is_empty() {
        return false;
    }
    lower_case_follows(after)
        || after.starts_with([',', ';', ':', '،', '؛', '，', '、', '；', '：', '%', '٪'])
        || pauses(end, language.primary())
        || end.strip_suffix(['.', '．']).is_some_and(|rest| stop_inside(rest, after, glued, language.primary()))
        || (end.ends_with(is_closing_quote) && quotation_inside(after, glued, language.primary()))
}

/// `"…!" said he`, `«…!» — заявил он`: no sentence begins with a lower-case letter, after a dash or without one.
fn lower_case_follows(after: &str) -> bool {
    let word = after.trim_start_matches(['—', '–', '―', '-']).trim_start();
    // Georgian letters count as lower case (Unicode 11) although its sentences begin with them.
    word.starts_with(|c: char| c.is_lowercase() && !matches!(c, '\u{10D0}'..='\u{10FF}'))
}

/// `بوتين يزور كوريا.. وكيم يرحب`: two dots are a pause in the press that writes Arabic letters.
fn pauses(before: &str, language: &str) -> bool {
    matches!(language, "ar" | "fa" | "ur") && before.ends_with("..") && !before.ends_with("...")
}

/// Whether the full stop between `before` and `after` ends no sentence: it stands in a number, an address, an initial,
/// an abbreviation or an ordinal. `glued` where no white space follows the stop.
fn stop_inside(before: &str, after: &str, glued: bool, language: &str) -> bool {
    let word = last_word(before);
    let Some(last) = word.chars().next_back() else { return false };
    if glued {
        // `sentencex` takes `3.5` as a number in ASCII digits only.
        let number = last.is_numeric() && after.starts_with(char::is_numeric);
        if number || DOMAINS.contains(&first_word(after).to_lowercase().as_str()) {
            return true;
        }
    }
    let alone = word.len() == last.len_utf8();
    match last {
        // `أ.ف.ب.`, `م. ج. ظریف`, `ח. נ. ביאליק`.
        '\u{05D0}'..='\u{064A}' | '\u{066E}'..='\u{06D3}' if alone => true,
        // `Р. Кадыров`, `É. Philippe`; English has a finer rule in `sentencex`, which knows `World War I. The end`.
        _ if alone && last.is_uppercase() && language != "en" => true,
        'm' if language == "en" && (before.ends_with("a.m") || before.ends_with("p.m")) => {
            AFTER_HOUR.contains(&first_word(after))
        }
        '0'..='9' => is_ordinal(before, word, language),
        _ => holds(ABBREVIATIONS, language, &word.to_lowercase()),
    }
}

/// `2. Weltkrieg`, `2024. 6. 19.`: in these languages a number of one or two digits with a full stop is an ordinal far
/// more often than the end of a sentence; in Korean, whose sentences end in a verb, any number is.
fn is_ordinal(before: &str, number: &str, language: &str) -> bool {
    let longest = match language {
        "ko" => 4,
        "cs" | "da" | "de" | "fi" | "hu" | "nb" | "nn" | "no" | "sk" | "tr" => 2,
        _ => return false,
    };
    // `17.30` and `3,5` are no ordinals.
    let decimal = before.strip_suffix(number).is_some_and(|rest| rest.ends_with(['.', ',']));
    number.len() <= longest && number.bytes().all(|byte| byte.is_ascii_digit()) && !decimal
}

/// Whether the sentence goes on after a quotation that ends one of its own.
fn quotation_inside(after: &str, glued: bool, language: &str) -> bool {
    match language {
        // What is written together with the closing mark is a particle, whichever it is.
        "ko" if glued && after.starts_with(|c| matches!(c, '\u{AC00}'..='\u{D7A3}')) => true,
        "ja" => JAPANESE_PARTICLES.iter().any(|particle| after.starts_with(particle)),
        "zh" => is_attribution(after),
        _ => holds(AFTER_QUOTATION, language, first_word(after)),
    }
}

/// `普京说。`: a short clause that ends in a verb of speech. After a colon it belongs to the next quotation.
fn is_attribution(after: &str) -> bool {
    let Some((place, mark)) = after.char_indices().take(16).find(|(_, c)| !is_word(*c)) else { return false };
    mark != '：' && mark != ':' && CHINESE_SPEECH.iter().any(|verb| after[..place].ends_with(verb))
}

/// Whether `word` is in the row of `table` for `language`.
fn holds(table: &[(&str, &str)], language: &str, word: &str) -> bool {
    table.iter().any(|(tag, words)| *tag == language && words.split(' ').any(|known| known == word))
}

/// The word that `text` ends with, or its last letters where it is long: only short ones are looked for.
fn last_word(text: &str) -> &str {
    let letters = text.chars().rev().take(16).take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
    &text[text.len() - letters..]
}

/// The word that `text` begins with, or its first letters where it is long.
fn first_word(text: &str) -> &str {
    let letters = text.chars().take(16).take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
    &text[..letters]
}

/// Part of a word: letters and digits with their marks (Devanagari vowel signs are marks, not all of them letters).
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

fn is_closing_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '“' | '‘' | '»' | '›' | '」' | '』')
}
