//! The model card of a run.

use std::fmt::Write;

use regard_eval::metrics::Figure;

use crate::config::{Config, TargetForm};
use crate::dev::Verdict;
use crate::provenance::Provenance;
use crate::run::Progress;

/// What a checkpoint was made from and how well it does on dev.
pub(crate) fn of_run(config: &Config, provenance: &Provenance, progress: &Progress, verdict: &Verdict) -> String {
    let mut card = String::new();
    // Writing to a String does not fail.
    let _ = write(&mut card, config, provenance, progress, verdict);
    card
}

fn write(
    card: &mut String,
    config: &Config,
    provenance: &Provenance,
    progress: &Progress,
    verdict: &Verdict,
) -> std::fmt::Result {
    let Provenance { regard, commit, started, seed, .. } = provenance;
    let form = match config.target {
        TargetForm::Span => "span",
        TargetForm::Pair => "pair",
    };
    writeln!(card, "# A stance model trained with `regard train`\n")?;
    writeln!(card, "Base model `{}`, target form `{form}`, seed {seed}, after step {}.", config.base, progress.step)?;
    let commit = commit.as_deref().unwrap_or("unknown");
    writeln!(card, "Trained by regard {regard} (commit {commit}), begun {started}.\n")?;
    writeln!(card, "| trained on | share | sha256 |\n|---|---:|---|")?;
    for source in &config.train {
        let record = provenance.files.iter().find(|record| record.path == source.path);
        let hash = record.map_or("", |record| record.sha256.get(..12).unwrap_or_default());
        writeln!(card, "| `{}` | {} | `{hash}…` |", source.path.display(), source.share)?;
    }
    if let Some(teacher) = &config.teacher {
        writeln!(card, "\nTaught by `{}`.", teacher.checkpoints.join("`, `"))?;
    }
    writeln!(
        card,
        "\nMean {} on the dev files, by which it was chosen: {:.4}.",
        config.evaluation.metric, verdict.score
    )?;
    let temperatures = &verdict.temperatures;
    write!(
        card,
        "Temperatures fitted there: stance {:.3}, sentiment {:.3}",
        temperatures.stance, temperatures.sentiment
    )?;
    let languages: Vec<&str> = temperatures.languages.keys().map(String::as_str).collect();
    match languages.as_slice() {
        [] => writeln!(card, ".\n")?,
        languages => writeln!(card, "; of their own: {}.\n", languages.join(", "))?,
    }
    writeln!(card, "| dev set | question | n | macro-F1 | F1(PN) | accuracy |\n|---|---|---:|---:|---:|---:|")?;
    for (dataset, evaluation) in verdict.evaluation.by.get("dataset").into_iter().flat_map(|parts| &parts.0) {
        for (question, metrics) in evaluation.questions() {
            let figures = [Figure::MacroF1, Figure::F1Pn, Figure::Accuracy];
            let [macro_f1, f1_pn, accuracy] = figures.map(|figure| 100.0 * metrics.value(figure).unwrap_or_default());
            let n = metrics.n;
            writeln!(card, "| {dataset} | {question} | {n} | {macro_f1:.1} | {f1_pn:.1} | {accuracy:.1} |")?;
        }
    }
    Ok(())
}
