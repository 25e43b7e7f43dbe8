//! Intervals: where they lie, how wide they are, and what does not change them.

use std::error::Error;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regard::{Label, Stance};
use regard_eval::metrics::Figure;
use regard_eval::{Answer, Answered, Bootstrap, Evaluation, Example, Gold, Settings, evaluate};

fn example(index: usize, gold: usize, group: usize) -> Example {
    Example {
        id: index.to_string(),
        dataset: "own".into(),
        language: "en".into(),
        text: format!("sentence {index}"),
        target: Some(format!("target {}", index % 7)),
        target_type: None,
        mention: None,
        gold: Gold::Stance(Stance::ALL[gold]),
        group: group.to_string(),
        meta: Default::default(),
    }
}

/// Examples, `per_group` a group, and answers that lean to the right label.
fn answers(n: usize, per_group: usize) -> Vec<(Example, Answer)> {
    let mut generator = ChaCha8Rng::seed_from_u64(7);
    let one = |index: usize| {
        let gold = generator.random_range(0..3);
        let mut scores = [0, 1, 2].map(|class| generator.random::<f64>() + f64::from(class == gold) * 0.4);
        let sum: f64 = scores.iter().sum();
        scores.iter_mut().for_each(|score| *score /= sum);
        let label = (0..3).max_by(|&a: &usize, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
        (example(index, gold, index / per_group), Answer { label, scores: Some(scores) })
    };
    (0..n).map(one).collect()
}

fn measure(answers: &[(Example, Answer)], seed: u64) -> Evaluation {
    let answered: Vec<Answered<'_>> =
        answers.iter().map(|(example, answer)| Answered { example, answer: Some(*answer) }).collect();
    evaluate(&answered, &Settings { bootstrap: Bootstrap { draws: 4000, seed }, ..Settings::default() })
}

fn interval(evaluation: &Evaluation, figure: Figure) -> Result<[f64; 2], Box<dyn Error>> {
    let stance = evaluation.stance.as_ref().ok_or("stance")?;
    Ok(stance.figures.interval(figure).ok_or("interval")?)
}

#[test]
fn an_interval_is_as_wide_as_theory_says() -> Result<(), Box<dyn Error>> {
    let answers = answers(2000, 1);
    let evaluation = measure(&answers, 0);
    let accuracy = evaluation.stance.as_ref().and_then(|stance| stance.value(Figure::Accuracy)).ok_or("accuracy")?;
    // 1.96 standard errors of a share, either side.
    let expected = 2.0 * 1.96 * (accuracy * (1.0 - accuracy) / 2000.0).sqrt();
    let [low, high] = interval(&evaluation, Figure::Accuracy)?;
    assert!(((high - low) / expected - 1.0).abs() < 0.06, "{} and {expected}", high - low);
    assert!(((low + high) / 2.0 - accuracy).abs() < 0.1 * (high - low));
    Ok(())
}

#[test]
fn seeds_replay_and_order_does_not_matter() -> Result<(), Box<dyn Error>> {
    let mut answers = answers(400, 2);
    let found = measure(&answers, 3);
    assert_eq!(interval(&found, Figure::MacroF1)?, interval(&measure(&answers, 3), Figure::MacroF1)?);
    assert_ne!(interval(&found, Figure::MacroF1)?, interval(&measure(&answers, 4), Figure::MacroF1)?);
    answers.reverse();
    let [low, high] = interval(&measure(&answers, 3), Figure::Nll)?;
    let [low_before, high_before] = interval(&found, Figure::Nll)?;
    assert!((low - low_before).abs() < 1e-12 && (high - high_before).abs() < 1e-12);
    Ok(())
}

#[test]
fn copies_in_one_group_make_nothing_surer() -> Result<(), Box<dyn Error>> {
    let once = answers(500, 1);
    let twice = [once.clone(), once.clone()].concat();
    for figure in Figure::ALL.into_iter().filter(|figure| *figure != Figure::EceMass) {
        let ([a, b], [c, d]) = (interval(&measure(&once, 0), figure)?, interval(&measure(&twice, 0), figure)?);
        assert!((a - c).abs() < 1e-9 && (b - d).abs() < 1e-9, "{}: {a} to {b}, {c} to {d}", figure.name());
    }
    let apart: Vec<_> = twice
        .iter()
        .enumerate()
        .map(|(index, (example, answer))| (Example { group: index.to_string(), ..example.clone() }, *answer))
        .collect();
    let ([a, b], [c, d]) =
        (interval(&measure(&once, 0), Figure::MacroF1)?, interval(&measure(&apart, 0), Figure::MacroF1)?);
    assert!((d - c) / (b - a) < 0.8, "as groups of their own they would: {} and {}", d - c, b - a);
    Ok(())
}

/// Areas of many examples are taken as linear in the weights: the intervals must be those of the exact areas.
#[test]
fn linear_areas_equal_exact_ones() -> Result<(), Box<dyn Error>> {
    // 4,095 examples are ranked in each draw, 4,096 are not.
    let many = answers(4096, 1);
    let (exact, linear) = (measure(&many[..4095], 0), measure(&many, 0));
    for figure in [Figure::Auroc, Figure::Auprc] {
        let ([a, b], [c, d]) = (interval(&exact, figure)?, interval(&linear, figure)?);
        let width = b - a;
        assert!(
            (a - c).abs() < 0.1 * width && (b - d).abs() < 0.1 * width,
            "{}: {a} to {b}, {c} to {d}",
            figure.name()
        );
    }
    Ok(())
}

/// Many examples of few groups are few draws: the areas must not be taken as linear then, nor leave 0 to 1.
#[test]
fn many_examples_of_few_groups_are_few() -> Result<(), Box<dyn Error>> {
    let clustered = answers(6000, 200);
    let [low, high] = interval(&measure(&clustered, 0), Figure::Auroc)?;
    // The same groups with half of the examples are too few to be linear: they must be about as sure.
    let half: Vec<_> = clustered.into_iter().step_by(2).collect();
    let [exact_low, exact_high] = interval(&measure(&half, 0), Figure::Auroc)?;
    let ratio = (high - low) / (exact_high - exact_low);
    assert!((0.5..1.1).contains(&ratio), "{low} to {high}, {exact_low} to {exact_high}");
    // One class stands in three of thirty groups: one draw in twenty lacks it.
    let rare: Vec<_> = (0..6000)
        .map(|index| {
            let gold = if index / 200 < 3 { 0 } else { 1 + index % 2 };
            let label = if index % 7 == 0 { (gold + 1) % 3 } else { gold };
            let mut scores = [0.15; 3];
            scores[label] = 0.7;
            (example(index, gold, index / 200), Answer { label, scores: Some(scores) })
        })
        .collect();
    let [low, high] = interval(&measure(&rare, 0), Figure::Auroc)?;
    assert!(0.0 <= low && high <= 1.0, "{low} to {high}");
    Ok(())
}

#[test]
fn too_little_is_said_to_be_too_little() -> Result<(), Box<dyn Error>> {
    let evaluation = measure(&answers(3, 1), 0);
    let stance = evaluation.stance.ok_or("stance")?;
    assert_eq!(stance.figures.interval(Figure::MacroF1), None);
    assert!(stance.notes.iter().any(|note| note.contains("n = 3 in 3 groups: too few to say")), "{:?}", stance.notes);
    let one_class: Vec<_> = answers(40, 1)
        .into_iter()
        .map(|(example, answer)| (Example { gold: Gold::Stance(Stance::Favor), ..example }, answer))
        .collect();
    let stance = measure(&one_class, 0).stance.ok_or("stance")?;
    assert_eq!(stance.value(Figure::Auroc), None);
    assert!(stance.notes.iter().any(|note| note.contains("one class only")), "{:?}", stance.notes);
    assert!(!serde_json::to_string(&stance)?.contains("NaN"));
    assert!(evaluate(&[], &Settings::default()).stance.is_none());
    Ok(())
}
