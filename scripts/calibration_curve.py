"""How many labelled sentences of one's own `regard calibrate` needs: calibration error against their number.

    regard eval --data FILES --save ANSWERS.jsonl > /dev/null
    python3 scripts/calibration_curve.py ANSWERS.jsonl FILES

Python 3.11 and numpy. Each data set is halved by group 40 times; one temperature is fitted to the answers to N sentences of one half (N = 0:
none) and the expected calibration error (15 bins of equal width, per cent) is taken on the other. The last column is the error that perfectly
calibrated answers of as many would have by chance. A diagnosis: what it fits is thrown away.
"""

import json
import random
import sys
from collections import defaultdict

import numpy

SIZES = [0, 50, 100, 200, 400]
HALVES = 40
LABELS = {"stance": ["against", "neutral", "favor"], "sentiment": ["negative", "neutral", "positive"]}
TEMPERATURES = numpy.geomspace(0.25, 7.0, 101)


def softmax(logits):
    """(N, 3) to (N, 3)."""
    powers = numpy.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def fitted(logits, gold):
    """The temperature of least negative log likelihood."""
    losses = [-numpy.log(softmax(logits / t)[numpy.arange(len(gold)), gold]).mean() for t in TEMPERATURES]
    return TEMPERATURES[numpy.argmin(losses)]


def bins(confidence):
    return numpy.minimum((confidence * 15).astype(int), 14)


def error(probabilities, gold):
    confidence, right = probabilities.max(1), probabilities.argmax(1) == gold
    gaps = numpy.bincount(bins(confidence), weights=confidence - right)
    return 100 * numpy.abs(gaps).sum() / len(gold)


def by_chance(probabilities):
    """As `ece_by_chance` in eval/README.md."""
    confidence = probabilities.max(1)
    variances = numpy.bincount(bins(confidence), weights=confidence * (1 - confidence))
    return 100 * numpy.sqrt(2 / numpy.pi * variances).sum() / len(confidence)


answers = {}
with open(sys.argv[1], encoding="utf-8") as lines:
    for answer in map(json.loads, lines):
        answers[answer["dataset"], answer["id"]] = answer["scores"]
sets = defaultdict(list)
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as lines:
        for example in map(json.loads, lines):
            scores = answers.get((example["dataset"], example["id"]))
            if scores is None:
                continue
            question = "stance" if "against" in scores else "sentiment"
            labels = LABELS[question]
            gold = labels.index(example["label" if question == "stance" else "sentiment"])
            sets[example["dataset"], question].append(([scores[label] for label in labels], gold, example["group"]))

print("set", "question", "n", *SIZES, "by chance", sep="\t")
means = defaultdict(list)
for (name, question), examples in sorted(sets.items()):
    logits = numpy.log(numpy.maximum([scores for scores, *_ in examples], 1e-12))
    gold = numpy.array([gold for _, gold, _ in examples])
    groups = sorted({group for *_, group in examples})
    errors = numpy.zeros((HALVES, len(SIZES) + 1))
    for draw in range(HALVES):
        generator = random.Random(draw)
        generator.shuffle(groups)
        fitting = set(groups[: len(groups) // 2])
        ours = [row for row, (*_, group) in enumerate(examples) if group in fitting]
        rest = [row for row, (*_, group) in enumerate(examples) if group not in fitting]
        generator.shuffle(ours)
        for column, size in enumerate(SIZES):
            temperature = fitted(logits[ours[:size]], gold[ours[:size]]) if size else 1.0
            calibrated = softmax(logits[rest] / temperature)
            errors[draw, column] = error(calibrated, gold[rest])
        errors[draw, -1] = by_chance(calibrated)
    means[question].append(errors.mean(0))
    print(name, question, len(examples), *(f"{figure:.1f}" for figure in errors.mean(0)), sep="\t", flush=True)
for question, rows in means.items():
    print("mean", question, "", *(f"{figure:.1f}" for figure in numpy.mean(rows, 0)), sep="\t")
