"""What more published stance data would bring: train on a quarter, half and all of two sets, for equally many steps.

    python3 scripts/base_model.py --out models/base/multilingual-e5-small
    target/release/regard trim models/base/multilingual-e5-small runs/base --pieces 65536 --text FILES   # scripts/default_model.sh
    python3 scripts/learning_curve.py

Python 3.11, standard library only; `regard` is target/release/regard. Reads data/{newsmtsc_rw,rusentne2023}/train.jsonl and runs/base, writes
runs/curve. A smaller part lies in every larger one. Dev figures are those of the best epoch, as `regard train` chooses it; stdout: one line
a part, its epochs, the mean dev macro-F1, and macro-F1 and F1(PN) by set, per cent.
"""

import hashlib
import json
import subprocess
from pathlib import Path

SETS = ["newsmtsc_rw", "rusentne2023"]
# Share of the groups in 256ths, and the epochs that make the parts read the same number of sentences.
PARTS = {"quarter": (64, 8), "half": (128, 4), "whole": (256, 2)}
CONFIG = """base = "runs/base"
output = "runs/curve/{part}"
seed = 1
epochs = {epochs}
batch = 48
longest = 128
train = {train}
dev = ["data/newsmtsc_rw/dev.jsonl", "data/newsmtsc_mt/dev.jsonl", "data/rusentne2023/dev.jsonl"]

[loss]
smoothing = 0.1

[optimizer]
lr = 1e-4
head_lr = 4e-4
average = 0.998

[compute]
precision = "bf16"
"""


def place(line):
    """0 to 255, the same for all lines of a group."""
    return hashlib.sha256(json.loads(line)["group"].encode()).digest()[0]


folder = Path("runs/curve")
folder.mkdir(parents=True, exist_ok=True)
for part, (bound, epochs) in PARTS.items():
    train = []
    for name in SETS:
        lines = Path(f"data/{name}/train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        train.append(f"{folder}/{name}-{part}.jsonl")
        Path(train[-1]).write_text("".join(line for line in lines if place(line) < bound), encoding="utf-8")
    config = folder / f"{part}.toml"
    config.write_text(CONFIG.format(part=part, epochs=epochs, train=json.dumps(train)), encoding="utf-8")
    subprocess.run(["target/release/regard", "train", "--config", config], check=True)
    records = map(json.loads, (folder / part / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    best = max((record for record in records if record["kind"] == "dev"), key=lambda record: record["score"])
    sets = best["dev"]["by"]["dataset"]
    figures = [f"{name} {100 * sets[name]['stance']['macro_f1']:.1f} {100 * sets[name]['stance']['f1_pn']:.1f}" for name in sorted(sets)]
    print(part, f"epoch {best['epoch']} of {epochs}", f"mean {100 * best['score']:.1f}", *figures, sep="\t", flush=True)
