//! What a change leaves alone, in many scripts.

use proptest::prelude::*;
use regard::actor::{Catalogue, Matcher};
use regard::{Sentiment, Span, Stance};

use super::prejudice::READINGS;
use super::{Changed, Probe, Surroundings, changed, frames, quotes};
use crate::example::{Example, Gold};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Language, text, target: invented.
const SENTENCES: &[(&str, &str, &str)] = &[
    ("ar", "قالت روسيا إن «العقوبات» لن تؤثر على اقتصادها، وأعلنت الولايات المتحدة إجراءات جديدة.", "روسيا"),
    ("he", "ראש הממשלה אמר כי \"ישראל\" תגיב בעוצמה, וצה\"ל נערך לכך בגבול הצפון.", "ישראל"),
    ("ko", "정부는 북한의 미사일 발사를 '심각한 도발'이라고 강하게 규탄했다. 북한은 침묵했다.", "북한"),
    ("zh", "外交部发言人表示，“美国”应当停止向台湾出售武器，美国没有回应。", "美国"),
    ("ja", "政府は北朝鮮のミサイル発射を「断じて容認できない」と強く非難した。", "北朝鮮"),
    ("hi", "प्रधानमंत्री ने कहा कि “भारत” इस समझौते का समर्थन करता है।", "भारत"),
    ("th", "นายกรัฐมนตรีกล่าวว่า “รัสเซีย” ละเมิดกฎหมายระหว่างประเทศ", "รัสเซีย"),
    ("tr", "Rusya, 'yeni yaptırımların' etkisiz olduğunu açıkladı; Türkiye'nin tutumu değişmedi.", "Rusya"),
    ("ru", "Россия снова обстреляла «мирные города», а НАТО пообещало ответ.", "Россия"),
    (
        "en",
        "Workers' leaders said 👩‍👩‍👧 “Russia” wouldn't stop; Russia's envoy left on 12 May, see https://example.org/russia.",
        "Russia",
    ),
];

fn example(language: &str, text: &str, target: &str) -> Option<Example> {
    let start = text.find(target)?;
    Some(Example {
        id: format!("{language}-{start}"),
        dataset: "invented".into(),
        language: language.into(),
        text: text.into(),
        target: Some(target.into()),
        target_type: None,
        mention: Span::new(text, start, start + target.len()).filter(|span| !span.is_empty()),
        gold: Gold::Stance(Stance::Against),
        group: text.into(),
        meta: serde_json::Map::new(),
    })
}

fn examples() -> Vec<Example> {
    SENTENCES.iter().filter_map(|(language, text, target)| example(language, text, target)).collect()
}

fn shipped() -> Result<(Catalogue, Matcher), regard::Error> {
    let catalogue = Catalogue::shipped()?;
    let matcher = Matcher::new(&catalogue)?;
    Ok((catalogue, matcher))
}

