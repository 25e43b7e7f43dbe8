//! Figures that follow from counts of (gold, answer) pairs. Counts are `f64`, exact up to 2^53.

/// `counts[gold][answer]`.
pub(crate) type Counts = [[f64; 3]; 3];

/// macro-F1, F1(PN), accuracy, balanced accuracy, Matthews' coefficient, kappa and quadratic kappa; NaN where not defined.
/// Definitions as in scikit-learn, with `labels=[0, 1, 2]` and `zero_division=0`.
pub(crate) fn figures(counts: &Counts) -> [f64; 7] {
    let gold = counts.map(|row| row.iter().sum::<f64>());
    let answered = [0, 1, 2].map(|class| counts.iter().map(|row| row[class]).sum::<f64>());
    let n: f64 = gold.iter().sum();
    let right: f64 = (0..3).map(|class| counts[class][class]).sum();
    let f1 = f1(counts);
    let present = gold.iter().filter(|count| **count > 0.0).count() as f64;
    let recalls: f64 = (0..3).map(|class| share(counts[class][class], gold[class])).sum();
    [
        f1.iter().sum::<f64>() / 3.0,
        (f1[0] + f1[2]) / 2.0,
        right / n,
        recalls / present,
        matthews(right, n, &gold, &answered),
        kappa(counts, n, &gold, &answered, |distance| f64::from(distance != 0.0)),
        kappa(counts, n, &gold, &answered, |distance| distance * distance),
    ]
}

/// Mean F1 of the three classes.
pub(crate) fn macro_f1(counts: &Counts) -> f64 {
    f1(counts).iter().sum::<f64>() / 3.0
}

fn f1(counts: &Counts) -> [f64; 3] {
    [0, 1, 2].map(|class| {
        let gold: f64 = counts[class].iter().sum();
        let answered: f64 = counts.iter().map(|row| row[class]).sum();
        share(2.0 * counts[class][class], gold + answered)
    })
}

/// Zero where there is nothing to divide by: the field's convention for an absent class.
pub(crate) fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient" (2004); 0 where gold or the
/// answers have one class only.
fn matthews(right: f64, n: f64, gold: &[f64; 3], answered: &[f64; 3]) -> f64 {
    let product = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let covariance = right * n - product(gold, answered);
    let spread = (n * n - product(gold, gold)) * (n * n - product(answered, answered));
    if n == 0.0 { f64::NAN } else { share(covariance, spread.sqrt()) }
}

/// Cohen, "Weighted kappa" (1968): one less observed over expected disagreement; not defined where gold and answers are one
/// and the same class throughout.
fn kappa(counts: &Counts, n: f64, gold: &[f64; 3], answered: &[f64; 3], weight: impl Fn(f64) -> f64) -> f64 {
    let (mut observed, mut expected) = (0.0, 0.0);
    for row in 0..3 {
        for column in 0..3 {
            let weight = weight(row as f64 - column as f64);
            observed += weight * counts[row][column];
            expected += weight * gold[row] * answered[column];
        }
    }
    1.0 - observed * n / expected
}
