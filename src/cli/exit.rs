//! How a command ends.

use std::io::ErrorKind;
use std::process::ExitCode;

use anstream::eprintln;

use crate::Outcome;

/// Shown under `--help`.
pub(crate) const HELP: &str = "Exit status: 0 all done; 1 failed; 2 wrong usage; 3 done, but for records of the input that could not be used; 130 interrupted.";

/// The exit code of a command that a signal ended, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// How far a command came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Everything is done.
    Done,
    /// Some records were reported on stderr and left out.
    Skipped,
    /// A signal asked for the end before it was reached.
    Interrupted,
}

impl Status {
    /// [`Status::Skipped`] where `count` records were.
    pub(crate) fn of_skipped(count: usize) -> Self {
        if count == 0 { Self::Done } else { Self::Skipped }
    }
}

/// Say on stderr why a command failed, and give its exit code.
#[allow(clippy::print_stderr)]
pub(crate) fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::Skipped) => ExitCode::from(3),
        Ok(Status::Interrupted) => ExitCode::from(INTERRUPTED),
        // Whoever read our output has seen enough, as in `regard … | head`.
        Err(error) if broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("regard: {}", message(&error));
            ExitCode::FAILURE
        }
    }
}

/// Say on stderr that one record is left out.
#[allow(clippy::print_stderr)]
pub(crate) fn skipped(reason: &dyn std::fmt::Display) {
    eprintln!("regard: skipped: {reason}");
}

/// Say something on stderr that stops nothing.
#[allow(clippy::print_stderr)]
pub(crate) fn note(message: &dyn std::fmt::Display) {
    eprintln!("regard: {message}");
}

/// The error and its causes, but for those that the message before them tells already.
fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if message.is_empty() {
            message = cause;
        } else if !message.ends_with(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

fn broken_pipe(error: &anyhow::Error) -> bool {
    let kinds = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    kinds.map(std::io::Error::kind).any(|kind| kind == ErrorKind::BrokenPipe)
}
