//! How long each kernel takes on one thread: operations of products and attention, elements of all else, a second.
//!
//!     cargo bench -p regard --features bench --bench kernels [-- NAME]
//!
//! Those that training is made of allocate; training tells glibc's allocator to keep what is freed, which does the same here:
//! `GLIBC_TUNABLES=glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=4294967296`.

use std::time::Duration;

use criterion::{Criterion, Throughput};
use regard::workload::workloads;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The pool is this thread: nothing is handed over, nothing else computes.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()?;
    let short = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    let mut criterion = short.configure_from_args();
    for mut workload in workloads()? {
        // What fails, fails here.
        workload.run()?;
        let name = workload.name.clone();
        let (kernel, of) = name.split_once('/').unwrap_or((&name, "all"));
        let mut group = criterion.benchmark_group(kernel);
        group.throughput(Throughput::Elements(workload.amount as u64));
        group.bench_function(of, |bencher| bencher.iter(|| workload.run()));
    }
    criterion.final_summary();
    Ok(())
}
