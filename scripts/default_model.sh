#!/usr/bin/env bash
# Make models/default from nothing but the labelled sets in data/: base weights, fine-tuning, trimming, fine-tuning of what is left,
# int8. About two hours on two cores. data/NAME/{train,dev,test}.jsonl in the schema of eval/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

base=models/base/multilingual-e5-small
[ -e $base/model.safetensors ] || python3 scripts/base_model.py --out $base
cargo build --release
regard=target/release/regard

$regard train --config training/configs/default.toml

# Only the texts that it was trained on and the catalogue decide which pieces stay.
texts="$(sed -n 's/^ .*"\(data.*train.jsonl\)".*/\1/p' training/configs/default.toml) models/actors/*.toml"
$regard trim runs/default/best runs/trimmed --text $texts
$regard train --config training/configs/adapted.toml
# All pieces stay this time: it only stores matrices as int8. The card is written by hand.
cp models/default/MODEL_CARD.md runs/
$regard trim runs/adapted/best models/default --dtype int8 --text $texts --compare data/{newsmtsc_rw,newsmtsc_mt,rusentne2023}/dev.jsonl
cp runs/MODEL_CARD.md models/default/

cargo build --release
dev=$(sed -n 's/^ *"\(data.*dev.jsonl\)",/\1/p' training/configs/default.toml)
$regard eval --data $dev data/dse_news/dev.jsonl > runs/dev.json
$regard eval --data data/*/test.jsonl > runs/test.json
