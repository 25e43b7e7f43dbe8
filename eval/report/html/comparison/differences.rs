//! By how much two systems differ, and whether that is more than chance.

use super::versus;
use crate::compare::{Pair, QuestionComparison};
use crate::report::difference::{SIGNIFICANT, Unit, Verdict, macro_f1, probability};
use crate::report::element::{Element, element};
use crate::report::html::section::{explanation, folded, name, with_aside};
use crate::report::html::table::Table;
use crate::report::plot::Axis;
use crate::report::wording::title;

/// How to read the tables.
pub(super) fn reading() -> Element {
    explanation(&format!(
        "Macro-F1 of the first system less that of the second, in points, with its 95 % interval, which is not adjusted. p is how often chance alone \
         would make as large a difference; below it p adjusted by Holm for the number of pairs. A system is called better where \
         the adjusted p of the randomisation test is below {SIGNIFICANT}. No difference shown does not mean that there is none: \
         more examples could show one. McNemar’s test is of accuracy and takes examples for independent."
    ))
}

/// All pairs, then what differs in the other figures.
pub(super) fn differences(asked: &QuestionComparison) -> Vec<Element> {
    let ends = asked.pairs.iter().flat_map(|pair| match macro_f1(pair) {
        (_, Some(interval)) => interval,
        (difference, None) => [difference.unwrap_or(0.0); 2],
    });
    let axis = Axis::around_zero(Unit::Points, ends);
    let mut table = Table::new("Difference of macro-F1, in points").column("part", "systems");
    table = table.column("plot", axis.scale()).numbers("difference").words("verdict");
    for heading in ["randomisation, p", "bootstrap, p", "McNemar, p"] {
        table = table.numbers(heading);
    }
    for pair in &asked.pairs {
        let (difference, interval) = macro_f1(pair);
        let told = Unit::Points.value(difference);
        let words = format!("{} versus {}: {told}", pair.one, pair.other);
        table.row([
            versus(pair).into(),
            axis.interval(&words, difference, interval, Some(0.0)).into(),
            with_aside(&told, &Unit::Points.interval(interval)).into(),
            verdict(pair).into(),
            with_aside(&probability(pair.p.randomisation), &probability(pair.p_holm.randomisation)).into(),
            with_aside(&probability(pair.p.bootstrap), &probability(pair.p_holm.bootstrap)).into(),
            with_aside(&probability(pair.p.mcnemar), &probability(pair.p_holm.mcnemar)).into(),
        ]);
    }
    let all = asked.pairs.iter().map(|pair| folded(versus(pair).text(" · all figures")).with(figures(pair)));
    std::iter::once(table.element()).chain(all).collect()
}

fn verdict(pair: &Pair) -> Element {
    let better = |system: &str| element("strong").with(name(system)).text(" better");
    match Verdict::of(pair) {
        Verdict::OneBetter => better(&pair.one),
        Verdict::OtherBetter => better(&pair.other),
        Verdict::NotShown => element("span").text("no difference shown"),
        Verdict::NotTested => element("span").class("undefined").text("not tested"),
    }
}

fn figures(pair: &Pair) -> Element {
    let mut table = Table::new("First less second; shares in points").words("figure");
    table = table.numbers("difference").numbers("interval").words("better where");
    for difference in &pair.differences {
        let unit = Unit::of(difference.figure);
        table.row([
            title(difference.figure).into(),
            unit.value(difference.difference).into(),
            unit.interval(difference.interval).into(),
            if difference.figure.rises() { "above 0" } else { "below 0" }.into(),
        ]);
    }
    table.element()
}
