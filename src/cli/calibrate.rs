//! `regard calibrate`: a checkpoint's probabilities made to come true.

use std::path::PathBuf;

use regard::checkpoint::{Temperatures, calibrated_config};
use regard::predict::Predictor;
use regard_eval::metrics::Figure;
use regard_eval::{Replacement, count};
use regard_training::{FEWEST_ANSWERS, calibrated, fit_temperatures};
use serde_json::json;

use crate::exit::{Status, note};
use crate::{Outcome, examples, figures, model, progress};

/// Fit a checkpoint's temperatures, one a head and one a language that has enough examples, on labelled files, and write them into its
/// config.json. Its labels stay as they are; its probabilities come closer to how often they are right.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory of a checkpoint.
    #[arg(value_name = "DIR")]
    checkpoint: PathBuf,
    /// Labelled files, none of them trained or tested on.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Print JSON to a terminal too.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let place = arguments.checkpoint.display();
    anyhow::ensure!(arguments.checkpoint.is_dir(), "{place}: expected the directory of a checkpoint, found none");
    let checkpoint = model::open(&place.to_string(), "cpu")?;
    let (before, config) = (checkpoint.temperatures.clone(), checkpoint.config.clone());
    let mut predictor = Predictor::new(checkpoint)?;
    let read = examples::read(&arguments.data)?;
    predictor.calibrate(Temperatures::default());
    let bar = progress::count(read.examples.len(), "examples");
    let answered = regard_eval::answer(&predictor, &read.examples, |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    let any = answered.iter().any(|answered| answered.answer.is_some());
    anyhow::ensure!(any, "no example that {place} answers in {:?}", arguments.data);
    let after = fit_temperatures(&answered, &before);
    let mut file = Replacement::create(&arguments.checkpoint.join("config.json"))?;
    file.write(&serde_json::to_string_pretty(&calibrated_config(config, &after))?)?;
    file.keep()?;
    let [old, new] = [&before, &after].map(|temperatures| count(&calibrated(&answered, temperatures)));
    let mut table = figures::table(["head", "n", "temperature", "was", "nll", "was", "ece, %", "was"], 1);
    for ((head, old), (_, new)) in old.questions().zip(new.questions()) {
        let temperature = |of: &Temperatures| if head == "stance" { of.stance } else { of.sentiment };
        if new.n < FEWEST_ANSWERS as u64 {
            let n = new.n;
            note(&format_args!(
                "{head}: fitted to {n} answers; from fewer than {FEWEST_ANSWERS} a temperature is a rough guess"
            ));
        }
        let number = |value: Option<f64>| value.map_or(figures::DASH.to_owned(), |value| format!("{value:.3}"));
        let percent = |value: Option<f64>| value.map_or(figures::DASH.to_owned(), figures::percent);
        table.add_row([
            head.to_owned(),
            new.n.to_string(),
            format!("{:.3}", temperature(&after)),
            format!("{:.3}", temperature(&before)),
            number(new.value(Figure::Nll)),
            number(old.value(Figure::Nll)),
            percent(new.value(Figure::Ece)),
            percent(old.value(Figure::Ece)),
        ]);
    }
    figures::print(arguments.json, &json!({"before": before, "after": after}), || table)?;
    Ok(Status::of_skipped(read.left_out))
}
