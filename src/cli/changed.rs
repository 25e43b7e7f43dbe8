//! What a change of a checkpoint does to its answers.

use std::io::Write;
use std::path::{Path, PathBuf};

use regard::checkpoint::Checkpoint;
use regard::predict::Predictor;
use regard_eval::{Answered, Example, Gold};

use crate::progress;

/// A labelled file and its examples.
pub(crate) type Labelled = (PathBuf, Vec<Example>);

/// The examples of `files`: read before anything is written, so that a wrong one costs nothing.
pub(crate) fn read(files: &[PathBuf]) -> anyhow::Result<Vec<Labelled>> {
    let mut labelled = Vec::with_capacity(files.len());
    for path in files {
        labelled.push((path.clone(), regard_eval::example::read(path)?.into_iter().collect::<Result<_, _>>()?));
    }
    Ok(labelled)
}

/// A table of how the answers of `after`, a checkpoint, differ from those of `before` on `labelled`, where both answer: macro-F1 by
/// question, and the share of answers that are the same.
pub(crate) fn write(
    out: &mut impl Write,
    before: Checkpoint,
    after: &Path,
    labelled: &[Labelled],
) -> anyhow::Result<()> {
    if labelled.is_empty() {
        return Ok(());
    }
    let after = Checkpoint::open(after, &before.weights.device())?;
    let (before, after) = (Predictor::new(before)?, Predictor::new(after)?);
    let [n, one, other, same] = ["n", "before", "after", "same"];
    writeln!(out, "{:<40} {:<9} {n:>6} {one:>9} {other:>9} {same:>9}", "answers before and after", "question")?;
    for (path, examples) in labelled {
        let bar = progress::count(2 * examples.len(), "answers");
        let old = regard_eval::answer(&before, examples, |done| bar.set_position(done as u64))?;
        let new = regard_eval::answer(&after, examples, |done| bar.set_position((examples.len() + done) as u64))?;
        bar.finish_and_clear();
        let (counted_old, counted_new) = (regard_eval::count(&old), regard_eval::count(&new));
        for ((question, old_metrics), (_, new_metrics)) in counted_old.questions().zip(counted_new.questions()) {
            let asked =
                |answered: &Answered<'_>| matches!(answered.example.gold, Gold::Stance(_)) == (question == "stance");
            let pairs = old.iter().zip(&new).filter(|(old, _)| asked(old));
            let labels = pairs.filter_map(|(old, new)| Some((old.answer?.label, new.answer?.label)));
            let (same, n) = labels.fold((0, 0), |(same, n), (old, new)| (same + usize::from(old == new), n + 1));
            writeln!(
                out,
                "{:<40} {question:<9} {n:>6} {:>9.2} {:>9.2} {:>8.1}%",
                path.display().to_string(),
                100.0 * old_metrics.macro_f1(),
                100.0 * new_metrics.macro_f1(),
                100.0 * same as f64 / n.max(1) as f64
            )?;
        }
    }
    Ok(())
}
