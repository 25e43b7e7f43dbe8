//! `regard data stats`: what labelled files hold.

use std::path::PathBuf;

use comfy_table::Table;
use regard_eval::dataset::stats::{Stats, stats};

use crate::Outcome;
use crate::examples::{self, Read};
use crate::exit::Status;
use crate::figures::{self, percent};

/// Count what labelled files hold, by data set: a table to a terminal, JSON otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// JSONL files of the schema.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON to a terminal too.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let Read { examples, left_out, .. } = examples::read(&arguments.files)?;
    let sets = stats(&examples);
    figures::print(arguments.json, &sets, || table(&sets))?;
    Ok(Status::of_skipped(left_out))
}

const HEADER: [&str; 13] = [
    "data set",
    "languages",
    "n",
    "stance",
    "sentiment",
    "targets",
    "mentioned %",
    "groups",
    "texts",
    "multi-target",
    "length",
    "majority %",
    "prior %",
];

fn table(sets: &[Stats]) -> Table {
    let mut table = figures::table(HEADER, 2);
    let slashes = |counts: [usize; 3]| counts.map(|count| count.to_string()).join("/");
    let or_dash = |share: Option<f64>| share.map_or(figures::DASH.to_owned(), percent);
    for set in sets {
        let length = set.length;
        table.add_row([
            set.dataset.clone(),
            set.languages.keys().cloned().collect::<Vec<_>>().join(" "),
            set.n.to_string(),
            slashes(set.stance),
            slashes(set.sentiment),
            set.targets.to_string(),
            or_dash(set.mentioned),
            set.groups.to_string(),
            set.texts.to_string(),
            set.multi_target.to_string(),
            format!("{}/{}/{}/{}", length.p5, length.median, length.p95, length.max),
            percent(set.majority),
            or_dash(set.prior),
        ]);
    }
    table
}
