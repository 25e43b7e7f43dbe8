//! Figures on stdout: tables for people, without rules, names to the left and numbers to the right; JSON for programs.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stdout};

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// Print a table to a terminal, `value` as JSON elsewhere or where `json` asks for it.
pub(crate) fn print<D: Display>(json: bool, value: &impl Serialize, table: impl FnOnce() -> D) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    match json || !out.is_terminal() {
        true => writeln!(out, "{}", serde_json::to_string_pretty(value)?)?,
        false => writeln!(out, "{}", table())?,
    }
    Ok(())
}

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
