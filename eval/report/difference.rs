//! Differences in words: with their sign, how sure they are, and what they show.

use super::wording::{self, UNDEFINED};
use crate::compare::Pair;
use crate::metrics::Figure;

/// Less probable by chance than this counts as a difference.
pub(crate) const SIGNIFICANT: f64 = 0.05;

/// In what a difference is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Hundredths, of shares.
    Points,
    /// As it is.
    Plain,
}

impl Unit {
    /// What differences of `figure` are told in.
    pub(crate) fn of(figure: Figure) -> Self {
        if wording::is_share(figure) { Self::Points } else { Self::Plain }
    }

    /// `difference` with its sign.
    pub(crate) fn value(self, difference: Option<f64>) -> String {
        match self {
            Self::Points => signed(difference.map(|difference| 100.0 * difference), 1),
            Self::Plain => signed(difference, 3),
        }
    }

    /// From where to where it may lie.
    pub(crate) fn interval(self, interval: Option<[f64; 2]>) -> String {
        let Some([low, high]) = interval else { return UNDEFINED.to_owned() };
        format!("{} to {}", self.value(Some(low)), self.value(Some(high)))
    }
}

/// A number with its sign, which 0 has not.
pub(crate) fn signed(value: Option<f64>, digits: usize) -> String {
    let number = wording::number(value, digits);
    let is_zero = !number.contains(|digit| matches!(digit, '1'..='9'));
    if value > Some(0.0) && !is_zero { format!("+{number}") } else { number }
}

/// The difference of macro-F1, with its interval.
pub(crate) fn macro_f1(pair: &Pair) -> (Option<f64>, Option<[f64; 2]>) {
    let found = pair.differences.iter().find(|difference| difference.figure == Figure::MacroF1);
    found.map_or((None, None), |found| (found.difference, found.interval))
}

/// What a comparison of two shows. That they are equally good is nothing a test can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    OneBetter,
    OtherBetter,
    NotShown,
    NotTested,
}

impl Verdict {
    /// By the randomisation test of macro-F1, adjusted for the number of pairs.
    pub(crate) fn of(pair: &Pair) -> Self {
        match (pair.p_holm.randomisation, macro_f1(pair).0) {
            (Some(p), Some(difference)) if p < SIGNIFICANT && difference > 0.0 => Self::OneBetter,
            (Some(p), Some(difference)) if p < SIGNIFICANT && difference < 0.0 => Self::OtherBetter,
            (Some(_), Some(_)) => Self::NotShown,
            _ => Self::NotTested,
        }
    }

    /// By whether an interval lies on one side of 0.
    pub(crate) fn of_interval(interval: Option<[f64; 2]>) -> Self {
        match interval {
            Some([low, _]) if low > 0.0 => Self::OneBetter,
            Some([_, high]) if high < 0.0 => Self::OtherBetter,
            Some(_) => Self::NotShown,
            None => Self::NotTested,
        }
    }
}

/// A probability, small ones by what they are below.
pub(crate) fn probability(p: Option<f64>) -> String {
    match p.filter(|p| p.is_finite()) {
        Some(p) if p < 0.0001 => "<\u{202f}0.0001".to_owned(),
        Some(p) => format!("{p:.4}"),
        None => UNDEFINED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Difference, Tests};

    #[test]
    fn differences_have_signs() {
        assert_eq!(Unit::Points.value(Some(0.0314)), "+3.1");
        assert_eq!(Unit::Points.value(Some(-0.0001)), "0.0");
        assert_eq!(Unit::Plain.interval(Some([-0.02, 0.1])), "−0.020 to +0.100");
        assert_eq!(Unit::Plain.value(Some(f64::NAN)), UNDEFINED);
        assert_eq!(probability(Some(1e-9)), "<\u{202f}0.0001");
    }

    #[test]
    fn a_verdict_takes_the_adjusted_test() {
        let pair = |p: Option<f64>, difference: f64| Pair {
            differences: vec![Difference { figure: Figure::MacroF1, difference: Some(difference), interval: None }],
            p: Tests { randomisation: Some(0.001), ..Tests::default() },
            p_holm: Tests { randomisation: p, ..Tests::default() },
            ..Pair::default()
        };
        assert_eq!(Verdict::of(&pair(Some(0.01), 0.1)), Verdict::OneBetter);
        assert_eq!(Verdict::of(&pair(Some(0.01), -0.1)), Verdict::OtherBetter);
        assert_eq!(Verdict::of(&pair(Some(0.06), 0.1)), Verdict::NotShown);
        assert_eq!(Verdict::of(&pair(None, 0.1)), Verdict::NotTested);
        assert_eq!(Verdict::of_interval(Some([0.0, 0.1])), Verdict::NotShown);
    }
}
