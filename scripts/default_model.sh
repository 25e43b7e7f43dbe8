#!/usr/bin/env bash
# Make models/default from nothing but the labelled sets in data/ and training/authored: base weights, trimming, three runs, their mean,
# two more epochs from there, int8. An hour on a GPU (`regard=target/cuda/release/regard scripts/default_model.sh`), five on two cores that
# multiply bf16. The card of the model that is in models/default says where it was made otherwise.
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
$regard trim $base runs/base --pieces 65536 --text $train data/umsab_hi/train.jsonl models/actors/*.toml

# What runs of several seeds share is worth more than what each found by itself.
$regard train --config training/configs/default.toml --seeds 1,2,3
$regard average runs/default/seed-{1,2,3}/best --output runs/mean
$regard train --config training/configs/default.toml --set base=runs/mean --set output=runs/polished --set epochs=2 \
    --set optimizer.lr=7e-5 --set optimizer.head_lr=1.5e-4

# The card is written by hand; `quantize` would add a line to that of the run.
cp models/default/MODEL_CARD.md runs/
$regard quantize runs/polished/best models/default --dtype int8
cp runs/MODEL_CARD.md models/default/

cargo build --release
regard=target/release/regard
$regard eval --data data/*/dev.jsonl training/authored/dev/*.jsonl > runs/dev.json
$regard eval --data data/*/test.jsonl training/authored/test/*.jsonl > runs/test.json