fn within<T>(seed: u64, work: impl FnOnce(&Surroundings<'_>) -> T) -> Result<T, regard::Error> {
    let (catalogue, matcher) = shipped()?;
    Ok(work(&Surroundings { catalogue: &catalogue, matcher: &matcher, mask: "<mask>", seed }))
}

fn mention(example: &Example) -> Option<&str> {
    example.mention.map(|mention| mention.of(&example.text))
}

/// The text around the mention.
fn around(example: &Example) -> Option<(&str, &str)> {
    let mention = example.mention?;
    Some((&example.text[..mention.start()], &example.text[mention.end()..]))
}

#[test]
fn the_mention_reads_as_it_should_in_every_script() -> Outcome {
    let examples = examples();
    assert_eq!(examples.len(), SENTENCES.len());
    for probe in Probe::ALL {
        let changed = within(1, |surroundings| changed(probe, &examples, surroundings))?;
        for Changed { original, example, hidden, gold_known } in &changed {
            let before = &examples[*original];
            assert_eq!(*hidden, probe == Probe::Hidden);
            assert_eq!(*gold_known, !matches!(probe, Probe::Negated | Probe::OtherActor));
            assert!(*hidden || mention(example) == example.target.as_deref(), "{probe:?} {example:?}");
            match probe {
                Probe::Hidden => assert!(example.mention.is_none() && example.text == before.text),
                Probe::Masked => assert_eq!(mention(example), Some("<mask>")),
                Probe::Replaced | Probe::OtherActor => assert_ne!(mention(example), mention(before)),
                Probe::Unquoted | Probe::Negated | Probe::Noise => {
                    assert_eq!(mention(example), mention(before), "{probe:?} {}", example.text);
                    assert_ne!(example.text, before.text);
                }
            }
        }
        let fewest = match probe {
            Probe::OtherActor => 4,
            Probe::Replaced => 6,
            // No frame in Thai.
            Probe::Negated => 9,
            _ => SENTENCES.len(),
        };
        assert!(changed.len() >= fewest, "{probe:?}: {}", changed.len());
    }
    Ok(())
}

#[test]
fn a_name_is_masked_and_replaced_wherever_it_stands_as_a_word() -> Outcome {
    let examples = examples();
    let masked = within(1, |surroundings| changed(Probe::Masked, &examples, surroundings))?;
    let text = |language: &str, changed: &[Changed]| {
        changed.iter().find(|changed| changed.example.language == language).map(|changed| changed.example.text.clone())
    };
    assert_eq!(
        text("ko", &masked).as_deref(),
        Some("정부는 <mask>의 미사일 발사를 '심각한 도발'이라고 강하게 규탄했다. <mask>은 침묵했다.")
    );
    assert_eq!(text("zh", &masked).map(|text| text.matches("<mask>").count()), Some(2));
    let english = text("en", &masked).unwrap_or_default();
    assert!(english.contains("“<mask>” wouldn't") && english.contains("<mask>'s envoy"), "{english}");
    let replaced = within(1, |surroundings| changed(Probe::Replaced, &examples, surroundings))?;
    assert!(text("en", &replaced).is_some_and(|text| !text.contains("Russia") && text.contains("/russia.")));
    // 은 and 의 stay right: the new name ends in ㄱ, ㄴ, …, as the old one does.
    assert!(text("ko", &replaced).is_some_and(|text| !text.contains("북한")));
    Ok(())
}

#[test]
fn a_name_is_replaced_only_where_another_one_fits() -> Outcome {
    let kept = [
        ("ru", "Президент критиковал Россию и её соседей.", "Россию"),
        ("ru", "В России прошли выборы.", "России"),
        ("tr", "Türkiye'nin tutumu değişmedi.", "Türkiye"),
        ("en", "Bill Clinton spoke on Monday.", "Clinton"),
        ("en", "A US official spoke on Monday.", "US"),
        ("en", "Russian troops left.", "Russian"),
        ("de", "Die Russland-Politik bleibt unverändert.", "Russland"),
        ("xx", "Russia spoke.", "Russia"),
    ];
    let examples: Vec<Example> = kept.iter().filter_map(|(l, text, target)| example(l, text, target)).collect();
    assert_eq!(within(1, |surroundings| changed(Probe::Replaced, &examples, surroundings))?, []);
    let women = [example("en", "When Merkel spoke, she smiled.", "Merkel")];
    let women: Vec<Example> = women.into_iter().flatten().collect();
    for seed in 0..20 {
        let changed = within(seed, |surroundings| changed(Probe::Replaced, &women, surroundings))?;
        let she = ["Kallas", "Meloni", "Harris", "Baerbock", "Takaichi"];
        let name = changed.first().and_then(|changed| mention(&changed.example)).unwrap_or_default();
        assert!(she.contains(&name), "{name}");
    }
    Ok(())
}

#[test]
fn the_other_target_is_a_labelled_one_where_there_is_one() -> Outcome {
    let text = "Japan thanked Poland and criticised Cuba.";
    let label = |target: &str, gold| example("en", text, target).map(|e| Example { gold: Gold::Stance(gold), ..e });
    let labelled = [label("Japan", Stance::Neutral), label("Cuba", Stance::Against), label("Poland", Stance::Favor)];
    let labelled: Vec<Example> = labelled.into_iter().flatten().collect();
    let others = within(1, |surroundings| changed(Probe::OtherActor, &labelled, surroundings))?;
    let targets: Vec<_> = others.iter().map(|other| (mention(&other.example), other.gold_known)).collect();
    assert_eq!(targets, [(Some("Cuba"), true), (Some("Japan"), true), (Some("Japan"), true)]);
    let alone = within(1, |surroundings| changed(Probe::OtherActor, &labelled[1..2], surroundings))?;
    assert_eq!(alone.first().map(|other| (mention(&other.example), other.gold_known)), Some((Some("Japan"), false)));
    Ok(())
}

#[test]
fn quotation_marks_go_and_apostrophes_stay() {
    let cases = [
        ("en", "The workers' 'plan' isn't “good”, it's 'so-so'.", "The workers' plan isn't good, it's so-so."),
        ("fr", "Il a dit : « C'est l'Iran » hier.", "Il a dit : C'est l'Iran hier."),
        ("de", "Er sagt, »das« sei ‚gut‘ und „neu“.", "Er sagt, das sei gut und neu."),
        ("he", "צה\"ל הודיע: \"הכול מוכן\".", "צה\"ל הודיע: הכול מוכן."),
        ("ko", "그는 '평화'를 말했다.", "그는 평화를 말했다."),
        ("zh", "他说‘美国’与\"日本\"和『韩国』。", "他说美国与日本和韩国。"),
        ("ja", "「平和」と言った。", "平和と言った。"),
        ("tr", "Türkiye'nin “tutumu” değişmedi.", "Türkiye'nin tutumu değişmedi."),
    ];
    for (language, before, after) in cases {
        let unquoted = example(language, before, "").and_then(|example| quotes::unquoted(&example));
        assert_eq!(unquoted.map(|example| example.text).as_deref(), Some(after));
    }
    assert_eq!(example("en", "It's the workers' day.", "").and_then(|example| quotes::unquoted(&example)), None);
}

#[test]
fn frames_deny_in_their_language() {
    let languages = "ar ca de en es fa fr he hi it ja ko nl no pl pt ru sv tr uk zh";
    assert!(languages.split(' ').eq(frames::FRAMES.keys().map(String::as_str)));
    let negated = |language, text, target| {
        example(language, text, target).and_then(|example| frames::negated(&example)).map(|example| example.text)
    };
    assert_eq!(negated("en-GB", "The envoy left.", "envoy").as_deref(), Some("It is not true that the envoy left."));
    assert_eq!(negated("en", "The Hague spoke.", "The Hague").as_deref(), Some("It is not true that The Hague spoke."));
    assert_eq!(negated("ja", "会議が始まった。", "会議").as_deref(), Some("会議が始まったというのは事実ではない。"));
    // The mention ends in the full stop itself.
    assert_eq!(negated("ja", "発表は。", "は。").as_deref(), Some("発表は。というのは事実ではない。"));
    assert_eq!(negated("qu", "Rimarqan.", "Rimarqan"), None);
}

#[test]
fn sentiment_is_probed_where_a_probe_suits_it() -> Outcome {
    let sentiment: Vec<Example> = examples()
        .into_iter()
        .map(|example| Example { gold: Gold::Sentiment(Sentiment::Negative), mention: None, target: None, ..example })
        .collect();
    for probe in Probe::ALL {
        let changed = within(1, |surroundings| changed(probe, &sentiment, surroundings))?;
        assert_eq!(changed.is_empty(), !probe.suits_sentiment(), "{probe:?}");
    }
    Ok(())
}

#[test]
fn the_prejudice_table_of_the_shipped_catalogue_is_bounded_and_balanced() -> Outcome {
    let catalogue = Catalogue::shipped()?;
    let (each, texts) = super::prejudice::tests::texts(&catalogue, 1)?;
    assert!(each >= 4 && texts.len() <= READINGS && texts.len() > 7000, "{each} {}", texts.len());
    assert!(texts.iter().all(|(text, name)| text.contains(name) && !text.contains('{')));
    Ok(())
}

proptest! {
    #[test]
    fn noise_is_a_function_of_the_seed_and_leaves_mention_digits_and_addresses_alone(index in 0..SENTENCES.len(), seed: u64) {
        let (language, text, target) = SENTENCES[index];
        let before = [example(language, text, target).ok_or_else(|| TestCaseError::fail("no target"))?];
        let noisy = || within(seed, |surroundings| changed(Probe::Noise, &before, surroundings));
        let (noisy, again) = (noisy().map_err(|e| TestCaseError::fail(e.to_string()))?, noisy().map_err(|e| TestCaseError::fail(e.to_string()))?);
        prop_assert_eq!(&noisy, &again);
        let [after] = noisy.as_slice() else { return Err(TestCaseError::fail("one example")) };
        let after = &after.example;
        prop_assert_eq!(mention(after), Some(target));
        prop_assert_ne!(&after.text, text);
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        prop_assert_eq!(digits(&after.text), digits(text));
        prop_assert_eq!(after.text.contains("https://example.org/russia."), text.contains("https://"));
        prop_assert_eq!(after.text.split_whitespace().count(), text.split_whitespace().count());
    }

    #[test]
    fn no_text_panics_and_every_mention_slices(
        text in "(\\PC|é|e\u{301}|👩‍👩‍👧|한|ا|ש|中|ไ|र्म|'|\"|“|”|«|»|Russia|США|。| |http://a.b){0,40}",
        language in prop::sample::select(vec!["ar", "en", "he", "hi", "ja", "ko", "ru", "th", "tr", "zh", "fr", ""]),
        from in 0usize..60, length in 0usize..60, seed: u64,
    ) {
        let points: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
        let (start, end) = (from.min(points.len() - 1), (from + length).min(points.len() - 1));
        let mut before = example(language, &text, "").ok_or_else(|| TestCaseError::fail("always"))?;
        before.mention = Span::new(&text, points[start], points[end]).filter(|span| !span.is_empty());
        before.target = mention(&before).map(str::to_owned);
        let before = [before];
        for probe in Probe::ALL {
            let changed = CHECKED.with(|(catalogue, matcher)| {
                changed(probe, &before, &Surroundings { catalogue, matcher, mask: "[MASK]", seed })
            });
            for Changed { example, .. } in changed {
                prop_assert!(example.mention.is_none_or(|mention| !mention.of(&example.text).is_empty()));
                prop_assert_eq!(mention(&example), example.target.as_deref());
                match probe {
                    Probe::Masked if before[0].text.matches(mention(&before[0]).unwrap_or("")).count() == 1 => {
                        prop_assert_eq!(around(&example), around(&before[0]));
                    }
                    Probe::Noise => prop_assert_eq!(mention(&example), mention(&before[0])),
                    _ => {}
                }
            }
        }
    }
}

thread_local! {
    /// Compiling the matcher takes longer than a case.
    static CHECKED: (Catalogue, Matcher) = shipped().unwrap_or_else(|error| unreachable!("{error}"));
}

/// Examples of one text, a target each.
fn labelled(language: &str, text: &str, targets: &[&str]) -> Vec<Example> {
    targets.iter().filter_map(|target| example(language, text, target)).collect()
}

#[test]
fn a_copy_names_others_and_keeps_every_label_in_its_place() -> Outcome {
    let targets = ["Russia", "Turkey", "NATO", "Poland's friends"];
    let text = "Russia praised Turkey; NATO condemned Russia's plan, and Poland's friends waited.";
    let mut examples = labelled("en", text, &targets);
    // The same name is labelled twice.
    let again = text.rfind("Russia").and_then(|start| Span::new(text, start, start + "Russia".len()));
    examples.push(Example { id: "again".into(), mention: again, ..examples[0].clone() });
    examples.push(Example {
        target: None,
        mention: None,
        gold: Gold::Sentiment(Sentiment::Neutral),
        ..examples[0].clone()
    });
    for seed in 0..40 {
        let copies =
            within(seed, |surroundings| super::copied(&examples, surroundings))?.ok_or("nothing was replaced")?;
        assert_eq!(copies.len(), examples.len());
        assert!(copies.iter().all(|copy| copy.text == copies[0].text));
        for (copy, example) in copies.iter().zip(&examples) {
            assert_eq!((copy.gold, &copy.id), (example.gold, &example.id));
            assert_eq!(copy.mention.map(|mention| mention.of(&copy.text)), copy.target.as_deref());
        }
        for name in &targets[..3] {
            assert!(!copies[0].text.contains(name), "{}", copies[0].text);
        }
        assert_eq!(copies[4].target, copies[0].target);
        // None of the catalogue's names.
        assert_eq!(copies[3].target.as_deref(), Some("Poland's friends"));
    }
    Ok(())
}

#[test]
fn nothing_is_copied_where_a_name_would_be_left_or_torn() -> Outcome {
    for (language, text, targets) in [
        ("en", "Nobody praised the mayor.", &["mayor"][..]),
        // Still about Iran.
        ("en", "Iran said that Tehran was right.", &["Iran"]),
        // A part of another actor's name, and of another target.
        ("ja", "インドはインドネシアを批判した。", &["インド"]),
        ("ko", "대만은 대만판공실을 비판했다.", &["대만", "대만판공실"]),
    ] {
        let examples = labelled(language, text, targets);
        assert_eq!(examples.len(), targets.len());
        assert_eq!(within(1, |surroundings| super::copied(&examples, surroundings))?, None, "{text}");
    }
    // Asked about without a place, the target would go on by the old name.
    let mut examples = labelled("en", "Iran spoke on Monday.", &["Iran"]);
    examples.push(Example { mention: None, ..examples[0].clone() });
    assert_eq!(within(1, |surroundings| super::copied(&examples, surroundings))?, None);
    Ok(())
}
