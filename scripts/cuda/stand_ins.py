"""Link archives that stand in for CUDA's shared libraries, so that one binary runs with and without a GPU: see stand_in.c.

usage: stand_ins.py DIRECTORY    writes DIRECTORY/lib/lib{cuda,cublas,cublasLt,curand,nvrtc}.a

A linker takes lib*.a where no lib*.so of the name is on its path. The functions are those that the crate `cudarc` declares, at the
version of Cargo.lock: after an update of it run this again; a function that is missing is an error of the linker, not a crash.
"""

import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# Link name: module of cudarc, real library, the error that a missing function answers with. It must be one that cudarc's
# enumeration has.
LIBRARIES = {
    "cuda": ("driver", "libcuda.so.1", 34),  # CUDA_ERROR_STUB_LIBRARY
    "cublas": ("cublas", "libcublas.so.13", 1),  # CUBLAS_STATUS_NOT_INITIALIZED
    "cublasLt": ("cublaslt", "libcublasLt.so.13", 1),
    "curand": ("curand", "libcurand.so.10", 203),  # CURAND_STATUS_INITIALIZATION_FAILED
    "nvrtc": ("nvrtc", "libnvrtc.so.13", 11),  # NVRTC_ERROR_INTERNAL_ERROR
}
STATUS = {"CUresult", "cublasStatus_t", "curandStatus_t", "nvrtcResult"}
# These give their text through a pointer, which callers read without asking what was returned.
TEXT_BY_POINTER = {"cuGetErrorName", "cuGetErrorString"}
DECLARATION = re.compile(r'extern "C" \{\s*fn (\w+)\([^;]*?\)(?: -> ([^;]+))?;')


def cudarc() -> pathlib.Path:
    """Where the sources of cudarc are."""
    command = ["cargo", "metadata", "--format-version", "1", "--all-features", "--manifest-path", HERE / "../../Cargo.toml"]
    packages = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packages"]
    manifests = [pathlib.Path(package["manifest_path"]) for package in packages if package["name"] == "cudarc"]
    if len(manifests) != 1:
        sys.exit(f"cudarc: expected one version in Cargo.lock, found {len(manifests)}")
    return manifests[0].parent / "src"


def kind(name: str, returned: str) -> str:
    """What a missing function returns, as stand_in.c calls it."""
    if name in TEXT_BY_POINTER:
        return "TEXT_BY_POINTER"
    if returned.strip() in STATUS:
        return "STATUS"
    return "TEXT" if "c_char" in returned else "NOTHING"


def main() -> None:
    directory = pathlib.Path(sys.argv[1]).resolve() / "lib"
    directory.mkdir(parents=True, exist_ok=True)
    sources = cudarc()
    for library, (module, soname, missing) in LIBRARIES.items():
        declared = dict(DECLARATION.findall((sources / module / "sys/mod.rs").read_text()))
        if not declared:
            sys.exit(f"{sources / module / 'sys/mod.rs'}: expected declarations of functions, found none")
        functions, compiled = directory / f"{library}.inc", directory / f"{library}.o"
        lines = (f"FUNCTION({index}, {name}, {kind(name, declared[name])})" for index, name in enumerate(sorted(declared)))
        functions.write_text("\n".join(lines) + "\n")
        settings = [f'-DSONAME="{soname}"', f"-DMISSING={missing}", f'-DFUNCTIONS="{functions}"']
        subprocess.run(["gcc", "-O2", "-fPIC", "-Wall", *settings, "-c", HERE / "stand_in.c", "-o", compiled], check=True)
        archive = directory / f"lib{library}.a"
        archive.unlink(missing_ok=True)
        subprocess.run(["ar", "rcs", archive, compiled], check=True)
        print(f"{library}: {len(declared)} functions", file=sys.stderr)


main()
