#!/usr/bin/env bash
# Make models/default from nothing but the labelled sets in data/ and training/authored: base weights, trimming, fine-tuning, int8.
# A quarter of an hour on a GPU (`regard=target/cuda/release/regard scripts/default_model.sh`), an hour and a half on two cores that multiply bf16.
# The model that is in models/default was made before half of the authored sentences were written: its card says from which commit.
# data/NAME/{train,dev,test}.jsonl in the schema of eval/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

base=models/base/multilingual-e5-small
[ -e $base/model.safetensors ] || python3 scripts/base_model.py --out $base
cargo build --release
regard=${regard:-target/release/regard}

# Only texts to train on and the catalogue decide which pieces stay. Of the Hindi tweets only the texts are used, to choose pieces:
# their labels in train and dev are chance, to this model and to a bag of words.
train=$(sed -n 's/.*"\([a-z].*\/train.*\.jsonl\)".*/\1/p' training/configs/default.toml)
$regard trim $base runs/base --pieces 42000 --text $train data/umsab_hi/train.jsonl models/actors/*.toml
$regard train --config training/configs/default.toml

# The card is written by hand; `quantize` would add a line to that of the run.
cp models/default/MODEL_CARD.md runs/
$regard quantize runs/default/best models/default --dtype int8
cp runs/MODEL_CARD.md models/default/

cargo build --release
regard=target/release/regard
$regard eval --data data/*/dev.jsonl training/authored/dev/*.jsonl > runs/dev.json
$regard eval --data data/*/test.jsonl training/authored/test/*.jsonl > runs/test.json
