"""Train the same experiment with `regard train` and with PyTorch, for several seeds, and compare what both learn.

    cargo build --release
    python scripts/peers/train_quality.py CONFIG DIRECTORY [--seeds 1 2 3] [--dev FILE ...] [--threads 2]
        [--set KEY=VALUE ...] [--regard target/release/regard]

CONFIG is an experiment of `regard train`, which `--set` changes as it does there, but for `compute.threads`, which
`--threads` tells both engines. For each seed regard writes the
batches that it takes, PyTorch trains on them (scripts/peers/train.py, f32, in the environment of
scripts/reference-requirements.txt), regard trains, and `regard eval` scores both checkpoints on `--dev`, the dev files
of CONFIG where left out. So data, order and schedule are the same for both; heads and dropout are drawn by each its own
way.

Both checkpoints are those of the last step: regard's is `last`, not `best`, which an earlier epoch may have made.

DIRECTORY keeps all that is made and `quality.json`, the figures. What is there already is not made again, so that a run
that was interrupted goes on. A table goes to stderr: macro-F1 of stance and of sentiment over all dev examples, and the
mean over the data sets, each with mean, spread and standard deviation over the seeds, and whether regard's mean lies
between PyTorch's least and greatest.
"""

import argparse
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

from train_in_turn import DONE, HERE, about, base_of, dry_run, environment, say, settings

ENGINES = ["torch f32", "regard f32"]
FIGURES = ["stance", "sentiment", "data sets"]


def made(path, make):
    """`path`, made by `make(partial)` unless it is there: what was interrupted is made anew."""
    if not path.exists():
        partial = path.with_name(path.name + ".partial")
        if partial.is_dir():
            shutil.rmtree(partial)
        make(partial)
        partial.rename(path)
    return path


def execute(command, threads, good=(0,), **options):
    done = subprocess.run(list(map(str, command)), env=environment(threads), **options)
    if done.returncode not in good:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {done.returncode}")
    return done


def torch_checkpoint(arguments, seed, place, batches):
    """Train in PyTorch; what it told of itself stands beside the checkpoint."""
    told = place / "torch.train.json"

    def make(partial):
        command = [sys.executable, HERE / "train.py", base_of(arguments), batches, partial, "--seed", seed]
        command += ["--threads", arguments.threads]
        output = execute(command, arguments.threads, stdout=subprocess.PIPE, text=True).stdout
        told.write_text(output.splitlines()[-1] + "\n", encoding="utf-8")

    return made(place / "torch", make)


def regard_checkpoint(arguments, seed, place):
    """Train with regard, into a run directory."""

    def make(partial):
        command = [arguments.regard, "train", "--config", arguments.config]
        command += settings(arguments, [f"seed={seed}", f"output={partial}"])
        execute(command, arguments.threads, good=DONE, stdout=sys.stderr)

    return made(place / "regard", make) / "last"


def evaluation(arguments, checkpoint, path):
    """What `regard eval` says of a checkpoint on the dev files."""

    def make(partial):
        command = [arguments.regard, "eval", "--model", checkpoint, "--data", *arguments.dev, "--draws", 0, "--json"]
        with partial.open("wb") as out:
            execute(command, arguments.threads, good=DONE, stdout=out)

    return json.loads(made(path, make).read_text(encoding="utf-8"))


def figures(evaluation):
    """Macro-F1 in per cent: of each question over all examples, and the mean over the data sets and their questions."""
    questions = ("stance", "sentiment")
    found = {question: evaluation[question]["macro_f1"] for question in questions if evaluation.get(question)}
    sets = evaluation["by"]["dataset"].values()
    each = [entry[question]["macro_f1"] for entry in sets for question in questions if entry.get(question)]
    found["data sets"] = statistics.mean(each)
    return {name: round(100 * value, 3) for name, value in found.items()}


def spread(values):
    """Over the seeds; the standard deviation is that of a sample."""
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.mean(values), "min": min(values), "max": max(values), "sd": deviation}


def compared(seeds):
    """Both engines' spread of every figure, and how they are to each other."""
    found = {}
    for figure in FIGURES:
        rows = [entry for entry in seeds.values() if figure in entry[ENGINES[0]]]
        if not rows:
            continue
        theirs, ours = (spread([row[engine][figure] for row in rows]) for engine in ENGINES)
        pooled = None
        if theirs["sd"] is not None:
            pooled = ((theirs["sd"] ** 2 + ours["sd"] ** 2) / 2) ** 0.5
        found[figure] = dict(zip(ENGINES, (theirs, ours))) | {
            "difference": ours["mean"] - theirs["mean"],
            "pooled_sd": pooled,
            "within": theirs["min"] <= ours["mean"] <= theirs["max"],
        }
    return found


def show(seeds, comparison):
    for figure, entry in comparison.items():
        say(f"macro-F1, {figure}")
        for engine in ENGINES:
            values = "".join(f"{told[engine][figure]:8.2f}" for told in seeds.values())
            told = entry[engine]
            deviation = "–" if told["sd"] is None else f"{told['sd']:.2f}"
            least, greatest = f"{told['min']:.2f}", f"{told['max']:.2f}"
            say(f"  {engine:<10}{values}  mean {told['mean']:.2f}  {least} to {greatest}  sd {deviation}")
        pooled = "–" if entry["pooled_sd"] is None else f"{entry['pooled_sd']:.2f}"
        within = "within" if entry["within"] else "outside"
        say(f"  regard − torch {entry['difference']:+.2f} (pooled sd {pooled}): {within} PyTorch's spread")


def same_experiment(arguments):
    """Refuse a directory that holds another experiment's results."""
    digest = hashlib.sha256(arguments.config.read_bytes()).hexdigest()
    told = json.dumps({"config": digest, "set": arguments.set, "dev": list(map(str, arguments.dev))}) + "\n"
    path = arguments.directory / "experiment.json"
    if path.exists() and path.read_text(encoding="utf-8") != told:
        raise SystemExit(f"{path}: another experiment's: give another directory")
    path.write_text(told, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--dev", type=Path, nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--regard", default="target/release/regard")
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text(encoding="utf-8"))
    paths = (source["path"] if isinstance(source, dict) else source for source in config["dev"])
    arguments.dev = arguments.dev or list(map(Path, paths))
    arguments.directory.mkdir(parents=True, exist_ok=True)
    same_experiment(arguments)
    seeds = {}
    for seed in arguments.seeds:
        place = arguments.directory / f"seed-{seed}"
        place.mkdir(exist_ok=True)
        batches = made(place / "batches.jsonl", lambda partial: dry_run(arguments, partial, [f"seed={seed}"]))
        theirs = torch_checkpoint(arguments, seed, place, batches)
        ours = regard_checkpoint(arguments, seed, place)
        seeds[seed] = {}
        for engine, checkpoint in zip(ENGINES, (theirs, ours)):
            path = place / f"{engine.split()[0]}.eval.json"
            seeds[seed][engine] = figures(evaluation(arguments, checkpoint, path))
        say(f"seed {seed}", *(f"{engine} {seeds[seed][engine]}" for engine in ENGINES))
    comparison = compared(seeds)
    show(seeds, comparison)
    result = {"about": about(arguments), "dev": list(map(str, arguments.dev)), "seeds": seeds, "macro_f1": comparison}
    path = arguments.directory / "quality.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
