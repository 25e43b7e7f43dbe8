//! Tables of figures for people: no rules, names to the left, numbers to the right.

use comfy_table::{CellAlignment, Table, presets};

/// What stands for a figure that is not defined.
pub(crate) const DASH: &str = "–";

/// An empty table with these headings, the first `names` of which stand over text.
pub(crate) fn table(headings: impl IntoIterator<Item = impl Into<String>>, names: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings.into_iter().map(Into::into).collect::<Vec<String>>());
    for column in table.column_iter_mut().skip(names) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A fraction of 1 in per cent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}
