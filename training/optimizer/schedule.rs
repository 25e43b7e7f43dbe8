//! How the learning rate goes over a run.

use crate::config::{OptimizerConfig, Schedule};

/// What the highest rate is multiplied by at `step` of `steps`, counted from 0: evenly up over the warm-up, then as scheduled.
pub(crate) fn factor(config: &OptimizerConfig, step: usize, steps: usize) -> f64 {
    let rising = (config.warmup * steps as f64).ceil();
    let step = step as f64;
    if step < rising {
        return (step + 1.0) / rising;
    }
    let left = (steps as f64 - step) / (steps as f64 - rising).max(1.0);
    match config.schedule {
        Schedule::Linear => left,
        Schedule::Cosine => 0.5 - 0.5 * (std::f64::consts::PI * left).cos(),
        Schedule::Constant => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(schedule: Schedule, warmup: f64, steps: usize) -> Vec<f64> {
        let config = OptimizerConfig { schedule, warmup, ..OptimizerConfig::default() };
        (0..steps).map(|step| factor(&config, step, steps)).collect()
    }

    #[test]
    fn the_rate_rises_and_falls() {
        for schedule in [Schedule::Linear, Schedule::Cosine] {
            let factors = factors(schedule, 0.2, 10);
            assert_eq!(factors[..3], [0.5, 1.0, 1.0]);
            assert!(factors[2..].windows(2).all(|pair| pair[0] > pair[1]));
            assert!(factors[9] > 0.0);
        }
        assert_eq!(factors(Schedule::Constant, 0.25, 4), [1.0; 4]);
        assert_eq!(factors(Schedule::Linear, 0.0, 1), [1.0]);
        // Half way down, half a wave is where a line is.
        assert!((factors(Schedule::Cosine, 0.0, 8)[4] - 0.5).abs() < 1e-12);
    }
}
