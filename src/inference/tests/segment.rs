//! Sentence boundaries: gold ones by language, and what holds for every text.

use proptest::prelude::*;
use regard::{Language, Span, sentences, trimmed};
use serde::Deserialize;

#[derive(Deserialize)]
struct Gold {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    language: String,
    #[serde(default = "space")]
    joint: String,
    sentences: Vec<String>,
}

fn space() -> String {
    " ".to_owned()
}

fn language(tag: &str) -> Language {
    Language::new(tag).expect("a language tag")
}

/// The sentences of `text` without white space around them, after a check that they tile it.
fn cut<'a>(text: &'a str, language: &Language) -> Vec<&'a str> {
    let spans = sentences(text, language);
    let tiles: String = spans.iter().map(|span| span.of(text)).collect();
    assert_eq!(tiles, text);
    assert!(spans.iter().all(|span| !span.is_empty()));
    spans.iter().map(|span| trimmed(text, *span).of(text)).collect()
}

#[test]
fn gold_boundaries() {
    let gold: Gold = toml::from_str(include_str!("segments.toml")).expect("the fixture is TOML");
    for case in gold.case {
        let text = case.sentences.join(&case.joint);
        assert_eq!(cut(&text, &language(&case.language)), case.sentences, "{}", case.language);
    }
}

#[test]
fn white_space_belongs_to_the_sentence_before() {
    let text = "  One. \n\n\t Two.\n";
    let spans = sentences(text, &language("en"));
    assert_eq!(spans.iter().map(|span| span.of(text)).collect::<Vec<_>>(), ["  One. \n\n\t ", "Two.\n"]);
    assert_eq!(trimmed(text, spans[0]), Span::new(text, 2, 6).expect("a span"));
    assert_eq!(sentences("", &language("en")), []);
    assert_eq!(cut(" \n \n", &language("en")), [""]);
}

#[test]
fn long_sentences_are_cut_after_a_clause_or_a_word_or_a_character() {
    let none = Language::UNDETERMINED;
    let points = |text: &str| text.chars().count();
    let clauses = cut_all(&"many words and a comma, ".repeat(300), &none);
    assert!(clauses.iter().all(|part| part.ends_with(',') && points(part) <= 2_000), "{clauses:?}");
    let words = cut_all(&"слово ".repeat(2_000), &none);
    assert!(words.iter().all(|part| part.ends_with("слово") && points(part) <= 2_000));
    let numbers = cut_all(&"1,000,000".repeat(1_000), &none);
    assert!(numbers.len() < 7);
    for whole in ["👩‍👩‍👧", "e\u{301}\u{302}", "🇺🇦", "👍🏽", "कि", "\u{1112}\u{1161}\u{11AB}"]
    {
        let parts = cut_all(&whole.repeat(3_000), &none);
        assert!(
            parts.len() > 1 && parts.iter().all(|part| part.starts_with(whole) && points(part) <= 2_000),
            "{whole}"
        );
    }
}

fn cut_all(text: &str, language: &Language) -> Vec<String> {
    cut(text, language).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_paragraph_longer_than_a_window_is_cut_as_a_short_one_is() {
    let sentence = "Президент В. В. Путин прибыл в г. Пхеньян. «Мы не отступим!» — заявил он. ";
    let parts = cut_all(&sentence.repeat(1_000), &language("ru"));
    assert_eq!(parts.len(), 2_000);
    assert!(
        parts
            .chunks(2)
            .all(|pair| pair == ["Президент В. В. Путин прибыл в г. Пхеньян.", "«Мы не отступим!» — заявил он."])
    );
}

/// A megabyte each; quadratic time would take minutes.
#[test]
fn a_megabyte_of_anything_takes_linear_time() {
    for unit in
        ["a", " ", ".", ". ", "\n", "a\n", "«", "\"A. ", "' ", "أ.", "1) B. ", "한", "\u{301}", "🇺🇦", "A! ", "“好。"]
    {
        cut(&unit.repeat((1 << 20) / unit.len()), &language("ar"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_tiled(
        text in "(\\PC|[ \n\r\t.!?…\"'«»“”„「」。！？,—-]|[А-я]|أ\\.|د\\. |ب|\\. |고 |と|म|\u{301}|\u{200D}|👍🏽|🇺🇦|3\\.5|Dr\\. ){0,120}",
        tag in "ar|de|en|fa|he|hi|ja|ko|no|ru|tr|uk|und|xx|zh",
    ) {
        cut(&text, &language(&tag));
    }

    #[test]
    fn any_unicode_is_tiled(text in any::<String>(), times in 1usize..200) {
        cut(&text.repeat(times), &Language::detect(&text));
    }
}
