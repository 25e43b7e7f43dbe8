//! What may stand behind the options.

use clap::ValueEnum;
use regard_eval::bench::Input;

/// What a line of the data gives.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Reading {
    /// Its `ids`, as they are.
    Ids,
    /// Its `text`, with the mentions that its neighbours about the same text point at.
    Span,
    /// Its `text` and `target`, as one sequence of a pair checkpoint.
    Pair,
}

impl From<Reading> for Input {
    fn from(reading: Reading) -> Self {
        match reading {
            Reading::Ids => Self::Ids,
            Reading::Span => Self::Span,
            Reading::Pair => Self::Pair,
        }
    }
}

/// A number of which there must be one at least.
pub(super) fn positive(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("expected a positive whole number, found {text:?}"))
}
