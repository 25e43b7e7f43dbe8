#!/usr/bin/env bash
# Make models/default from nothing but the labelled sets in data/: base weights, fine-tuning, trimming, int8.
# About an hour and a half on two cores. data/NAME/{train,dev,test}.jsonl in the schema of eval/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

base=models/base/multilingual-e5-small
[ -e $base/model.safetensors ] || python3 scripts/base_model.py $base
cargo build --release
target/release/regard train --config training/configs/default.toml

# Only the texts that it was trained on and the catalogue decide which pieces stay.
train=$(sed -n 's/^path = "\(.*\)"/\1/p' training/configs/default.toml)
target/release/regard trim runs/default/best models/default --pieces 38000 --dtype int8 --text $train models/actors/*.toml

cargo build --release
target/release/regard eval --data data/*/dev.jsonl > runs/default/dev.json
target/release/regard eval --data data/*/test.jsonl > runs/default/test.json
