//! Bringing a model up, as often as there are rounds.

use std::time::Instant;

use regard::batch::Batch;

use super::reader::{Loaded, Reader};
use super::report::Load;
use super::work::Work;
use crate::Error;

/// A model that has been loaded and has answered once.
#[derive(Debug)]
pub struct Bench {
    pub(super) reader: Reader,
    /// How long that took, each time.
    pub loads: Vec<Load>,
}

impl Bench {
    /// Load the model that `open` gives, `times` (at least one) over, and have it answer the first sequence of `work`. The file is in the
    /// system's cache from the second time on, and before where it was read before.
    ///
    /// # Errors
    /// Where the model does not hold together, or cannot read `work`.
    pub fn load(open: impl Fn() -> regard::Result<Loaded>, times: usize, work: &Work) -> Result<Self, Error> {
        let (mut bench, mut times) = (once(&open, work)?, times.saturating_sub(1));
        while times > 0 {
            let loads = std::mem::take(&mut bench.loads);
            // Before the next: two models at once would count as memory that one takes.
            drop(bench);
            bench = once(&open, work)?;
            bench.loads.splice(0..0, loads);
            times -= 1;
        }
        Ok(bench)
    }
}

fn once(open: &impl Fn() -> regard::Result<Loaded>, work: &Work) -> Result<Bench, Error> {
    let milliseconds = |start: Instant| 1e3 * start.elapsed().as_secs_f64();
    let start = Instant::now();
    let loaded = open()?;
    work.check(&loaded)?;
    let reader = Reader::new(loaded)?;
    let load_ms = milliseconds(start);
    if let Some(sequence) = work.sequences.first() {
        reader.answer(&Batch::pack([&*reader.encode(sequence)?]))?;
    }
    let first_answer_ms = milliseconds(start);
    Ok(Bench { reader, loads: vec![Load { load_ms, first_answer_ms }] })
}
