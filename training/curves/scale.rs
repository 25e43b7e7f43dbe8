//! From numbers to where they stand, with ticks at round ones.

/// Steps from tick to tick that an axis has at most: there is more room across than up.
const ACROSS: f64 = 8.0;
const UP: f64 = 5.0;

/// An axis: its ends, and where it has ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    pub(super) ticks: Vec<f64>,
    /// Of the ticks, behind the point.
    pub(super) digits: usize,
}

impl Scale {
    /// From 0 to `last`, where it ends, for whole numbers.
    pub(super) fn up_to(last: f64) -> Self {
        let step = round_step(last / ACROSS).max(1.0);
        Self { low: 0.0, high: last, ticks: ticks(0.0, (last / step).floor(), step), digits: 0 }
    }

    /// From the tick below the least of `values` to the one above the largest.
    pub(super) fn around(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (f64::min(low, value), f64::max(high, value))
        });
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low <= 1e-6 * high.abs() {
            // One value stands in the middle.
            let room = if high == 0.0 { 1.0 } else { 0.1 * high.abs() };
            (low, high) = (low - room, high + room);
        }
        let step = round_step((high - low) / UP);
        let ticks = ticks((low / step).floor(), (high / step).ceil(), step);
        // A step has one digit that is not 0.
        let digits = (-step.log10() - 1e-9).ceil().max(0.0) as usize;
        let ends = ticks.first().zip(ticks.last()).map_or((low, high), |(low, high)| (*low, *high));
        Self { low: ends.0, high: ends.1, ticks, digits }
    }

    /// How far along the axis `value` is: 0 at its start, 1 at its end.
    pub(super) fn part(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|factor| factor * power).into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// The multiples of `step` from the `first` to the `last`.
fn ticks(first: f64, last: f64, step: f64) -> Vec<f64> {
    (first as i64..=last as i64).map(|index| index as f64 * step).collect()
}

/// A number for readers: its thousands apart, with a true minus.
pub(super) fn label(value: f64, digits: usize) -> String {
    let plain = format!("{:.digits$}", value.abs());
    let (whole, fraction) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut label = String::from(if value < 0.0 { "−" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            label.push('\u{202f}');
        }
        label.push(digit);
    }
    label + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> String {
        scale.ticks.iter().map(|tick| label(*tick, scale.digits)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round() {
        let around = |values: &[f64]| labels(&Scale::around(values.iter().copied()));
        assert_eq!(around(&[0.31, 1.12]), "0.2 0.4 0.6 0.8 1.0 1.2");
        assert_eq!(around(&[58.2, 61.3]), "58 59 60 61 62");
        assert_eq!(around(&[-0.03, 0.04]), "−0.04 −0.02 0.00 0.02 0.04");
        assert_eq!(around(&[50.0]), "44 46 48 50 52 54 56");
        assert_eq!(around(&[0.0]), "−1.0 −0.5 0.0 0.5 1.0");
        assert_eq!(around(&[]), "0.0 0.2 0.4 0.6 0.8 1.0");
        assert_eq!(
            labels(&Scale::up_to(12_340.0)),
            "0 2\u{202f}000 4\u{202f}000 6\u{202f}000 8\u{202f}000 10\u{202f}000 12\u{202f}000"
        );
        assert_eq!(labels(&Scale::up_to(1.0)), "0 1");
    }

    #[test]
    fn values_stand_between_the_ends() {
        let scale = Scale::around([1.0, 2.0].into_iter());
        assert_eq!([1.0, 1.5, 2.0, 9.0].map(|value| scale.part(value)), [0.0, 0.5, 1.0, 1.0]);
    }
}
