//! Tests of significance equal SciPy's; comparisons see what is there and nothing else.

use std::error::Error;

use regard::{Label, Stance};
use regard_eval::compare::{System, compare, holm, mcnemar};
use regard_eval::metrics::Figure;
use regard_eval::{Answer, Answered, Bootstrap, Example, Gold, Settings, over_runs};
use serde_json::Value;

/// Expected values: `scripts/metric_reference.py`.
#[test]
fn tests_equal_scipy() -> Result<(), Box<dyn Error>> {
    let golden: Value = serde_json::from_str(include_str!("golden/metrics.json"))?;
    for case in golden["mcnemar"].as_array().ok_or("mcnemar")? {
        let found = mcnemar(case["b"].as_u64().ok_or("b")?, case["c"].as_u64().ok_or("c")?);
        let expected = case["p"].as_f64().ok_or("p")?;
        assert!((found - expected).abs() <= 1e-9 * expected, "{case}: {found}");
    }
    for case in golden["holm"].as_array().ok_or("holm")? {
        let p: Vec<f64> = serde_json::from_value(case["p"].clone())?;
        let expected: Vec<f64> = serde_json::from_value(case["adjusted"].clone())?;
        assert!(holm(&p).iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9), "{case}");
    }
    Ok(())
}

/// Examples in two languages and pairs of one group, the gold labels in turn.
fn examples(n: usize) -> Vec<Example> {
    let example = |index: usize| Example {
        id: index.to_string(),
        dataset: "own".into(),
        language: if index % 4 < 2 { "en" } else { "ko" }.into(),
        text: format!("sentence {index}"),
        target: Some("Russia".into()),
        target_type: None,
        mention: None,
        gold: Gold::Stance(Stance::ALL[index % 3]),
        group: (index / 2).to_string(),
        meta: Default::default(),
    };
    (0..n).map(example).collect()
}

/// Right but for each `step`th example.
fn system<'a>(name: &str, examples: &'a [Example], step: usize) -> System<'a> {
    let answer = |(index, example): (usize, &'a Example)| {
        let gold = example.gold.index();
        let label = if index % step == 0 { (gold + 1) % 3 } else { gold };
        let mut scores = [0.1; 3];
        scores[label] = 0.8;
        Answered { example, answer: Some(Answer { label, scores: Some(scores) }) }
    };
    System { name: name.into(), answered: examples.iter().enumerate().map(answer).collect() }
}

fn settings(draws: usize) -> Settings {
    Settings { bootstrap: Bootstrap { draws, seed: 1 }, ..Settings::default() }
}

#[test]
fn a_better_system_is_found_and_an_equal_one_is_not() -> Result<(), Box<dyn Error>> {
    let examples = examples(600);
    let systems = [system("good", &examples, 20), system("bad", &examples, 3), system("as good", &examples, 20)];
    let comparison = compare(&systems, &settings(1000));
    let [stance] = comparison.questions.as_slice() else { return Err("one question".into()) };
    let pair = |one: &str, other: &str| {
        stance.pairs.iter().find(|pair| pair.one == one && pair.other == other).ok_or("a pair for every two")
    };
    let (better, same) = (pair("good", "bad")?, pair("good", "as good")?);
    for p in [better.p_holm.randomisation, better.p_holm.bootstrap, better.p_holm.mcnemar] {
        assert!(p.is_some_and(|p| p < 0.01), "{p:?}");
    }
    for p in [same.p.randomisation, same.p.bootstrap, same.p.mcnemar] {
        assert_eq!(p, Some(1.0));
    }
    assert_eq!((better.wins, better.losses), (3, 0), "two languages and one data set");
    let macro_f1 =
        better.differences.iter().find(|difference| difference.figure == Figure::MacroF1).ok_or("macro-F1")?;
    let ([low, high], difference) = (macro_f1.interval.ok_or("interval")?, macro_f1.difference.ok_or("value")?);
    assert!(0.0 < low && low < difference && difference < high);
    assert!(
        better.examples.iter().take(10).all(|example| example.one == example.gold && example.other != example.gold)
    );
    Ok(())
}

#[test]
fn what_one_system_leaves_out_is_left_out_of_all() {
    let examples = examples(60);
    let (one, mut other) = (system("one", &examples, 5), system("other", &examples, 7));
    other.answered[0].answer = None;
    let comparison = compare(&[one, other], &settings(10));
    assert_eq!(comparison.left_out, 1);
    assert!(comparison.questions.iter().all(|question| question.metrics.iter().all(|metrics| metrics.n == 59)));
    let (one, other) = (system("one", &examples, 5), System { name: "none".into(), answered: Vec::new() });
    assert!(compare(&[one, other], &settings(10)).questions.is_empty());
    assert!(compare(&[], &settings(10)).questions.is_empty());
}

#[test]
fn the_spread_of_runs_is_that_of_their_figures() -> Result<(), Box<dyn Error>> {
    let examples = examples(300);
    let runs = [system("a", &examples, 4), system("b", &examples, 5)];
    let spreads = over_runs(&runs, &Bootstrap { draws: 500, seed: 0 }).stance.ok_or("stance")?;
    let (_, accuracy) = spreads.0.iter().find(|(figure, _)| *figure == Figure::Accuracy).ok_or("accuracy")?;
    let [a, b] = [1.0 - 1.0 / 4.0, 1.0 - 1.0 / 5.0];
    assert!((accuracy.mean - (a + b) / 2.0).abs() < 1e-12);
    assert!((accuracy.deviation.ok_or("deviation")? - (b - a) / 2.0_f64.sqrt()).abs() < 1e-12);
    let [low, high] = accuracy.interval.ok_or("interval")?;
    assert!(low < a && b < high, "runs are drawn too: {low} to {high}");
    Ok(())
}
