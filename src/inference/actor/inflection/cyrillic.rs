//! Russian and Ukrainian declension, side by side: texts of one quote names of the other.

use super::{NONE, Spelled};
use crate::actor::pattern::Role;

pub(super) fn inflect(spelled: Spelled<'_>) -> (&str, &'static [&'static str]) {
    let Spelled { word, role, language, .. } = spelled;
    let inhabitant = role == Role::Demonym;
    let applies = |ending: &str| match ending {
        // A Russian name in -и does not decline (Сочи), one in -е neither.
        "и" | "і" => inhabitant || language == "uk",
        "е" => inhabitant,
        _ => true,
    };
    let class = CLASSES.iter().filter(|(ending, _)| applies(ending)).find_map(|(ending, forms)| {
        // Two letters of stem at least, so that no short name is taken for an ending.
        word.strip_suffix(ending).filter(|stem| stem.chars().nth(1).is_some()).map(|stem| (stem, *forms))
    });
    let vowel = word.ends_with(['а', 'е', 'и', 'о', 'у', 'ы', 'э', 'ю', 'я', 'і', 'ї', 'є']);
    class.unwrap_or((
        word,
        if vowel {
            NONE
        } else if inhabitant {
            INHABITANT
        } else {
            CONSONANT
        },
    ))
}

/// Ending of the nominative, endings of all cases; the first that fits.
#[rustfmt::skip]
const CLASSES: &[(&str, &[&str])] = &[
    // Adjectives of places, with the first part of a compound: российско-украинский.
    ("ский", &["ский", "ская", "ское", "ские", "ского", "скому", "ским", "ском", "ской", "скую", "ских", "скими", "скою", "ско"]),
    ("цкий", &["цкий", "цкая", "цкое", "цкие", "цкого", "цкому", "цким", "цком", "цкой", "цкую", "цких", "цкими", "цкою", "цко"]),
    ("ський", &["ський", "ська", "ське", "ські", "ського", "ському", "ським", "ськім", "ській", "ську", "ських", "ськими", "ською", "ської", "сько"]),
    ("цький", &["цький", "цька", "цьке", "цькі", "цького", "цькому", "цьким", "цькім", "цькій", "цьку", "цьких", "цькими", "цькою", "цької", "цько"]),
    ("ый", ADJECTIVE), ("ий", ADJECTIVE), ("ая", ADJECTIVE), ("ое", ADJECTIVE), ("ее", ADJECTIVE), ("ые", ADJECTIVE), ("ие", ADJECTIVE),
    // Nouns. The class in -а carries the endings of Ukrainian adjectives too (Північна, Північної), that in -і their plural.
    ("ия", &["ия", "ии", "ию", "ией", "иею"]),
    ("ія", &["ія", "ії", "ію", "ією", "іє"]),
    ("я", &["я", "и", "е", "ю", "ей", "ею", "ї", "єю", "і"]),
    ("а", &["а", "ы", "и", "е", "у", "ой", "ою", "ей", "ею", "і", "ої", "ій"]),
    ("ь", &["ь", "я", "ю", "ем", "е", "и", "ью", "і", "єм", "еві"]),
    ("й", &["й", "я", "ю", "ем", "е", "и", "єм", "ї", "єві"]),
    ("ы", &["ы", "ов", "ев", "ам", "ами", "ах", "", "а", "у", "ом", "ем", "е"]),
    ("и", &["и", "ов", "ев", "ів", "ам", "ами", "ах", "", "а", "у", "ом", "ем", "е", "ові", "еві"]),
    ("і", &["і", "їв", "ів", "ам", "ями", "ами", "ах", "ях", "", "а", "у", "их", "им", "ими"]),
    ("е", &["е", "", "ам", "ами", "ах"]),
];
#[rustfmt::skip]
const ADJECTIVE: &[&str] = &[
    "ый", "ий", "ая", "яя", "ое", "ее", "ые", "ие", "ого", "его", "ому", "ему", "ым", "им", "ом", "ем", "ой", "ей", "ую", "юю", "ых", "их",
    "ыми", "ими", "ою", "ої", "а", "е", "і", "ім", "ій", "у",
];
const CONSONANT: &[&str] = &["", "а", "у", "ом", "е", "ем", "ым", "ові", "еві", "і", "им"];
const INHABITANT: &[&str] = &["", "а", "у", "ом", "е", "ы", "и", "ов", "ів", "ам", "ами", "ах", "ові", "і"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declension_follows_the_nominative() {
        let stem = |word, role, language| {
            inflect(Spelled { word, role, language, first: true, last: true, definite: false }).0.to_owned()
        };
        assert_eq!(stem("россия", Role::Name, "ru"), "росс");
        assert_eq!(stem("китай", Role::Name, "ru"), "кита");
        assert_eq!(stem("токио", Role::Name, "ru"), "токио");
        assert_eq!(stem("сочи", Role::Name, "ru"), "сочи");
        assert_eq!(stem("ким", Role::Name, "ru"), "ким");
        assert_eq!(stem("росіяни", Role::Demonym, "uk"), "росіян");
    }
}
