//! The instructions that a test asks for.

use std::sync::LazyLock;

/// What `REGARD_INSTRUCTIONS` names: `avx512-vnni`, `avx-vnni`, `avx2`, `i8mm`, `dotprod` or `portable`; nothing where it is empty or not set.
/// Where the name is unknown, or the processor has no such instructions, loops are portable; with all but the first, bf16 is not multiplied as such.
pub(super) fn wanted() -> Option<&'static str> {
    static WANTED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("REGARD_INSTRUCTIONS").ok());
    WANTED.as_deref().filter(|name| !name.is_empty())
}
