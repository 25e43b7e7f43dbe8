"""Make the golden values that the tests of `eval` compare its metrics with: `eval/tests/golden/metrics.json`.

    python3 -m venv venv && venv/bin/pip install -r scripts/reference-requirements.txt
    venv/bin/python scripts/metric_reference.py

    classification   gold, answers and scores of three classes, and every metric of them
    mcnemar          the exact two-sided p of b against c disagreements
    holm             p-values and what Holm's correction makes of them
    quantiles        numbers and their quantiles, interpolated linearly

What scikit-learn, SciPy and NumPy have is theirs; what they lack is written out below from its definition.
The scores are what scikit-learn saw, to the bit. What follows from them is rounded to 12 digits, so that another order
of summation does not change the file; null stands where a metric is not defined.

Conventions: the answer is the first class of the highest score, its confidence that score. A class that is never
given or never there has precision, recall and F1 0. The log loss takes scores between the f64 epsilon and 1 minus it.
"""

import json
import math
import platform
import warnings
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn import metrics

FILE = Path(__file__).resolve().parent.parent / "eval/tests/golden/metrics.json"
LIMIT = 400_000
LABELS = [0, 1, 2]
BINS = 15


def drawn(seed, n, shares=(0.3, 0.4, 0.3), strength=1.5, bias=(0, 0, 0), parts=1_000_000):
    """Random gold, and scores in whole `parts` that know it the better the greater `strength` is."""
    random = np.random.default_rng(seed)
    gold = random.choice(3, n, p=shares)
    logits = random.normal(size=(n, 3)) + strength * np.eye(3)[gold] + bias
    return gold, np.rint(softmax(logits, axis=1) * parts)


def inputs():
    """Name, gold and scores (not yet of sum one) of every case."""
    yield "tiny", *drawn(1, 6, strength=0.5)
    yield "informative", *drawn(2, 300)
    yield "uninformative", *drawn(3, 300, strength=0)
    yield "tied scores", *drawn(4, 200, parts=10)
    yield "gold lacks class 1", *drawn(5, 120, shares=(0.5, 0, 0.5))
    yield "answers lack class 2", *drawn(6, 120, bias=(0, 0, -6))
    yield "one class in gold", *drawn(7, 60, shares=(0, 0, 1))
    yield "one class in gold and answers", *drawn(8, 20, shares=(1, 0, 0), bias=(6, 0, 0))
    _, scores = drawn(9, 90)
    yield "all right", scores.argmax(1), scores
    yield "all wrong", (scores.argmax(1) + 1) % 3, scores
    # Certain or torn between two: a gold class of score 0 has no finite log loss unless scores are clipped.
    sure = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]])
    gold, scores = drawn(10, 80)
    yield "scores of 0 and 1", gold, sure[(scores.argmax(1) + 3 * (scores.max(1) < 500_000)) % 5]
    yield "imbalanced", *drawn(11, 1000, shares=(0.02, 0.95, 0.03), bias=(0, 2, 0))


def calibration_error(bins, hits, confidence):
    """The sum over `bins` of n_b / n * |mean of `hits` - mean of `confidence`|."""
    return abs(np.bincount(bins, hits - confidence)).sum() / len(bins)


def equal_width(confidence):
    return np.minimum(BINS - 1, np.floor(confidence * BINS)).astype(int)


