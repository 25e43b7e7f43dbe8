#!/usr/bin/env bash
# A CUDA 13.0 compiler without a CUDA installation: five wheels of NVIDIA's from PyPI (104 MB), unpacked to target/cuda/toolchain.
# A second run does nothing. Needs python3 with pip. Conditions: NVIDIA's, in each wheel's License.txt.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
toolchain="$root/target/cuda/toolchain"
wheels=(
  nvidia-cuda-nvcc==13.0.88    # nvcc, ptxas, fatbinary, cudafe++, nvlink
  nvidia-cuda-crt==13.0.88     # the compiler's own headers
  nvidia-nvvm==13.0.88         # cicc, libdevice
  nvidia-cuda-runtime==13.0.96 # cuda*.h, libcudart_static.a
  nvidia-cuda-cccl==13.0.85    # cub, thrust, cuda/std
)
wanted="${wheels[*]}"
if [ "$(cat "$toolchain/wheels" 2>/dev/null)" != "$wanted" ]; then
  partial="$toolchain.partial"
  rm -rf "$partial" "$toolchain"
  mkdir -p "$partial"
  python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$partial/downloaded" "${wheels[@]}" >&2
  python3 - "$partial" <<'PYTHON'
import pathlib, sys, zipfile

partial = pathlib.Path(sys.argv[1])
for wheel in partial.glob("downloaded/*.whl"):
    with zipfile.ZipFile(wheel) as files:
        files.extractall(partial, [name for name in files.namelist() if name.startswith("nvidia/")])
PYTHON
  rm -r "$partial/downloaded"
  # zip files opened so forget who may be run.
  chmod +x "$partial"/nvidia/cu13/bin/* "$partial"/nvidia/cu13/nvvm/bin/*
  echo "$wanted" >"$partial/wheels"
  mv "$partial" "$toolchain"
fi
"$toolchain/nvidia/cu13/bin/nvcc" --version | tail -1 >&2
