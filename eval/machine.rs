//! The machine that figures were taken on.

use serde::{Deserialize, Serialize};

/// What its speed, and the last bits of its sums, hang on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// As Rust calls it.
    pub os: String,
    /// As Rust calls it.
    pub arch: String,
    /// That the run may use.
    pub cores: usize,
    /// Maker and model, where the system says so.
    pub cpu: Option<String>,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu: std::fs::read_to_string("/proc/cpuinfo").ok().as_deref().and_then(cpu),
        }
    }
}

/// Linux on x86 names each core's model; on Arm, it does not.
fn cpu(cpuinfo: &str) -> Option<String> {
    let (_, model) =
        cpuinfo.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == "model name")?;
    Some(model.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::cpu;

    #[test]
    fn the_first_cores_model_counts() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: A CPU: fast\n\nprocessor\t: 1\nmodel name\t: B\n";
        assert_eq!(cpu(cpuinfo).as_deref(), Some("A CPU: fast"));
        assert_eq!(cpu("processor\t: 0\nCPU part\t: 0xd0c\n"), None);
    }
}
