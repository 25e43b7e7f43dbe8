//! How good three-class answers are, from their confusion counts.

use serde::Serialize;

/// Counts of (gold, answered) pairs, both as label indices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confusion([[u64; 3]; 3]);

impl Confusion {
    /// Count one answer.
    pub fn add(&mut self, gold: usize, answered: usize) {
        self.0[gold][answered] += 1;
    }

    /// Examples counted.
    pub fn n(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// The metrics, with the classes under `names`.
    pub fn metrics(&self, names: [&'static str; 3]) -> Metrics {
        let per_class = [0, 1, 2].map(|class| self.class(class, names[class]));
        let [first, second, third] = per_class.each_ref().map(|class| class.f1);
        let correct: u64 = (0..3).map(|class| self.0[class][class]).sum();
        Metrics {
            n: self.n(),
            macro_f1: (first + second + third) / 3.0,
            f1_pn: (first + third) / 2.0,
            accuracy: ratio(correct, self.n()),
            per_class,
            confusion: self.0,
        }
    }

    fn class(&self, class: usize, label: &'static str) -> ClassMetrics {
        let hit = self.0[class][class];
        let support: u64 = self.0[class].iter().sum();
        let answered: u64 = self.0.iter().map(|row| row[class]).sum();
        ClassMetrics {
            label,
            support,
            precision: ratio(hit, answered),
            recall: ratio(hit, support),
            f1: ratio(2 * hit, support + answered),
        }
    }
}

/// Zero where there is nothing to divide by: the field's convention for an absent class.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Fractions of 1.
#[derive(Debug, Clone, Serialize)]
pub struct Metrics {
    /// Examples.
    pub n: u64,
    /// Mean F1 of the three classes; a class that is neither in gold nor in the answers counts 0.
    pub macro_f1: f64,
    /// Mean F1 of the first and the last class: F1(PN) of RuSentNE, F_avg of SemEval.
    pub f1_pn: f64,
    /// Share of right answers.
    pub accuracy: f64,
    /// In label order.
    pub per_class: [ClassMetrics; 3],
    /// `confusion[gold][answered]`.
    pub confusion: [[u64; 3]; 3],
}

/// One class against the others.
#[derive(Debug, Clone, Serialize)]
pub struct ClassMetrics {
    /// Its name.
    pub label: &'static str,
    /// Gold examples.
    pub support: u64,
    /// Right among those answered so.
    pub precision: f64,
    /// Found among gold.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: scikit-learn 1.7, `f1_score(average=None)`, `accuracy_score` on gold = [0,0,1,1,1,2], answers = [0,1,1,1,2,2].
    #[test]
    fn metrics_equal_scikit_learn() {
        let mut confusion = Confusion::default();
        for (gold, answered) in [(0, 0), (0, 1), (1, 1), (1, 1), (1, 2), (2, 2)] {
            confusion.add(gold, answered);
        }
        let metrics = confusion.metrics(["a", "b", "c"]);
        let f1 = metrics.per_class.each_ref().map(|class| class.f1);
        let expected = [0.666_666_666_666_666_6, 0.666_666_666_666_666_6, 0.666_666_666_666_666_6];
        assert!(f1.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{f1:?}");
        assert!((metrics.accuracy - 0.666_666_666_666_666_6).abs() < 1e-12);
        assert!((metrics.per_class[2].precision - 0.5).abs() < 1e-12);
    }

    #[test]
    fn an_absent_class_counts_zero() {
        let mut confusion = Confusion::default();
        confusion.add(0, 0);
        let metrics = confusion.metrics(["a", "b", "c"]);
        assert!((metrics.macro_f1 - 1.0 / 3.0).abs() < 1e-12);
        assert!((metrics.f1_pn - 0.5).abs() < 1e-12);
        assert_eq!(Confusion::default().metrics(["a", "b", "c"]).macro_f1, 0.0);
    }
}
