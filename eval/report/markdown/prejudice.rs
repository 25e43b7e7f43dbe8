//! What a name alone does to the answer, in short.

use super::table::{cells, escaped, table};
use crate::probe::prejudice::{Standing, Table};
use crate::report::difference::{Unit, signed};
use crate::report::wording::{self, count, counted, plain};

/// Actors named at either end.
const NAMED: usize = 3;

const READING: &str = "in sentences of news that say nothing for or against anyone. Deviation of the balance, favor less against, \
                       from that of all actors of the type in the same sentences";

/// A row for each type; `None` where nothing was read.
pub(super) fn prejudice(prejudice: &Table) -> Option<String> {
    let named = |standing: &Standing| {
        let known = prejudice.actors.iter().find(|row| row.id == standing.id);
        let name = known.map_or(standing.id.as_str(), |row| &row.name);
        format!("{} {}", escaped(name), Unit::Plain.value(Some(standing.deviation)))
    };
    let named = |standings: &[Standing]| standings.iter().take(NAMED).map(named).collect::<Vec<_>>().join(", ");
    let rows = prejudice.by_type.iter().map(|(kind, spread)| {
        let words = [escaped(wording::actors(kind)), named(&spread.most_favoured), named(&spread.least_favoured)];
        let deviation = plain(Some(spread.mean_absolute_deviation));
        let numbers = [count(spread.actors), signed(Some(spread.mean_balance), 3), deviation];
        cells(words.iter().chain(&numbers).map(String::as_str))
    });
    let numbers = ["actors", "mean balance", "mean absolute deviation"];
    let table = table(&["type", "most favoured", "least favoured"], &numbers, rows.collect());
    let readings = counted(prejudice.readings, "reading");
    (!prejudice.by_type.is_empty()).then(|| format!("## Prejudice\n\n{readings} {READING}.\n\n{table}"))
}
