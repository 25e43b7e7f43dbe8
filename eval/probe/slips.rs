//! The slips that a word can have, by script.

use unicode_segmentation::UnicodeSegmentation;

use super::script::Script;

/// Letters of Arabic script that are taken for one another: by sound, by a dot, by keyboard.
const ARABIC: [(char, char); 21] = [
    ('أ', 'ا'),
    ('إ', 'ا'),
    ('آ', 'ا'),
    ('ا', 'أ'),
    ('ة', 'ه'),
    ('ه', 'ة'),
    ('ى', 'ي'),
    ('ي', 'ى'),
    ('ؤ', 'و'),
    ('ئ', 'ى'),
    ('خ', 'ح'),
    ('ج', 'ح'),
    ('ذ', 'د'),
    ('ز', 'ر'),
    ('ش', 'س'),
    ('ض', 'ص'),
    ('ظ', 'ط'),
    ('غ', 'ع'),
    ('ث', 'ت'),
    ('گ', 'ک'),
    ('ی', 'ي'),
];
/// Vowels of Korean syllables that are taken for one another, by their number in Unicode's order.
const VOWELS: [(u32, u32); 20] = [
    (0, 4),
    (1, 5),
    (2, 0),
    (3, 7),
    (4, 8),
    (5, 1),
    (6, 4),
    (7, 3),
    (8, 4),
    (9, 0),
    (10, 15),
    (11, 15),
    (12, 8),
    (13, 18),
    (14, 4),
    (15, 11),
    (16, 20),
    (17, 13),
    (18, 13),
    (20, 19),
];
/// Plain and tense initial consonants, by their number.
const INITIALS: [(u32, u32); 5] = [(0, 1), (3, 4), (7, 8), (9, 10), (12, 13)];

/// Every way in which `word` can be mistyped once, its first letter kept where slips are swaps of letters.
pub(super) fn slips(script: Script, word: &str) -> Vec<String> {
    let clusters: Vec<&str> = word.graphemes(true).collect();
    let mut slips = match script {
        Script::Alphabetic | Script::Indic => moved(&clusters),
        Script::Arabic => {
            let mut slips = swapped(&clusters, 1);
            slips.extend(confused(&clusters));
            slips
        }
        Script::Hangul => jamo(&clusters),
        Script::Ideographic => swapped(&clusters, 0),
        Script::Spaceless => swapped(&clusters, 1),
    };
    slips.retain(|slip| slip != word);
    slips
}

/// Two neighbours the other way round, or a letter typed twice or not at all. Words of less than four letters, which carry the
/// grammar, stay.
fn moved(clusters: &[&str]) -> Vec<String> {
    if clusters.len() < 4 {
        return Vec::new();
    }
    let mut slips = swapped(clusters, 1);
    for place in 1..clusters.len() {
        let (before, after) = (clusters[..place].concat(), clusters[place + 1..].concat());
        slips.push([&before, clusters[place], clusters[place], &after].concat());
        slips.push(before + &after);
    }
    slips
}

/// Two neighbours from the letter `first` on the other way round.
fn swapped(clusters: &[&str], first: usize) -> Vec<String> {
    let places = first..clusters.len().saturating_sub(1);
    let swap = |place: usize| {
        let mut clusters = clusters.to_vec();
        clusters.swap(place, place + 1);
        clusters.concat()
    };
    places.map(swap).collect()
}

/// One Arabic letter for another, the marks on it kept.
fn confused(clusters: &[&str]) -> Vec<String> {
    // A final form in the middle of a word, or a hamza there, is no slip that people make.
    let place_fits = |place: usize, letter: char| match letter {
        'ة' | 'ه' | 'ى' | 'ي' => place + 1 == clusters.len(),
        'ا' => place == 0,
        _ => true,
    };
    let mut slips = Vec::new();
    for (place, cluster) in clusters.iter().enumerate() {
        let letter = cluster.chars().next().unwrap_or_default();
        let fitting =
            ARABIC.iter().filter(|(from, _)| *from == letter && clusters.len() > 2 && place_fits(place, letter));
        for (from, to) in fitting {
            slips.push(
                [
                    &clusters[..place].concat(),
                    &*cluster.replacen(*from, &to.to_string(), 1),
                    &clusters[place + 1..].concat(),
                ]
                .concat(),
            );
        }
    }
    slips
}

/// One jamo of one syllable changed: a vowel for a similar one, a tense consonant for a plain one or the reverse, or a final
/// consonant left out.
fn jamo(clusters: &[&str]) -> Vec<String> {
    let mut slips = Vec::new();
    for (place, cluster) in clusters.iter().enumerate() {
        let mut letters = cluster.chars();
        let Some(index) = letters.next().and_then(|letter| (letter as u32).checked_sub(0xac00)).filter(|i| *i < 11_172)
        else {
            continue;
        };
        let (initial, vowel, last) = (index / 588, index % 588 / 28, index % 28);
        let vowels = VOWELS.iter().filter(|(from, _)| *from == vowel).map(|(_, to)| (initial, *to, last));
        let tense = INITIALS.iter().filter(|(plain, _)| *plain == initial).map(|(_, tense)| (*tense, vowel, last));
        let plain = INITIALS.iter().filter(|(_, tense)| *tense == initial).map(|(plain, _)| (*plain, vowel, last));
        let dropped = (last > 0).then_some((initial, vowel, 0));
        for (initial, vowel, last) in vowels.chain(tense).chain(plain).chain(dropped) {
            if let Some(syllable) = char::from_u32(0xac00 + initial * 588 + vowel * 28 + last) {
                let (before, after) = (clusters[..place].concat(), clusters[place + 1..].concat());
                slips.push(format!("{before}{syllable}{}{after}", letters.as_str()));
            }
        }
    }
    slips
}
