//! What the processor's packages took, where Linux tells it (<https://docs.kernel.org/power/powercap/powercap.html>).

use std::fs;
use std::path::{Path, PathBuf};

/// Counters of all packages at one time.
#[derive(Debug)]
pub(super) struct Energy {
    /// Of each package: its directory and its microjoules.
    packages: Vec<(PathBuf, u64)>,
}

impl Energy {
    /// Now; `None` where no package can be read, as most systems allow it to the superuser alone.
    pub(super) fn now() -> Option<Self> {
        let entries = fs::read_dir("/sys/class/powercap").ok()?.flatten();
        // `intel-rapl:0` is a package, `intel-rapl:0:0` a part of it.
        let is_package = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.strip_prefix("intel-rapl:").is_some_and(|number| !number.contains(':'))
        };
        let paths = entries.map(|entry| entry.path()).filter(is_package);
        let packages: Vec<_> = paths.filter_map(|path| Some((path.clone(), number(&path, "energy_uj")?))).collect();
        (!packages.is_empty()).then_some(Self { packages })
    }

    /// Joules since then, of everything that runs on the machine.
    pub(super) fn joules(&self) -> Option<f64> {
        let mut sum = 0;
        for (path, before) in &self.packages {
            let now = number(path, "energy_uj")?;
            // The counter starts anew at its end.
            sum += match now >= *before {
                true => now - before,
                false => number(path, "max_energy_range_uj")?.checked_sub(*before)? + now,
            };
        }
        Some(sum as f64 / 1e6)
    }
}

fn number(directory: &Path, file: &str) -> Option<u64> {
    fs::read_to_string(directory.join(file)).ok()?.trim().parse().ok()
}
