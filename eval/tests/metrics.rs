//! Figures equal scikit-learn's, and change only as they should.

use std::error::Error;

use proptest::prelude::*;
use regard_eval::metrics::{Figure, Judged, Metrics};
use serde_json::Value;

const NAMES: [&str; 3] = ["against", "neutral", "favor"];

fn close(found: Option<f64>, expected: &Value) -> bool {
    match (found, expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (found, expected) => found.is_none() && expected.is_none(),
    }
}

/// Expected values: `scripts/metric_reference.py`.
#[test]
fn figures_equal_scikit_learn() -> Result<(), Box<dyn Error>> {
    let golden: Value = serde_json::from_str(include_str!("golden/metrics.json"))?;
    let cases = golden["classification"].as_array().ok_or("cases")?;
    assert!(cases.len() >= 10);
    for case in cases {
        let indices =
            |name: &str| -> Result<Vec<usize>, serde_json::Error> { serde_json::from_value(case[name].clone()) };
        let scores: Option<Vec<[f64; 3]>> = serde_json::from_value(case["scores"].clone())?;
        let judged: Vec<Judged> = indices("gold")?
            .into_iter()
            .zip(indices("answers")?)
            .enumerate()
            .map(|(index, (gold, answer))| Judged {
                gold,
                answer,
                scores: scores.as_ref().map(|scores| scores[index]),
                group: index as u32,
            })
            .collect();
        let metrics = Metrics::new(&judged, NAMES).in_detail(&judged, &[]);
        let expected = &case["expected"];
        let place = &case["name"];
        for figure in Figure::ALL {
            let (found, name) = (metrics.value(figure), figure.name());
            assert!(close(found, &expected[name]), "{place}: {name}: {found:?}, expected {}", expected[name]);
        }
        let aurc = metrics.abstention.as_ref().map(|abstention| abstention.aurc);
        assert!(close(aurc, &expected["aurc"]), "{place}: aurc: {aurc:?}, expected {}", expected["aurc"]);
        for (class, expected) in metrics.per_class.iter().zip(expected["per_class"].as_array().ok_or("classes")?) {
            let found = serde_json::to_value(class)?;
            for name in ["support", "precision", "recall", "f1", "auroc", "auprc", "ece"] {
                assert!(close(found[name].as_f64(), &expected[name]), "{place}: {name} of {found}: {}", expected[name]);
            }
        }
        assert_eq!(serde_json::to_value(metrics.confusion)?, expected["confusion"], "{place}");
    }
    Ok(())
}

fn examples() -> impl Strategy<Value = Vec<Judged>> {
    let one = (0usize..3, prop::array::uniform3(1u32..40), 0u32..30).prop_map(|(gold, parts, group)| {
        let sum: u32 = parts.iter().sum();
        let scores = parts.map(|part| f64::from(part) / f64::from(sum));
        let answer = (0..3).rev().max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
        Judged { gold, answer, scores: Some(scores), group }
    });
    prop::collection::vec(one, 1..120)
}

fn same(a: &Metrics, b: &Metrics, figures: impl IntoIterator<Item = Figure>) -> Result<(), TestCaseError> {
    for figure in figures {
        match (a.value(figure), b.value(figure)) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-9, "{}: {a} and {b}", figure.name()),
            (a, b) => prop_assert_eq!(a, b, "{}", figure.name()),
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn order_does_not_matter(judged in examples(), seed in 0u64..1000) {
        let mut turned = judged.clone();
        turned.rotate_left(seed as usize % judged.len());
        turned.reverse();
        same(&Metrics::new(&judged, NAMES), &Metrics::new(&turned, NAMES), Figure::ALL)?;
    }

    #[test]
    fn everything_twice_is_the_same(judged in examples()) {
        let twice = [judged.clone(), judged.clone()].concat();
        // Bins of equal mass are cut elsewhere in twice as many.
        let figures = Figure::ALL.into_iter().filter(|figure| *figure != Figure::EceMass);
        same(&Metrics::new(&judged, NAMES), &Metrics::new(&twice, NAMES), figures)?;
    }

    #[test]
    fn other_names_for_the_classes_change_what_tells_them_apart(judged in examples()) {
        let turn = |class: usize| (class + 1) % 3;
        let turned: Vec<Judged> = judged.iter().map(|judged| {
            let scores = judged.scores.map(|[first, second, third]| [third, first, second]);
            Judged { gold: turn(judged.gold), answer: turn(judged.answer), scores, group: judged.group }
        }).collect();
        let (a, b) = (Metrics::new(&judged, NAMES), Metrics::new(&turned, NAMES));
        // F1(PN) leaves out the middle class, quadratic kappa knows which are neighbours: these may change.
        same(&a, &b, Figure::ALL.into_iter().filter(|figure| !matches!(figure, Figure::F1Pn | Figure::Qwk)))?;
        for class in 0..3 {
            prop_assert_eq!(a.per_class[class].support, b.per_class[turn(class)].support);
            prop_assert!((a.per_class[class].f1 - b.per_class[turn(class)].f1).abs() < 1e-12);
        }
        // A mirror image exchanges the ends: F1(PN) and quadratic kappa stay too.
        let mirrored: Vec<Judged> = judged.iter().map(|judged| {
            let scores = judged.scores.map(|[first, second, third]| [third, second, first]);
            Judged { gold: 2 - judged.gold, answer: 2 - judged.answer, scores, group: judged.group }
        }).collect();
        same(&a, &Metrics::new(&mirrored, NAMES), Figure::ALL)?;
    }
}
