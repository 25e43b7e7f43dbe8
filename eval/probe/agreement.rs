//! Whether one name can take another's place in a sentence without an article, a verb or a particle going wrong.
//!
//! Rules of thumb by ending, on the careful side: of names that differ in what grammar sees, neither replaces the other.

use regard::actor::{Actor, ActorType};

/// People of the shipped catalogue whom a sentence calls "she": the catalogue itself does not say.
const WOMEN: [&str; 10] = [
    "kim-yo-jong",
    "choe-son-hui",
    "hillary-clinton",
    "kamala-harris",
    "sanae-takaichi",
    "ursula-von-der-leyen",
    "kaja-kallas",
    "angela-merkel",
    "annalena-baerbock",
    "giorgia-meloni",
];

/// Armed groups of the shipped catalogue: what is said of one is not said of an alliance of states.
const ARMED: [&str; 10] =
    ["Hamas", "Hezbollah", "Houthis", "ISIS", "Taliban", "Al-Qaeda", "Wagner", "IRGC", "PKK", "SDF"];

/// English names that stand with "the".
const ENGLISH_THE: &str = "US U.S. USA UK U.K. EU UN U.N. UAE DPRK PRC ROK IMF WHO WTO IAEA ICC SCO OSCE CSTO IRGC PKK SDF GCC \
    Taliban Houthis Philippines Netherlands Emirates G7 G20 Pentagon Kremlin";
/// Words that make an English name stand with "the".
const ENGLISH_COMMON: &str = "United Union Kingdom Republic Organization Organisation Nations Federation Council Bank Court Fund \
    League Group Agency Emirates Alliance Party Corps Forces State States";
/// German states that stand with a masculine article.
const GERMAN_DER: &str = "Iran Irak Libanon Jemen Sudan Vatikan";
/// German names that stand with a plural article.
const GERMAN_DIE: &str = "USA Niederlande Philippinen Huthi Huthis Taliban Emirate";
/// Russian and Ukrainian acronyms that are plural.
const SLAVIC_PLURAL: &str = "США ОАЭ ОАЕ";
/// Arabic names of masculine gender.
const ARABIC_MASCULINE: &str = "العراق لبنان الأردن السودان اليمن المغرب الصومال الناتو ناتو داعش";

/// Whether the name `new` of the actor `by` can stand where the name `old` of `of` does, both in `language`.
pub(super) fn stands_in(language: &str, (of, old): (&Actor, &str), (by, new): (&Actor, &str)) -> bool {
    let among = |list: &[&str], actor: &Actor| list.contains(&actor.id.as_str());
    of.kind == by.kind
        && among(&WOMEN, of) == among(&WOMEN, by)
        && among(&ARMED, of) == among(&ARMED, by)
        && words(old) == words(new)
        // "US officials" and "Philippines officials"; elsewhere an acronym is spared the ending that a word would take.
        && (acronym(old) == acronym(new) || (language == "en" && of.kind == ActorType::State))
        && class(language, of.kind, old) == class(language, by.kind, new)
}

fn words(name: &str) -> usize {
    name.split([' ', '·', '・', '\u{a0}']).count()
}

fn acronym(name: &str) -> bool {
    let mut letters = name.chars().filter(|c| c.is_alphabetic());
    letters.clone().count() > 1 && letters.all(char::is_uppercase)
}

/// What the grammar of `language` sees of a name.
fn class(language: &str, kind: ActorType, name: &str) -> (u32, u32) {
    let listed = |list: &str, word: &str| list.split_whitespace().any(|listed| listed == word);
    let first = name.chars().find_map(|c| c.to_lowercase().next()).unwrap_or_default();
    let last = name.chars().last().and_then(|c| c.to_lowercase().next()).unwrap_or_default();
    let person = kind == ActorType::Person;
    match language {
        "ko" => (final_consonant(last), 0),
        // A name that is not declined may stand in any case.
        "ru" | "uk" if person => (u32::from("оеэуюиіїє".contains(last)), 0),
        "ru" | "uk" if acronym(name) => (u32::from(listed(SLAVIC_PLURAL, name)), 1),
        "ru" | "uk" => match last {
            'а' | 'я' => (1, 0),
            'ы' | 'и' | 'і' | 'ї' => (2, 0),
            'о' | 'е' | 'э' | 'у' | 'ю' | 'є' => (3, 0),
            _ => (0, 0),
        },
        _ if person => (u32::from("aeiouâéèêhyïáíóú".contains(first) && language == "fr"), 0),
        "en" => (u32::from(listed(ENGLISH_THE, name) || name.split(' ').any(|word| listed(ENGLISH_COMMON, word))), 0),
        "fr" => (
            u32::from("aeiouéêîh".contains(first)),
            match last {
                'e' => 1,
                's' if name != "Hamas" => 2,
                _ => 0,
            },
        ),
        "es" => match last {
            'a' | 'á' | 'í' => (1, 0),
            's' if name != "Hamás" => (2, 0),
            _ => (0, 0),
        },
        "de" if name.ends_with("ei") || listed("Ukraine Schweiz Hamas Hisbollah", name) => (1, 0),
        "de" if listed(GERMAN_DER, name) => (2, 0),
        "de" if listed(GERMAN_DIE, name) => (3, 0),
        "ar" => (u32::from(name.starts_with("ال")), u32::from(listed(ARABIC_MASCULINE, name))),
        _ => (0, 0),
    }
}

/// Which form of a particle follows a Korean name: none, after ㄹ, after another final consonant.
fn final_consonant(last: char) -> u32 {
    match (last as u32).checked_sub(0xac00).filter(|index| *index < 11_172).map(|index| index % 28) {
        Some(0) => 0,
        Some(8) => 1,
        Some(_) => 2,
        None => 3,
    }
}
