//! What libraries read from the environment when a process starts, and training runs faster with.

/// Variables, unless whoever starts the process has set them.
///
/// glibc's allocator is told to keep what is freed, in large pages: a step frees and asks for the same hundreds of megabytes as the
/// one before, which the system would else take back and clear page by page. `gemm` is told to stay on its thread: each worker
/// reads its part of a batch alone, and shared out a product is cut in pieces that nobody else takes.
#[cfg(unix)]
const VARIABLES: [(&str, &str); 2] = [
    (
        "GLIBC_TUNABLES",
        "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=1073741824:\
         glibc.malloc.trim_threshold=4294967296:glibc.malloc.top_pad=67108864",
    ),
    ("RAYON_NUM_THREADS", "1"),
];

/// Start this process anew with the variables above, where one is missing. They cannot be set later, and this is the one way to set
/// them that needs neither another allocator nor unsafe code. Training ran a few per cent faster with each.
pub(super) fn prepare() {
    #[cfg(unix)]
    if VARIABLES.iter().any(|(name, _)| std::env::var_os(name).is_none())
        && let Ok(program) = std::env::current_exe()
    {
        use std::os::unix::process::CommandExt;
        let missing = VARIABLES.into_iter().filter(|(name, _)| std::env::var_os(name).is_none());
        // Returns only where it fails: then everything goes on as it is, only slower.
        let _ = std::process::Command::new(program).args(std::env::args_os().skip(1)).envs(missing).exec();
    }
    // The pool that is shared, for what is not a worker's: all cores, whatever the variable says.
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    // An error says that there is one already.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(cores).build_global();
}
