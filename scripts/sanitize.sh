#!/usr/bin/env bash
# The tests of the kernels, where the unsafe code of the library stands, under AddressSanitizer: memory that is not ours, read or
# written, and memory that nobody gives back.
#
#   scripts/sanitize.sh [OPTIONS OF CARGO]     -j1, say
#
# Needs a nightly toolchain, which it does not install. The first run builds all that the library needs into target/sanitize (half a
# gigabyte, which may be deleted). The standard library is not instrumented, so that what is not initialised goes unseen. Kernels for
# instructions that the processor lacks are not run.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTUP_AUTO_INSTALL=0
if ! version=$(rustc +nightly -vV 2>/dev/null); then
  echo "sanitize.sh: expected a nightly toolchain, found none: rustup toolchain install nightly --profile minimal" >&2
  exit 2
fi
# Named, so that what runs while building is not instrumented.
host=$(sed -n 's/^host: //p' <<<"$version")
case $host in
  x86_64*) all="avx512_vnni avx512_bf16 avx_vnni avx2" ;;
  aarch64*) all="i8mm asimddp" ;;
  *) all="" ;;
esac
for instructions in $all; do
  [ ! -r /proc/cpuinfo ] || grep -qw "$instructions" /proc/cpuinfo || echo "sanitize.sh: no $instructions here: its kernels are not run" >&2
done

export CARGO_TARGET_DIR=target/sanitize CARGO_INCREMENTAL=0 RUSTFLAGS="-Zsanitizer=address ${RUSTFLAGS:-}"
export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:${ASAN_OPTIONS:-}"
cargo +nightly test -p regard --lib --locked --target "$host" "$@" kernels
