//! What the machine can do at best, as far as a matrix product shows it.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use candle_core::{Device, Tensor};
use regard::engine::Product;
use regard::{Precision, Result};

/// Looks at the clock, of which the best counts.
const LOOKS: usize = 8;

/// Operations a second, in 10^9, of matrix products in `precision` alone: on the CPU those of the engine, in the cache, one at a time on every
/// thread of the pool; on a GPU a large one.
///
/// # Errors
/// Where the device does not compute in `precision`, or fails.
pub fn peak(device: &Device, precision: Precision) -> Result<f64> {
    precision.check(device)?;
    if device.is_cpu() { on_cpu(precision) } else { on_gpu(device, precision) }
}

fn on_cpu(precision: Precision) -> Result<f64> {
    /// Products between two looks: some milliseconds.
    const TOGETHER: usize = 128;
    let product = |_| Product::new(precision).map(Mutex::new);
    let products = (0..rayon::current_num_threads()).map(product).collect::<Result<Vec<_>>>()?;
    let mut operations = 0.0;
    for product in &products {
        operations += TOGETHER as f64 * product.lock().unwrap_or_else(PoisonError::into_inner).operations();
    }
    let seconds = best(|| {
        rayon::broadcast(|thread| {
            let mut product = products[thread.index()].lock().unwrap_or_else(PoisonError::into_inner);
            (0..TOGETHER).for_each(|_| product.multiply());
        });
        Ok(())
    })?;
    Ok(operations / seconds / 1e9)
}

fn on_gpu(device: &Device, precision: Precision) -> Result<f64> {
    const TOGETHER: usize = 8;
    /// Large enough for thousands of cores.
    const SIDE: usize = 6144;
    let matrix = Tensor::rand(-1f32, 1.0, (SIDE, SIDE), device)?.to_dtype(precision.dtype())?;
    let seconds = best(|| {
        let mut product = matrix.matmul(&matrix)?;
        for _ in 1..TOGETHER {
            product = matrix.matmul(&matrix)?;
        }
        Ok(device.synchronize().map(|()| drop(product))?)
    })?;
    Ok(2.0 * (SIDE * SIDE * SIDE * TOGETHER) as f64 / seconds / 1e9)
}

/// The least time that `run` takes; the first does not count.
fn best(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    run()?;
    let mut best = f64::INFINITY;
    for _ in 0..LOOKS {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}