def equal_mass(ordered):
    """The bins of confidences in ascending order, as equal in size as ties allow: their order is chance."""
    n = len(ordered)
    starts = [b * n // BINS for b in range(1, BINS)]
    # Where a run of ties has begun before a bin would start, the bin starts after its end.
    starts = [np.searchsorted(ordered, ordered[at - 1], side="right") if at else 0 for at in starts]
    return np.searchsorted(starts, np.arange(n), side="right")


def area_under_risk_coverage(wrong, confidence):
    """The mean over k of the error rate among the k most confident; ties share their errors evenly."""
    _, run = np.unique(-confidence, return_inverse=True)
    shared = (np.bincount(run, wrong) / np.bincount(run))[np.sort(run)]
    return np.mean(np.cumsum(shared) / np.arange(1, len(wrong) + 1))


def mean(values):
    """The mean of those that are defined."""
    known = [value for value in values if value is not None]
    return np.mean(known) if known else None


def from_answers(gold, answers):
    """The metrics that need no scores."""
    columns = metrics.precision_recall_fscore_support(gold, answers, labels=LABELS, zero_division=0)
    precision, recall, f1, support = (column.tolist() for column in columns)
    per_class = [
        {"support": support[c], "precision": precision[c], "recall": recall[c], "f1": f1[c]} for c in LABELS
    ]
    return {
        "n": len(gold),
        "macro_f1": metrics.f1_score(gold, answers, labels=LABELS, average="macro", zero_division=0),
        "f1_pn": metrics.f1_score(gold, answers, labels=[0, 2], average="macro", zero_division=0),
        "accuracy": metrics.accuracy_score(gold, answers),
        "balanced_accuracy": metrics.balanced_accuracy_score(gold, answers),
        "mcc": metrics.matthews_corrcoef(gold, answers),
        "kappa": metrics.cohen_kappa_score(gold, answers, labels=LABELS),
        "qwk": metrics.cohen_kappa_score(gold, answers, labels=LABELS, weights="quadratic"),
        "per_class": per_class,
        "confusion": metrics.confusion_matrix(gold, answers, labels=LABELS).tolist(),
    }


def from_scores(gold, answers, scores):
    """The metrics of all classes together that need scores, and those of each class."""
    per_class = []
    for is_class, score in zip(np.eye(3, dtype=bool)[gold].T, scores.T):
        support = is_class.sum()
        row = {
            "auroc": metrics.roc_auc_score(is_class, score) if 0 < support < len(gold) else None,
            "auprc": metrics.average_precision_score(is_class, score) if support else None,
            "ece": calibration_error(equal_width(score), is_class, score),
        }
        per_class.append(row)
    right, confidence = gold == answers, scores.max(1)
    order = np.argsort(confidence, kind="stable")
    brier = ((scores - np.eye(3)[gold]) ** 2).sum(1).mean()
    theirs = metrics.brier_score_loss(gold, scores, labels=LABELS, scale_by_half=False)
    assert math.isclose(brier, theirs, rel_tol=1e-12)
    together = {
        "auroc": mean(row["auroc"] for row in per_class),
        "auprc": mean(row["auprc"] for row in per_class),
        "nll": metrics.log_loss(gold, scores, labels=LABELS),
        "brier": brier,
        "ece": calibration_error(equal_width(confidence), right, confidence),
        "ece_mass": calibration_error(equal_mass(confidence[order]), right[order], confidence[order]),
        "aurc": area_under_risk_coverage(~right, confidence),
    }
    return together, per_class


def case(name, gold, scores):
    # A quotient of whole numbers is the same on every machine, and equal shares stay equal.
    scores = scores / scores.sum(1, keepdims=True)
    answers = scores.argmax(1)
    expected = from_answers(gold, answers)
    together, per_class = from_scores(gold, answers, scores)
    for row, more in zip(expected["per_class"], per_class):
        row |= more
    lists = {"gold": gold.tolist(), "answers": answers.tolist(), "scores": scores.tolist()}
    return {"name": name} | lists | {"expected": rounded(expected | together)}


def without_scores(case):
    """`case` as of a system that gives nothing but answers."""
    gold, answers = case["gold"], case["answers"]
    absent = dict.fromkeys(["auroc", "auprc", "nll", "brier", "ece", "ece_mass", "aurc"])
    expected = from_answers(gold, answers) | absent
    for row in expected["per_class"]:
        row |= dict.fromkeys(["auroc", "auprc", "ece"])
    lists = {"gold": gold, "answers": answers, "scores": None}
    return {"name": case["name"] + ", without scores"} | lists | {"expected": rounded(expected)}


def mcnemar(b, c):
    n = b + c
    p = binomtest(min(b, c), n, 0.5).pvalue if n else 1.0
    # Both tails are alike; where they meet, they count the middle twice.
    tails = Fraction(2 * sum(math.comb(n, k) for k in range(min(b, c) + 1)), 2**n)
    assert math.isclose(p, min(1, tails), rel_tol=1e-9)
    return {"b": b, "c": c, "p": rounded(float(min(1, tails)))}


def holm(p):
    """The i-th smallest of m counts m - i + 1 times, and none comes out below a smaller one."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(np.arange(len(p), 0, -1) * np.array(p)[order]))
    return {"p": p, "adjusted": rounded(adjusted.tolist())}


def quantiles(values, q):
    return {"values": values, "q": q, "expected": rounded(np.quantile(values, q, method="linear").tolist())}


def rounded(value):
    """`value` with every number in it to 12 significant digits, and null for what is not a number."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if value is None or isinstance(value, int):
        return value
    return None if math.isnan(value) else float(f"{value:.12g}")


def main():
    # It warns where a metric is not defined or a class is missing: many of the cases are there for that.
    warnings.filterwarnings("ignore", module="sklearn")
    cases = [case(*values) for values in inputs()]
    named = {row["name"]: row for row in cases}
    assert 2 not in named["answers lack class 2"]["answers"]
    assert {*named["one class in gold and answers"]["answers"]} == {0}
    assert {*np.ravel(named["scores of 0 and 1"]["scores"])} == {0, 0.5, 1}
    cases.append(without_scores(named["tiny"]))
    counts = [(0, 0), (1, 0), (0, 5), (3, 3), (4, 5), (25, 10), (150, 190), (1440, 1560), (1000, 2000)]
    known = holm([0.01, 0.04, 0.03, 0.005])
    assert known["adjusted"] == [0.03, 0.06, 0.06, 0.02]
    random = np.random.default_rng(12)
    many = random.uniform(size=12) ** 4
    resampled = random.normal(0.6, 0.05, size=200)
    golden = {
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in ("numpy", "scipy", "scikit-learn")},
        "classification": cases,
        "mcnemar": [mcnemar(b, c) for b, c in counts],
        "holm": [known, holm([0.2]), holm([0.5, 0.0, 0.02, 0.02, 1.0]), holm(many.round(6).tolist())],
        "quantiles": [
            quantiles([3.0, -1.0, 2.0, 2.0, 10.0], [0.0, 0.1, 0.25, 0.5, 0.9, 1.0]),
            quantiles([0.7], [0.0, 0.025, 0.5, 1.0]),
            quantiles(resampled.round(6).tolist(), [0.025, 0.05, 0.5, 0.95, 0.975]),
        ],
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(golden, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
    for row in cases:
        shown = {key: row["expected"][key] for key in ("macro_f1", "qwk", "auroc", "nll", "ece", "ece_mass", "aurc")}
        values = "  ".join(f"{key} {'null' if value is None else f'{value:.3f}'}" for key, value in shown.items())
        print(f"{row['expected']['n']:5}  {row['name']:30}  {values}")
    others = ", ".join(f"{len(golden[key])} of {key}" for key in ("mcnemar", "holm", "quantiles"))
    size = FILE.stat().st_size
    print(f"and {others}: {size:,} bytes")
    if size >= LIMIT:
        raise SystemExit(f"the golden values must stay under {LIMIT:,} bytes")


if __name__ == "__main__":
    main()
