//! Progress bars on stderr; hidden where that is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `length` of what `unit` names.
pub(crate) fn count(length: usize, unit: &str) -> ProgressBar {
    styled(ProgressBar::new(length as u64), &format!("{{bar:32}} {{pos}}/{{len}} {unit} {{msg}} {{eta}} left"))
}

/// A bar over the steps of a run, whose message tells the time left: the bar's own guess takes steps of an earlier process for fast.
pub(crate) fn steps() -> ProgressBar {
    styled(ProgressBar::new(0), "{bar:32} {pos}/{len} steps, {msg}")
}

/// A count without an end.
pub(crate) fn open_ended(unit: &str) -> ProgressBar {
    styled(ProgressBar::no_length(), &format!("{{spinner}} {{pos}} {unit} {{per_sec}}"))
}

/// A bar over the bytes of a file.
pub(crate) fn bytes() -> ProgressBar {
    styled(ProgressBar::no_length(), "{bar:32} {bytes}/{total_bytes} {bytes_per_sec} {msg}")
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
