//! Several systems on the same examples, in short.

use super::measuring;
use super::table::{bracketed, cells, escaped, table, with_interval};
use crate::compare::{Comparison, Pair, QuestionComparison};
use crate::metrics::Figure;
use crate::report::About;
use crate::report::difference::{Unit, Verdict, macro_f1, probability};
use crate::report::wording::{self, count, counted};

const FIGURES: [Figure; 6] = [Figure::MacroF1, Figure::F1Pn, Figure::Accuracy, Figure::Nll, Figure::Brier, Figure::Ece];

const READING: &str = "Macro-F1 of the first less that of the second, in points; p by randomisation, adjusted by Holm for the \
                       number of pairs. No difference shown does not mean that there is none.";

/// `comparison` in short.
pub(in crate::report) fn comparison(comparison: &Comparison, about: &About) -> String {
    let systems: Vec<String> = comparison.systems.iter().map(|system| escaped(system)).collect();
    let mut sections = vec![format!("# Comparison of {}", systems.join(", ")), measuring(about)];
    sections.extend(comparison.questions.iter().flat_map(|asked| question(&systems, asked)));
    let left_out = comparison.left_out as u64;
    sections.extend((left_out > 0).then(|| format!("{} left out, not answered by all.", counted(left_out, "example"))));
    sections.join("\n\n") + "\n"
}

fn question(systems: &[String], asked: &QuestionComparison) -> Vec<String> {
    let rows = systems.iter().zip(&asked.metrics).map(|(system, metrics)| {
        let numbers = FIGURES.map(|figure| with_interval(metrics, figure));
        let n = count(metrics.n);
        cells([system.as_str(), &n].into_iter().chain(numbers.iter().map(String::as_str)))
    });
    let numbers: Vec<&str> = std::iter::once("n").chain(FIGURES.map(wording::title)).collect();
    let heading = format!("## {}", wording::question(asked.question));
    let mut sections = vec![heading, table(&["system"], &numbers, rows.collect())];
    if !asked.pairs.is_empty() {
        let numbers = ["difference", "p", "p, Holm", "wins", "losses"];
        let pairs = table(&["first", "second", "verdict"], &numbers, asked.pairs.iter().map(pair).collect());
        sections.extend([READING.to_owned(), pairs]);
    }
    sections
}

fn pair(pair: &Pair) -> String {
    let (one, other) = (escaped(&pair.one), escaped(&pair.other));
    let verdict = match Verdict::of(pair) {
        Verdict::OneBetter => format!("{one} better"),
        Verdict::OtherBetter => format!("{other} better"),
        Verdict::NotShown => "no difference shown".to_owned(),
        Verdict::NotTested => "not tested".to_owned(),
    };
    let (difference, interval) = macro_f1(pair);
    let numbers = [
        bracketed(Unit::Points.value(difference), &Unit::Points.interval(interval)),
        escaped(&probability(pair.p.randomisation)),
        escaped(&probability(pair.p_holm.randomisation)),
        count(pair.wins as u64),
        count(pair.losses as u64),
    ];
    cells([one, other, verdict].iter().chain(&numbers).map(String::as_str))
}
