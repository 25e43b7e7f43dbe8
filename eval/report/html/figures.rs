//! Every figure of a question with its interval.

use super::table::Table;
use crate::metrics::{Figure, Metrics};
use crate::report::element::{Element, element};
use crate::report::wording;

/// A row each; where there is no interval, why.
pub(super) fn figures(metrics: &Metrics, draws: usize) -> Element {
    let mut table =
        Table::new("Figures with 95 % intervals").words("figure").numbers("value").numbers("interval").words("better");
    for figure in Figure::ALL {
        let interval = metrics.figures.interval(figure);
        let interval = match interval {
            Some(_) => element("span").text(wording::interval(figure, interval)),
            None => element("span").class("undefined").text(wording::without_interval(metrics, figure, draws)),
        };
        table.row([
            term(figure).into(),
            wording::value(figure, metrics.value(figure)).into(),
            interval.into(),
            if figure.rises() { "↑ higher" } else { "↓ lower" }.into(),
        ]);
    }
    table.element()
}

fn term(figure: Figure) -> Element {
    let [title, meaning] =
        [element("span").text(wording::title(figure)), element("small").text(wording::meaning(figure))];
    element("div").class("term").with(title).with(meaning)
}
