"""Time `regard train` against PyTorch, in turns, on the same batches of the same model.

    cargo build --release
    python scripts/peers/train_in_turn.py CONFIG RESULT.json [--rounds 3] [--steps 60] [--warm 5] [--threads 2]
        [--engines "regard f32" "regard bf16" "torch f32" "torch bf16"] [--set KEY=VALUE ...] [--regard target/release/regard]

CONFIG is an experiment of `regard train`; `--set` changes it as it does there, but for `compute.threads`, which
`--threads` tells both, and `compute.precision`, which is the engine's. What train.py does not do, it refuses. A round runs every engine once, each in
a fresh process: A B C A B C …, so that a machine that slows down slows all of them. PyTorch runs as
scripts/peers/train.py, in the environment that this script runs in (scripts/reference-requirements.txt).

Speed is real tokens, padding not counted, a second between the end of step `--warm` and that of step `--steps`: without
loading, evaluation or saving. Memory is the peak of the whole process, as the system counted it. Ratios are those of
one round; the median over the rounds is told with the least and the greatest. The table goes to stderr, everything to
RESULT.json. Nothing else should run on the machine: with fewer free cores than threads, threads wait for each other.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from in_turn import HERE, about, ratios, run, say, spread

ENGINES = ["regard f32", "regard bf16", "torch f32", "torch bf16"]
# Exit statuses of regard that are no failure: 3 is done, but some records were left out.
DONE = (0, 3)


def regard_speed(metrics, warm, steps):
    """Tokens, seconds and loss of a run of regard between the ends of two steps, from its metrics.jsonl.

    Lines of kind `step` count tokens and seconds since the run began. Where not every step has a line, the first that
    has one at or after `warm` stands for it, and the last one for `steps`.
    """
    lines = map(json.loads, metrics.read_text(encoding="utf-8").splitlines())
    rows = [line for line in lines if line.get("kind") == "step" and warm <= line["step"] <= steps]
    if len(rows) < 2:
        raise SystemExit(f"{metrics}: expected lines of kind step from {warm} to {steps}, found {len(rows)}")
    first, last = rows[0], rows[-1]
    return {
        "first_step": first["step"],
        "last_step": last["step"],
        "tokens": last["tokens"] - first["tokens"],
        "seconds": round(last["seconds"] - first["seconds"], 3),
        "loss_last": last.get("loss"),
    }


def turn(engine, arguments, base, batches, place):
    """One run of one engine."""
    name, dtype = engine.split()
    log = place / "log"
    if name == "regard":
        output = place / "run"
        command = [arguments.regard, "train", "--config", arguments.config, "--steps", str(arguments.steps)]
        command += settings(arguments, [f"output={output}", f'compute.precision="{dtype}"'])
        _, wall, peak = run(command, arguments.threads, log, good=DONE)
        measured = regard_speed(output / "metrics.jsonl", arguments.warm, arguments.steps)
    else:
        command = [sys.executable, HERE / "train.py", base, batches, "--dtype", dtype]
        for option in ("threads", "steps", "warm"):
            command += [f"--{option}", str(getattr(arguments, option))]
        text, wall, peak = run(command, arguments.threads, log)
        told = json.loads(text.splitlines()[-1])
        if told["steps"] != arguments.steps:
            raise SystemExit(f"{batches}: expected at least {arguments.steps} steps, found {told['steps']}")
        measured = {
            "first_step": arguments.warm,
            "last_step": told["steps"],
            "tokens": told["timed_tokens"],
            "seconds": told["seconds"],
            "loss_last": told["loss_last"],
        }
    speed = measured["tokens"] / measured["seconds"]
    told = {"engine": engine, "tokens_per_s": round(speed, 1), "peak_mb": round(peak, 1), "wall_s": round(wall, 1)}
    return told | measured


def settings(arguments, others=()):
    """The options that change the experiment. A worker is a thread."""
    threads = f"compute.threads={arguments.threads}"
    return [word for setting in [*arguments.set, threads, *others] for word in ("--set", setting)]


def base_of(arguments):
    """The directory of the base model that the experiment names."""
    changed = [setting.split("=", 1)[1].strip("\"'") for setting in arguments.set if setting.startswith("base=")]
    base = Path(changed[-1] if changed else tomllib.loads(arguments.config.read_text(encoding="utf-8"))["base"])
    if not (base / "config.json").exists():
        raise SystemExit(f"base: expected the directory of a model, found {base}")
    return base


def dry_run(arguments, batches, others=()):
    """Have regard write the batches of the experiment."""
    command = [arguments.regard, "train", "--config", arguments.config, "--dry-run", "--batches", batches]
    done = subprocess.run([*command, *settings(arguments, others)], stdout=sys.stderr)
    if done.returncode not in DONE:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {done.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--warm", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--regard", default="target/release/regard")
    arguments = parser.parse_args()
    if arguments.steps <= arguments.warm:
        parser.error("--steps: expected more than --warm")
    base = base_of(arguments)
    asked = {"config": str(arguments.config), "set": arguments.set, "threads": arguments.threads}
    result = {"about": about(arguments.regard) | asked | {"steps": arguments.steps, "warm": arguments.warm}, "rounds": []}
    with tempfile.TemporaryDirectory() as scratch:
        batches = Path(scratch) / "batches.jsonl"
        dry_run(arguments, batches)
        for number in range(1, arguments.rounds + 1):
            turns = {}
            for engine in arguments.engines:
                # A run's checkpoint may be large: none outlives its turn.
                with tempfile.TemporaryDirectory(dir=scratch) as place:
                    turns[engine] = turn(engine, arguments, base, batches, Path(place))
                told = turns[engine]
                say(f"round {number}  {engine:<12} {told['tokens_per_s']:>9.1f} tokens/s {told['peak_mb']:>9.1f} MB")
            result["rounds"].append(turns)
    result["tokens_per_s"], result["peak_mb"] = (
        {engine: spread([turns[engine][field] for turns in result["rounds"]]) for engine in arguments.engines}
        for field in ("tokens_per_s", "peak_mb")
    )
    result["ratios"] = ratios(result["rounds"], arguments.engines)
    for name, ratio in result["ratios"].items():
        say(f"{name:<42} {ratio['median']:.3f} ({ratio['min']:.3f} to {ratio['max']:.3f})")
    arguments.result.parent.mkdir(parents=True, exist_ok=True)
    arguments.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
