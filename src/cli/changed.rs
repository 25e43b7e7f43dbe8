//! What a change of a checkpoint does to its answers.

use std::io::Write;
use std::path::{Path, PathBuf};

use regard::checkpoint::Checkpoint;
use regard::predict::Predictor;
use regard_eval::{Answered, Example};

use crate::progress;

/// A table of how the answers of `after`, a checkpoint, differ from those of `before` on labelled files.
pub(crate) fn write(out: &mut impl Write, before: Checkpoint, after: &Path, files: &[PathBuf]) -> anyhow::Result<()> {
    let after = Checkpoint::open(after, &before.weights.device())?;
    let (before, after) = (Predictor::new(before)?, Predictor::new(after)?);
    writeln!(out, "{:<40} {:>6} {:>9} {:>9} {:>9}", "answers before and after", "n", "before", "after", "same")?;
    for path in files {
        let examples: Vec<Example> = regard_eval::example::read(path)?.into_iter().collect::<Result<_, _>>()?;
        let bar = progress::count(2 * examples.len(), "answers");
        let old = regard_eval::answer(&before, &examples, |done| bar.set_position(done as u64))?;
        let new = regard_eval::answer(&after, &examples, |done| bar.set_position((examples.len() + done) as u64))?;
        bar.finish_and_clear();
        let best = |answer: &Answered<'_>| answer.answer.map(|answer| answer.label);
        let same = old.iter().zip(&new).filter(|(old, new)| best(old) == best(new)).count();
        let macro_f1 = |answered: &[Answered<'_>]| {
            let evaluation = regard_eval::count(answered);
            evaluation.stance.or(evaluation.sentiment).map_or(0.0, |metrics| 100.0 * metrics.macro_f1())
        };
        let share = 100.0 * same as f64 / examples.len().max(1) as f64;
        let name = path.display().to_string();
        writeln!(
            out,
            "{name:<40} {:>6} {:>9.2} {:>9.2} {share:>8.1}%",
            examples.len(),
            macro_f1(&old),
            macro_f1(&new)
        )?;
    }
    Ok(())
}
