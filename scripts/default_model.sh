#!/usr/bin/env bash
# Make models/default from the labelled sets in data/ and training/authored, in one of two ways:
#
#     scripts/default_model.sh           # from the default model before it, in the full history: how the shipped one was made; an hour on
#                                        # two cores with bf16
#     scripts/default_model.sh --anew    # from base weights: trim, three longer runs, their mean, then as above; six hours more there, one on a GPU
#
# `regard=target/cuda/release/regard` takes another binary. data/NAME/{train,dev,test}.jsonl are in the schema of eval/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

regard=${regard:-target/release/regard}
before=168ea6e
if [ "${1:-}" != --anew ] && ! git cat-file -e "$before^{commit}"; then
    echo "expected the full history (git fetch --unshallow), or --anew" >&2
    exit 1
fi
# Hours later would be too late to find that something is there.
for made in runs/before runs/anew runs/default; do
    [ ! -e "$made" ] || { echo "$made is there: move it away" >&2 && exit 1; }
done
config=training/configs/default.toml
cargo build --release
if [ "${1:-}" = --anew ]; then
    base=models/base/multilingual-e5-small
    [ -e $base/model.safetensors ] || python3 scripts/base_model.py --out $base
    # Only texts to train on and the catalogue decide which pieces stay. Of the Hindi tweets only the texts are used, to choose pieces:
    # their labels in train and dev are chance, to this model and to a bag of words.
    train=$(sed -n 's/.*"\([a-z].*\/train.*\.jsonl\)".*/\1/p' $config)
    $regard trim $base runs/base --pieces 65536 --text $train data/umsab_hi/train.jsonl models/actors/*.toml
    # The published sets as often as in five epochs with whole shares, the authored sentences twice as often.
    $regard train --config $config --seeds 1,2,3 --set base=runs/base --set output=runs/anew --set epochs=10 \
        --set optimizer.lr=1e-4 --set optimizer.head_lr=4e-4
    $regard average runs/anew/seed-{1,2,3}/best --output runs/before
else
    # The model before, as the history has it.
    mkdir -p runs/before
    git archive $before models/default | tar -x -C runs/before --strip-components=2
fi

# What runs of several seeds share is worth more than what each found by itself.
$regard train --config $config --seeds 1,2
$regard average runs/default/seed-{1,2}/best --output runs/mean

# The card is written by hand; `quantize` would add a line to that of the run.
cp models/default/MODEL_CARD.md runs/
$regard quantize runs/mean models/default --dtype int8
cp runs/MODEL_CARD.md models/default/
# Its answers are those of int8, of the mean: neither run's temperatures are its own.
dev=$(sed -n '/^dev = \[/,/^\]/s/ *"\(.*\)",/\1/p' $config)
$regard calibrate models/default --data $dev

cargo build --release
regard=target/release/regard
$regard eval --data data/*/dev.jsonl training/authored/dev/*.jsonl > runs/dev.json
$regard eval --data data/*/test.jsonl training/authored/test/*.jsonl > runs/test.json
