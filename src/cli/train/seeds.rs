//! Several runs of one recipe: how good is it, and how much is luck?

use std::path::PathBuf;

use regard_eval::metrics::{Figure, Metrics};
use regard_eval::{Evaluation, Spread, Spreads};
use regard_training::Config;
use serde::Serialize;

use super::{Arguments, interrupt};
use crate::Outcome;
use crate::exit::Status;
use crate::figures::{self, DASH};

/// What is printed of all runs.
#[derive(Serialize)]
struct Summary {
    runs: Vec<Run>,
    /// Over the best weights of each run, on all dev examples.
    stance: Option<Spreads>,
    sentiment: Option<Spreads>,
}

#[derive(Serialize)]
struct Run {
    seed: u64,
    checkpoint: PathBuf,
    /// What it was chosen by.
    score: Option<f64>,
    #[serde(skip)]
    evaluation: Option<Evaluation>,
}

/// One run a seed, one after the other.
pub(super) fn run(arguments: &Arguments, config: &Config) -> Outcome {
    let configs: Vec<Config> = arguments
        .seeds
        .iter()
        .map(|&seed| Config { seed, output: config.output.join(format!("seed-{seed}")), ..config.clone() })
        .collect();
    // All of them before hours go into the first.
    configs.iter().try_for_each(|config| arguments.ensure_free(&config.output))?;
    interrupt::catch()?;
    let mut runs = Vec::new();
    let mut broken = 0;
    for config in configs {
        crate::exit::note(&format_args!("seed {}", config.seed));
        let watched = arguments.train(&config)?;
        if watched.status() == Status::Interrupted {
            return Ok(Status::Interrupted);
        }
        broken += watched.broken;
        let (outcome, evaluation) = (watched.outcome, watched.evaluation);
        runs.push(Run { seed: config.seed, checkpoint: outcome.checkpoint, score: outcome.score, evaluation });
    }
    let stance = spreads(&runs, |evaluation| evaluation.stance.as_ref());
    let sentiment = spreads(&runs, |evaluation| evaluation.sentiment.as_ref());
    let summary = Summary { runs, stance, sentiment };
    figures::print(arguments.json, &summary, || table(&summary))?;
    Ok(Status::of_skipped(broken))
}

/// The spread of each figure that all runs define.
fn spreads(runs: &[Run], question: impl Fn(&Evaluation) -> Option<&Metrics>) -> Option<Spreads> {
    let metrics: Vec<&Metrics> = runs.iter().map(|run| question(run.evaluation.as_ref()?)).collect::<Option<_>>()?;
    let spread = |figure| {
        let values: Vec<f64> = metrics.iter().map(|metrics| metrics.value(figure)).collect::<Option<_>>()?;
        Some((figure, spread(&values)))
    };
    Some(Spreads(Figure::ALL.into_iter().filter_map(spread).collect()))
}

fn spread(values: &[f64]) -> Spread {
    let runs = values.len();
    let mean = values.iter().sum::<f64>() / runs as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Spread { runs, mean, deviation: (runs > 1).then(|| (squares / (runs - 1) as f64).sqrt()), interval: None }
}

fn table(summary: &Summary) -> String {
    let mut table = figures::table(["dev, mean of runs", "figure", "runs", "mean", "deviation"], 2);
    for (question, spreads) in [("stance", &summary.stance), ("sentiment", &summary.sentiment)] {
        for (figure, spread) in spreads.iter().flat_map(|spreads| &spreads.0) {
            let deviation = spread.deviation.map_or_else(|| DASH.to_owned(), |deviation| format!("{deviation:.4}"));
            let mean = format!("{:.4}", spread.mean);
            table.add_row([question.to_owned(), figure.name().to_owned(), spread.runs.to_string(), mean, deviation]);
        }
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn the_deviation_of_runs_takes_two() {
        let two = spread(&[0.5, 0.7]);
        assert!((two.mean - 0.6).abs() < 1e-12);
        assert!(two.deviation.is_some_and(|deviation| (deviation - 0.02_f64.sqrt()).abs() < 1e-12));
        assert_eq!(spread(&[0.5]).deviation, None);
    }
}
