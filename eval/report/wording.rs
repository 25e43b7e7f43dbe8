//! How figures, numbers and dimensions are called and printed, in every view.

use crate::metrics::{FEWEST_GROUPS, Figure, Metrics};

/// What stands for a value that is not defined.
pub(crate) const UNDEFINED: &str = "–";

/// A figure's name for readers.
pub(crate) fn title(figure: Figure) -> &'static str {
    match figure {
        Figure::MacroF1 => "macro-F1",
        Figure::F1Pn => "F1(PN)",
        Figure::Accuracy => "accuracy",
        Figure::BalancedAccuracy => "balanced accuracy",
        Figure::Mcc => "Matthews correlation",
        Figure::Kappa => "Cohen’s kappa",
        Figure::Qwk => "quadratic kappa",
        Figure::Auroc => "area under ROC",
        Figure::Auprc => "average precision",
        Figure::Nll => "log loss",
        Figure::Brier => "Brier score",
        Figure::Ece => "ECE",
        Figure::EceMass => "ECE, equal mass",
    }
}

/// What a figure is, in a few words.
pub(crate) fn meaning(figure: Figure) -> &'static str {
    match figure {
        Figure::MacroF1 => "mean F1 of the three classes",
        Figure::F1Pn => "mean F1 of the first and the last class",
        Figure::Accuracy => "share of right answers",
        Figure::BalancedAccuracy => "mean recall of the classes in gold",
        Figure::Mcc => "0 is chance, 1 is perfect",
        Figure::Kappa => "agreement beyond chance",
        Figure::Qwk => "kappa, opposite labels four times as wrong as neighbours",
        Figure::Auroc => "mean over one class against the others; 0.5 is chance",
        Figure::Auprc => "mean over one class against the others",
        Figure::Nll => "mean negative log likelihood of gold, in nats",
        Figure::Brier => "squared error of the probabilities, summed over classes",
        Figure::Ece => "confidence less accuracy, 15 bins of equal width",
        Figure::EceMass => "confidence less accuracy, 15 bins of equal mass",
    }
}

/// A value of `figure`: shares in per cent, others plain.
pub(crate) fn value(figure: Figure, value: Option<f64>) -> String {
    match is_share(figure) {
        true => percent(value),
        false => plain(value),
    }
}

/// An interval of `figure`, without the unit.
pub(crate) fn interval(figure: Figure, interval: Option<[f64; 2]>) -> String {
    let (factor, digits) = if is_share(figure) { (100.0, 1) } else { (1.0, 3) };
    range(interval, factor, digits)
}

/// An interval of a share, in per cent, without the unit.
pub(crate) fn shares(interval: Option<[f64; 2]>) -> String {
    range(interval, 100.0, 1)
}

fn range(interval: Option<[f64; 2]>, factor: f64, digits: usize) -> String {
    let Some([low, high]) = interval else { return UNDEFINED.to_owned() };
    let end = |end: f64| number(Some(factor * end), digits);
    // A dash between two minus signs cannot be read.
    let dash = if low < 0.0 { " to " } else { "–" };
    format!("{}{dash}{}", end(low), end(high))
}

/// Whether `figure` is told in per cent.
pub(crate) fn is_share(figure: Figure) -> bool {
    use Figure::{Accuracy, BalancedAccuracy, Ece, EceMass, F1Pn, MacroF1};
    matches!(figure, MacroF1 | F1Pn | Accuracy | BalancedAccuracy | Ece | EceMass)
}

/// A share, in per cent.
pub(crate) fn percent(share: Option<f64>) -> String {
    match share.filter(|share| share.is_finite()) {
        // U+202F, a narrow space that does not break.
        Some(share) => format!("{}\u{202f}%", number(Some(100.0 * share), 1)),
        None => UNDEFINED.to_owned(),
    }
}

/// A number that is no share.
pub(crate) fn plain(value: Option<f64>) -> String {
    number(value, 3)
}

/// A number with so many digits.
pub(crate) fn number(value: Option<f64>, digits: usize) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return UNDEFINED.to_owned() };
    let magnitude = format!("{:.digits$}", value.abs());
    let is_zero = magnitude.chars().all(|character| matches!(character, '0' | '.'));
    if value < 0.0 && !is_zero { format!("−{magnitude}") } else { magnitude }
}

/// A count, its thousands apart.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut apart = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            apart.push('\u{202f}');
        }
        apart.push(digit);
    }
    apart
}

/// `n` of a thing, in the plural where it takes one.
pub(crate) fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// Why `figure` has no interval.
pub(crate) fn without_interval(metrics: &Metrics, figure: Figure, draws: usize) -> &'static str {
    let has_value = metrics.value(figure).is_some();
    match () {
        () if !has_value && figure.needs_scores() && metrics.value(Figure::Nll).is_none() => "needs probabilities",
        () if !has_value => "not defined here",
        () if metrics.groups < FEWEST_GROUPS => "too few to say",
        () if draws == 0 => "not drawn",
        () => "not defined in many draws",
    }
}

/// A question's heading.
pub(crate) fn question(name: &str) -> &str {
    match name {
        "stance" => "Stance toward targets",
        "sentiment" => "Sentiment of whole texts",
        other => other,
    }
}

/// A probe’s heading.
pub(crate) fn probe(name: &str) -> &str {
    match name {
        "hidden" => "Target hidden",
        "other_actor" => "Another actor",
        "masked" => "Name masked",
        "replaced" => "Name replaced",
        "unquoted" => "No quotation marks",
        "negated" => "Negated",
        "noise" => "Misspelt",
        other => other,
    }
}

/// The heading of actors of one type.
pub(crate) fn actors(kind: &str) -> &str {
    match kind {
        "state" => "States",
        "organisation" => "Organisations",
        "person" => "Persons",
        other => other,
    }
}

/// Dimensions in the order in which they are read; others follow.
const DIMENSIONS: [(&str, &str); 7] = [
    ("language", "By language"),
    ("dataset", "By data set"),
    ("actor_type", "By type of actor"),
    ("target_in_training", "By whether training had the target"),
    ("actors_in_sentence", "By targets in the sentence"),
    ("length", "By length of the text, in characters"),
    ("actor", "By actor"),
];

/// A dimension's place and heading.
pub(crate) fn dimension(name: &str) -> (usize, &str) {
    let place = DIMENSIONS.iter().position(|(known, _)| *known == name);
    place.map_or((DIMENSIONS.len(), name), |place| (place, DIMENSIONS[place].1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_for_readers() {
        assert_eq!(percent(Some(0.63149)), "63.1\u{202f}%");
        assert_eq!(percent(Some(f64::NAN)), "–");
        assert_eq!(plain(Some(-0.0001)), "0.000");
        assert_eq!(plain(Some(-0.5)), "−0.500");
        assert_eq!(interval(Figure::Mcc, Some([-0.1, 0.2])), "−0.100 to 0.200");
        assert_eq!(interval(Figure::MacroF1, Some([0.1, 0.2])), "10.0–20.0");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
