//! Ctrl-C and SIGTERM: the first asks for an end with everything saved, the second is the end.

use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::eprintln;

use crate::exit::INTERRUPTED;

static WANTED: AtomicBool = AtomicBool::new(false);

/// Whether somebody asked for the end.
pub(super) fn wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// From now on, the first signal is noted; whoever runs looks at [`wanted`].
#[allow(clippy::print_stderr)]
pub(super) fn catch() -> anyhow::Result<()> {
    Ok(ctrlc::set_handler(|| {
        if WANTED.swap(true, Ordering::Relaxed) {
            exit(i32::from(INTERRUPTED));
        }
        eprintln!("regard: stopping after this step; once more to stop at once, without saving");
    })?)
}
