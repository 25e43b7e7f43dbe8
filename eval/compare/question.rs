//! Systems compared on one question.

use regard::{CodePoints, Label, Sentiment, Stance};

use super::significance::{bootstrap_p, holm, mcnemar, randomisation};
use super::{Difference, Disagreement, Pair, PartDifference, QuestionComparison, Tests};
use crate::answer::Answer;
use crate::bootstrap::{interval, intervals};
use crate::evaluation::{Groups, Settings, largest};
use crate::example::Example;
use crate::metrics::{FEWEST_GROUPS, Figure, Judged, Metrics, Sample};

/// Examples shown of those that one system alone answers right, and as many of those that the other does.
const SHOWN: usize = 10;

/// All systems' answers to the same examples: those of one part, or all.
struct Part {
    dimension: &'static str,
    name: String,
    /// By system, in the order of the examples.
    metrics: Vec<Metrics>,
    samples: Vec<Sample>,
}

/// Compare the systems' `answers` to each example.
pub(super) fn compare(
    question: &'static str,
    names: &[String],
    answers: &[(&Example, Vec<Answer>)],
    settings: &Settings,
) -> QuestionComparison {
    let labels = if question == "stance" { Stance::NAMES } else { Sentiment::NAMES };
    let examples: Vec<&Example> = answers.iter().map(|(example, _)| *example).collect();
    let groups = Groups::new(examples.iter().copied());
    let judged: Vec<Vec<Judged>> = (0..names.len()).map(|system| groups.judged(answers, system)).collect();
    let parts = parts(&judged, &examples, labels, settings);
    let mut metrics: Vec<Metrics> =
        judged.iter().map(|judged| Metrics::new(judged, labels).in_detail(judged, &settings.precisions)).collect();
    let mut pairs = Vec::new();
    for one in 0..names.len() {
        for other in one + 1..names.len() {
            let p = Tests {
                randomisation: randomisation(&judged[one], &judged[other], groups.count, &settings.bootstrap),
                ..Tests::default()
            };
            let examples = disagreements(answers, one, other);
            let mut pair = Pair { p, examples, ..pair((one, &metrics[one]), (other, &metrics[other]), &parts) };
            (pair.only_one_right, pair.only_other_right) = only_one_right(&judged[one], &judged[other]);
            pair.p.mcnemar = Some(mcnemar(pair.only_one_right, pair.only_other_right));
            (pair.one, pair.other) = (names[one].clone(), names[other].clone());
            pairs.push((one, other, pair));
        }
    }
    let whole: Vec<Sample> = judged.iter().map(|judged| Sample::new(judged)).collect();
    let (part_metrics, mut samples): (Vec<_>, Vec<_>) =
        parts.into_iter().map(|part| (part.metrics, part.samples)).unzip();
    samples.insert(0, whole);
    settings.bootstrap.run(&samples, groups.count, |index, draws| {
        let enough = |metrics: &Metrics| metrics.groups >= FEWEST_GROUPS;
        for (one, other, pair) in &mut pairs {
            let differences = |figure: Figure| -> Vec<f64> {
                let (one, other) = (&draws[*one][figure as usize], &draws[*other][figure as usize]);
                one.iter().zip(other).map(|(one, other)| one - other).collect()
            };
            match index.checked_sub(1) {
                None if enough(&metrics[*one]) => {
                    for difference in &mut pair.differences {
                        difference.interval = interval(&differences(difference.figure));
                    }
                    pair.p.bootstrap = bootstrap_p(&differences(Figure::MacroF1));
                }
                Some(part) if enough(&part_metrics[part][*one]) => {
                    pair.by[part].interval = interval(&differences(Figure::MacroF1));
                }
                _ => {}
            }
        }
        if index == 0 {
            for (metrics, draws) in metrics.iter_mut().zip(&draws).filter(|(metrics, _)| enough(metrics)) {
                metrics.figures.intervals = intervals(draws);
            }
        }
    });
    let mut pairs: Vec<Pair> = pairs.into_iter().map(|(_, _, pair)| pair).collect();
    conclude(&mut pairs);
    QuestionComparison { question, metrics, pairs }
}

