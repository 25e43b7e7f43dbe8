//! Duplicates, exact and near.

use regard_eval::dataset::leakage::{THRESHOLD, near_duplicates, normal};

#[test]
fn exact_duplicates_differ_in_nothing_that_is_read() {
    for (a, b) in [
        ("The Bridge,  at last!", "the bridge at last"),
        ("Ｔｈｅ ｂｒｉｄｇｅ", "The bridge"),
        ("«Мост»  открыт.", "мост открыт"),
        ("قال: «الجسر مفتوح»", "قال الجسر مفتوح"),
        ("다리가, 열렸다.", "다리가 열렸다"),
        ("桥，开了。", "桥 开了"),
        ("ﷺ", "صلى الله عليه وسلم"),
    ] {
        assert_eq!(normal(a), normal(b));
    }
    assert_ne!(normal("👍"), normal("👎"), "what is nothing but signs keeps them");
    assert_ne!(normal("가다"), normal("가나"));
}

/// Long enough to stay near with one word changed.
const NEAR: [(&str, &str); 4] = [
    (
        "The mayor of the small town opened the new bridge on Sunday and thanked the engineers for their patience.",
        "The mayor of the small town opened the new bridge on Monday and thanked the engineers for their patience.",
    ),
    (
        "افتتح رئيس بلدية المدينة الصغيرة الجسر الجديد يوم الأحد وشكر المهندسين على صبرهم الطويل خلال سنوات العمل الصعبة",
        "افتتح رئيس بلدية المدينة الصغيرة الجسر الجديد يوم الخميس وشكر المهندسين على صبرهم الطويل خلال سنوات العمل الصعبة",
    ),
    (
        "작은 도시의 시장은 일요일에 새로운 다리를 열고 오랜 공사 기간 동안 인내심을 보여 준 기술자들과 주민들에게 감사의 말을 전했다",
        "작은 도시의 시장은 월요일에 새로운 다리를 열고 오랜 공사 기간 동안 인내심을 보여 준 기술자들과 주민들에게 감사의 말을 전했다",
    ),
    (
        "小城的市长星期天为新桥剪彩并感谢工程师们多年来的耐心与辛劳同时承诺明年春天将在河的另一岸修建一座公园供孩子们玩耍",
        "小城的市长星期一为新桥剪彩并感谢工程师们多年来的耐心与辛劳同时承诺明年春天将在河的另一岸修建一座公园供孩子们玩耍",
    ),
];

#[test]
fn near_duplicates_are_found_in_every_script_and_only_they() {
    let firsts = NEAR.iter().map(|pair| normal(pair.0));
    let seconds = NEAR.iter().map(|pair| normal(pair.1));
    let texts: Vec<String> = firsts.chain(seconds).chain(["short".into(), "".into(), "shore".into()]).collect();
    let pairs = near_duplicates(&texts, |_, _| true);
    let found: Vec<_> = pairs.iter().map(|pair| (pair.first, pair.second)).collect();
    assert_eq!(found, [(0, 4), (1, 5), (2, 6), (3, 7)]);
    assert!(pairs.iter().all(|pair| (THRESHOLD..1.0).contains(&pair.similarity)), "{pairs:?}");
    assert_eq!(pairs, near_duplicates(&texts, |_, _| true), "deterministic");
    assert!(near_duplicates(&texts, |_, second| second < 4).is_empty());
}

#[test]
fn boilerplate_does_not_make_every_pair() {
    let texts: Vec<String> = (0..3000)
        .map(|index| {
            normal(&format!("Read more about the old bridge and the new one in our letter of the week, number {index}"))
        })
        .collect();
    let pairs = near_duplicates(&texts, |_, _| true);
    assert!(pairs.len() >= 2900 && pairs.len() < 3000 * 300, "{}", pairs.len());
}
