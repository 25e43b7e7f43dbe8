#!/usr/bin/env bash
# Everything that must hold before a change is taken: what a contributor runs is what CI runs.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --workspace --all-targets --locked -- -D warnings
# What CI does not run is built at least.
cargo clippy -p regard --features bench --all-targets --locked -- -D warnings
cargo test --workspace --locked
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
