#!/usr/bin/env bash
# Whether a binary with CUDA computes on this machine's GPU what it computes on the CPU.
#
#   scripts/cuda/check.sh [REGARD] [BASE]     target/cuda/release/regard where left out
#
# Ends with 1 where a probability differs by more than 1e-3 in f32, 2e-2 in bf16 or 1e-2 in f16. With BASE, a base model's directory, a
# few steps of training follow, in f32 and bf16, interrupted and taken up. cuBLAS and cuRAND are those of python's wheels where
# REGARD_CUDA_LIBRARIES does not say otherwise. Needs python3 alone.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
regard="$(realpath "${1:-$root/target/cuda/release/regard}")"
base="${2:+$(realpath "$2")}"
wheels=$(python3 -c 'import nvidia; print(list(nvidia.__path__)[0] + "/cu13/lib")' 2>/dev/null || true)
export REGARD_CUDA_LIBRARIES="${REGARD_CUDA_LIBRARIES:-$wheels}" RUST_BACKTRACE=0
answers="$(mktemp -d)"
trap 'rm -rf "$answers"' EXIT

"$regard" --version
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || true
classify() { # NAME OPTIONS …
  local name="$1" begun
  shift
  begun=$(date +%s.%N)
  "$regard" classify --format jsonl "$@" "$root/examples/summit.en.txt" "$root/examples/summit.ar.txt" >"$answers/$name.jsonl"
  python3 -c "import time; print(f'$name: {time.time() - $begun:.2f} s, start included')"
}
classify cpu --device cpu --dtype f32
REGARD_CUDA_TRACE=1 classify first --device cuda # kernels are compiled for this GPU
for dtype in f32 bf16 f16; do classify "$dtype" --device cuda --dtype "$dtype"; done

python3 - "$answers" <<'PYTHON'
import json, pathlib, sys

def probabilities(value, path=""):
    """Every number below a key `scores`, with its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "scores":
                yield from ((f"{path}/{name}", score) for name, score in inner.items())
            else:
                yield from probabilities(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from probabilities(inner, f"{path}/{index}")

def read(name):
    lines = (pathlib.Path(sys.argv[1]) / f"{name}.jsonl").read_text().splitlines()
    return dict(probabilities([json.loads(line) for line in lines]))

expected, failed = read("cpu"), False
for name, most in [("f32", 1e-3), ("bf16", 2e-2), ("f16", 1e-2)]:
    found = read(name)
    if not expected or found.keys() != expected.keys():
        sys.exit(f"{name}: expected the {len(expected)} probabilities that the CPU gives, found {len(found)}")
    worst = max(expected, key=lambda place: abs(expected[place] - found[place]))
    difference = abs(expected[worst] - found[worst])
    verdict = "ok" if difference <= most else f"expected at most {most}, at {worst}"
    print(f"{name}: {len(found)} probabilities, largest difference {difference:.6f}: {verdict}")
    failed |= not difference <= most
sys.exit(failed)
PYTHON

[ -n "$base" ] || exit 0
python3 - "$answers/own.jsonl" <<'PYTHON'
import json, sys

words = [("praised", "favor"), ("condemned", "against"), ("met", "neutral")]
names = ["Russia", "China", "France", "Iran", "NATO", "Japan", "India", "Brazil"]
with open(sys.argv[1], "w") as file:
    for index in range(240):
        (word, label), name = words[index % 3], names[index // 3 % len(names)]
        text = f"The minister {word} {name} in speech {index}, which lasted {'very ' * (index % 7)}long."
        start = text.index(name)
        record = {"id": f"s{index}", "dataset": "own", "lang": "en", "text": text, "target": name, "label": label}
        print(json.dumps(record | {"target_start": start, "target_end": start + len(name)}), file=file)
PYTHON
train() { # NAME DEVICE OPTIONS …
  local name="$1" device="$2"
  shift 2
  cat >"$answers/$name.toml" <<TOML
base = "$base"
output = "$answers/$name"
epochs = 4
batch = 24
train = ["$answers/own.jsonl"]
dev = ["$answers/own.jsonl"]
TOML
  "$regard" train --config "$answers/$name.toml" --device "$device" "$@"
  python3 - "$name" "$answers/$name/metrics.jsonl" <<'PYTHON'
import json, math, sys

steps = [record for record in map(json.loads, open(sys.argv[2])) if "loss" in record]
losses = [record["loss"] for record in steps]
print(f"{sys.argv[1]}: {len(losses)} steps, loss {losses[0]:.4f} to {losses[-1]:.4f}, first norm {steps[0]['norm']:.4f}, "
      f"{steps[-1]['tokens'] / steps[-1]['seconds']:.0f} tokens a second")
sys.exit(not all(map(math.isfinite, losses)) or losses[-1] > 0.8 * losses[0])
PYTHON
}
quiet=(--set 'optimizer.lr=1e-4' --set optimizer.average=0.9)
train whole cuda "${quiet[@]}"
train bf16 cuda "${quiet[@]}" --set 'compute.precision="bf16"'
train recomputed cuda "${quiet[@]}" --set compute.recompute=true
train rows cuda "${quiet[@]}" --set 'trained.embeddings="rows"'
train adapted cuda "${quiet[@]}" --set 'trained.layers="lora"' --set optimizer.lr=1e-3
"$regard" train --config "$answers/whole.toml" --device cuda "${quiet[@]}" --set "output='$answers/half'" --steps 20
"$regard" train --resume "$answers/half" --device cuda
"$regard" classify --device cuda --model "$answers/half/best" --format csv "$root/examples/summit.en.txt" >/dev/null
