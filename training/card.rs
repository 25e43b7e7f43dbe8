//! The model card of a run.

use std::fmt::Write;

use regard_eval::Evaluation;
use regard_eval::metrics::Figure;

use crate::config::Config;

/// What a checkpoint was made from and how well it does on dev.
pub(crate) fn of_run(config: &Config, epoch: usize, score: f64, evaluation: &Evaluation) -> String {
    let mut card = String::from("# A stance model trained with `regard train`\n\n");
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a String does not fail.
        let _ = card.write_fmt(text);
    };
    line(format_args!("Base model: `{}`. Epoch {epoch} of {}, seed {}.\n\n", config.base, config.epochs, config.seed));
    line(format_args!("Trained on:\n"));
    for source in &config.train {
        line(format_args!("- `{}` (share {})\n", source.path.display(), source.share));
    }
    line(format_args!("\nMean macro-F1 on the dev files: {:.1} %.\n\n", 100.0 * score));
    line(format_args!("| data set | question | n | macro-F1 | F1(PN) | accuracy |\n|---|---|---:|---:|---:|---:|\n"));
    for (dataset, evaluation) in evaluation.by.get("dataset").into_iter().flat_map(|parts| &parts.0) {
        for (question, metrics) in evaluation.questions() {
            let [macro_f1, f1_pn, accuracy] = [Figure::MacroF1, Figure::F1Pn, Figure::Accuracy]
                .map(|figure| 100.0 * metrics.value(figure).unwrap_or_default());
            line(format_args!(
                "| {dataset} | {question} | {} | {macro_f1:.1} | {f1_pn:.1} | {accuracy:.1} |\n",
                metrics.n
            ));
        }
    }
    card
}
