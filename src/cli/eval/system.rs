//! Who answers: a checkpoint, or a file of predictions.

use std::path::Path;

use regard::checkpoint::Checkpoint;
use regard::predict::Predictor;
use regard_eval::compare::System;
use regard_eval::{Example, Replacement, predictions};

use crate::exit::skipped;
use crate::{model, progress};

/// What the shipped checkpoint is called where a name is needed.
const SHIPPED: &str = "default";

/// A system's answers, and the model that gave them, where one was asked.
pub(super) struct Opened<'a> {
    pub(super) system: System<'a>,
    pub(super) predictor: Option<Predictor>,
}

/// The answers of the system called `name`: a file of predictions, a checkpoint's directory or hub id, or the shipped default.
/// `problems` counts what is said on stderr.
pub(super) fn open<'a>(
    name: Option<&str>,
    device: &str,
    examples: &'a [Example],
    problems: &mut usize,
) -> anyhow::Result<Opened<'a>> {
    let name = name.unwrap_or(SHIPPED);
    if Path::new(name).is_file() {
        let read = predictions::read(Path::new(name), examples)?;
        *problems += read.problems.len();
        read.problems.iter().for_each(|problem| skipped(problem));
        let system = System { name: name.to_owned(), answered: read.answered };
        return Ok(Opened { system, predictor: None });
    }
    let checkpoint = match name {
        SHIPPED => Checkpoint::shipped(&regard::device(device)?)?,
        _ => model::open(name, device)?,
    };
    let predictor = Predictor::new(checkpoint)?;
    let bar = progress::count(examples.len(), "examples");
    let answered = regard_eval::answer(&predictor, examples, |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    Ok(Opened { system: System { name: name.to_owned(), answered }, predictor: Some(predictor) })
}

/// Write the answers of `system` as JSONL: the file whole, or none.
pub(super) fn save(path: &Path, system: &System<'_>) -> anyhow::Result<()> {
    let mut file = Replacement::create(path)?;
    system.answered.iter().filter_map(predictions::line).try_for_each(|line| file.write_line(&line))?;
    Ok(file.keep()?)
}