/// Parts of the examples, largest dimensions first; labels alone, since macro-F1 asks for no more.
fn parts(judged: &[Vec<Judged>], examples: &[&Example], labels: [&'static str; 3], settings: &Settings) -> Vec<Part> {
    let mut parts = Vec::new();
    for (dimension, of_examples) in settings.breakdown.parts(examples) {
        for (part, members) in largest(&of_examples).0 {
            let of_system = |judged: &Vec<Judged>| -> Vec<Judged> {
                members.iter().map(|&member| Judged { scores: None, ..judged[member] }).collect()
            };
            let judged: Vec<Vec<Judged>> = judged.iter().map(of_system).collect();
            let metrics = judged.iter().map(|judged| Metrics::new(judged, labels)).collect();
            let samples = judged.iter().map(|judged| Sample::new(judged)).collect();
            parts.push(Part { dimension, name: part.name, metrics, samples });
        }
    }
    parts
}

/// What can be said without draws.
fn pair((one, metrics): (usize, &Metrics), (other, metrics_of_other): (usize, &Metrics), parts: &[Part]) -> Pair {
    let difference = |figure| {
        let difference = metrics.value(figure).zip(metrics_of_other.value(figure)).map(|(one, other)| one - other);
        Difference { figure, difference, interval: None }
    };
    let by = parts.iter().map(|part| {
        let [one, other] = [one, other].map(|system| part.metrics[system].macro_f1());
        let (n, part_name) = (part.metrics[0].n, part.name.clone());
        PartDifference {
            dimension: part.dimension,
            part: part_name,
            n,
            one,
            other,
            difference: one - other,
            interval: None,
        }
    });
    Pair { differences: Figure::ALL.map(difference).to_vec(), by: by.collect(), ..Pair::default() }
}

fn only_one_right(one: &[Judged], other: &[Judged]) -> (u64, u64) {
    let right = |judged: &Judged| judged.gold == judged.answer;
    let only = |a: &[Judged], b: &[Judged]| a.iter().zip(b).filter(|(a, b)| right(a) && !right(b)).count() as u64;
    (only(one, other), only(other, one))
}

/// Adjust the tests for the number of pairs, and count wins and losses.
fn conclude(pairs: &mut [Pair]) {
    let tests: [fn(&mut Tests) -> &mut Option<f64>; 3] =
        [|tests| &mut tests.randomisation, |tests| &mut tests.bootstrap, |tests| &mut tests.mcnemar];
    for test in tests {
        let p: Option<Vec<f64>> = pairs.iter_mut().map(|pair| *test(&mut pair.p)).collect();
        for (pair, adjusted) in pairs.iter_mut().zip(holm(&p.unwrap_or_default())) {
            *test(&mut pair.p_holm) = Some(adjusted);
        }
    }
    for pair in pairs {
        let decided = pair.by.iter().filter_map(|part| part.interval);
        pair.wins = decided.clone().filter(|[low, _]| *low > 0.0).count();
        pair.losses = decided.filter(|[_, high]| *high < 0.0).count();
    }
}

fn disagreements(answers: &[(&Example, Vec<Answer>)], one: usize, other: usize) -> Vec<Disagreement> {
    let mut shown = Vec::new();
    for (right, wrong) in [(one, other), (other, one)] {
        let mut found: Vec<(f64, &Example, &Vec<Answer>)> = Vec::new();
        for (example, answers) in answers {
            let gold = example.gold.index();
            if answers[right].label == gold && answers[wrong].label != gold {
                // How much more of the right label the one gives; a label alone is all or nothing.
                let share =
                    |answer: &Answer| answer.scores.map_or(f64::from(answer.label == gold), |scores| scores[gold]);
                found.push((share(&answers[right]) - share(&answers[wrong]), example, answers));
            }
        }
        found.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
        shown.extend(found.into_iter().take(SHOWN).map(|(_, example, answers)| Disagreement {
            id: example.id.clone(),
            language: example.language.clone(),
            text: example.text.clone(),
            target: example.target.clone(),
            mention: example.mention.map(|mention| CodePoints::new(&example.text).of(mention)),
            gold: example.gold.name(),
            one: answers[one].name(example.gold),
            other: answers[other].name(example.gold),
        }));
    }
    shown
}
