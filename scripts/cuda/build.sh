#!/usr/bin/env bash
# The binary with CUDA, built on a machine that needs neither a GPU nor a CUDA installation; x86-64 Linux.
#
#   scripts/cuda/build.sh [CAP] [CARGO OPTIONS …]     target/cuda/release/regard
#
# CAP is the GPU's compute capability: 80 (A100 and all later), 90 (H100, H200; the default). The kernels are compiled to PTX, which
# the driver turns into machine code at first use: seconds, once a machine. Building takes some ten minutes the first time.
#
# The binary runs without a driver, on the CPU. On a GPU it needs a driver for CUDA 13 (580 or later), cuBLAS 13 and cuRAND 10: from an
# installed toolkit, or from the wheels nvidia-cublas and nvidia-curand, which PyTorch brings:
#
#   export REGARD_CUDA_LIBRARIES=$(python3 -c 'import nvidia; print(list(nvidia.__path__)[0] + "/cu13/lib")')
#
# REGARD_CUDA_TRACE=1 says where each library was found.
set -euo pipefail
scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$scripts/../.." && pwd)"
cap="${1:-90}"
shift || true
built="$root/target/cuda"

bash "$scripts/toolchain.sh"
links="$built/links"
python3 "$scripts/stand_ins.py" "$links"
ln -sf ../../toolchain/nvidia/cu13/lib/libcudart_static.a "$links/lib/libcudart.a"

export NVCC="$built/toolchain/nvidia/cu13/bin/nvcc"
# Named, because the build would ask the nvcc of the path and the GPU of this machine.
export CUDARC_CUDA_VERSION=13000 CUDA_COMPUTE_CAP="$cap"
# Searched for libraries, and then nothing else is.
export CUDA_HOME="$links"
export CUDAFORGE_THREADS="${CUDAFORGE_THREADS:-1}"
# nvcc leaves large files behind when it is stopped.
export TMPDIR="$built/temporary"
mkdir -p "$TMPDIR"
cd "$root"
exec cargo build --release --target-dir "$built" -p regard-cli --features cuda "$@"
