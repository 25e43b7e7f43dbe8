//! What the machine can do at best, as far as a matrix product shows it.

use std::time::Instant;

use candle_core::{Device, Tensor};
use regard::Result;

/// Rows and columns of the matrices: enough work to hide everything else, little enough to stay in a core's cache.
const SIDE: usize = 768;

/// Products between two looks at the clock, and looks, of which the best counts.
const TOGETHER: usize = 8;
const LOOKS: usize = 8;

/// f32 operations a second, in 10^9, of a large matrix product through candle: on the CPU, one product a thread of the pool, side by side.
///
/// A model whose own products are faster than candle's reaches more than all of it.
///
/// # Errors
/// Where the device fails.
pub fn peak(device: &Device) -> Result<f64> {
    let (matrix, threads) = match device.is_cpu() {
        true => (Tensor::rand(-1f32, 1.0, (SIDE, SIDE), device)?, rayon::current_num_threads()),
        // Large enough for thousands of cores.
        false => (Tensor::rand(-1f32, 1.0, (8 * SIDE, 8 * SIDE), device)?, 1),
    };
    let (rows, columns) = matrix.dims2()?;
    let operations = 2.0 * (rows * columns * columns) as f64 * (TOGETHER * threads) as f64;
    let multiply = || -> Result<()> {
        let mut product = matrix.matmul(&matrix)?;
        for _ in 1..TOGETHER {
            product = matrix.matmul(&matrix)?;
        }
        Ok(device.synchronize().map(|()| drop(product))?)
    };
    let mut best = f64::INFINITY;
    for _ in 0..=LOOKS {
        let start = Instant::now();
        match threads {
            1 => multiply()?,
            _ => rayon::broadcast(|_| multiply()).into_iter().collect::<Result<()>>()?,
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(operations / best / 1e9)
}
