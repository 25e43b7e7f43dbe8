"""What the scripts that run engines in turn share: processes, spreads, and what the figures hang on."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def environment(threads):
    """Of an engine's process: all libraries get the same number. Regard is told its own as a setting."""
    numbers = dict.fromkeys(["OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"], str(threads))
    return os.environ | numbers


def run(command, threads, log, good=(0,)):
    """Run one engine to its end. Its stdout, the seconds it took, and the most memory it held in megabytes."""
    with tempfile.TemporaryFile() as out, log.open("wb") as errors:
        start = time.perf_counter()
        child = subprocess.Popen(command, env=environment(threads), stdout=out, stderr=errors)
        # Its own figures: those of getrusage(RUSAGE_CHILDREN) are the largest of all children so far.
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        out.seek(0)
        text = out.read().decode()
    if child.returncode not in good:
        tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {child.returncode}\n{tail}")
    # macOS counts bytes, Linux kibibytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return text, wall, usage.ru_maxrss * unit / 1e6


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratios(rounds, engines, fields=("tokens_per_s", "peak_mb")):
    """How the figures of each of regard's engines are to each other engine's, over the rounds."""
    own = [engine for engine in engines if engine.startswith(("regard", "task"))]
    found = {}
    for one in own:
        for other in [engine for engine in engines if engine not in own]:
            for field in fields:
                values = [turns[one][field] / turns[other][field] for turns in rounds]
                found[f"{field}: {one} / {other}"] = spread([round(value, 4) for value in values])
    return found


def command_output(*command, default="unknown"):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return default


def machine():
    """What the figures depend on but for the code."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line.partition(":") for line in info.read_text(encoding="utf-8").splitlines())
        cpu = next((value.strip() for name, _, value in lines if name.strip() == "model name"), cpu)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gb": round(memory, 1), "system": platform.platform()}


def about(regard, packages=("torch", "transformers")):
    """Where, when and with what the figures were taken; a commit with a plus has changes beside it."""
    commit = command_output("git", "rev-parse", "HEAD")
    changed = command_output("git", "status", "--porcelain", "--untracked-files=no", default="")
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "commit": commit + ("+" if changed else ""),
        "versions": {
            "regard": command_output(str(Path(regard).resolve()), "--version"),
            "python": platform.python_version(),
            **{package: package_version(package) for package in packages},
        },
    }


def package_version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
