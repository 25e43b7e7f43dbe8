"""Check the sentences in training/authored and print how they are balanced.

    python3 scripts/authored.py [DIRECTORY]

Python 3.11, standard library only. DIRECTORY (training/authored) holds train, dev and test, each with one
LANGUAGE.jsonl a language, the same languages in each. Tested are:

    lines       one compact JSON object a line, UTF-8 in NFC, fields and labels of the schema in its order, ids unique
    targets     offsets, in code points, slice the text to the target; targets of a sentence do not overlap
    sentences   lines of a group agree in text and meta, at most one gives the tone and at least one a target
    splits      no group stands in two files, no text in two groups; train is of other hands than dev and test
    duplicates  no two sentences of a language, as they stand or with their targets left out, share more than 60 % of
                their character 5-grams (Jaccard)
    balance     of the targets of a language and split, each label has 24 to 48 % (who judges is neutral and
                often named); of a language's sentences, at least 40 % have several targets, and more than half
                of those differing labels; no name has more than 8 % of a language's targets

The table goes to stdout, faults go to stderr as FILE:LINE: what is wrong; the exit status is 1 where there is one.
"""

import argparse
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

SPLITS = ["train", "dev", "test"]
LABELS = ["against", "neutral", "favor"]
SENTIMENTS = ["negative", "neutral", "positive"]
TYPES = ["person", "country", "organisation"]
PHENOMENA = "voice quote negation contrast lexical victim irony headline report action".split()
# The fields of a line that has a target, and of one that gives the tone of the sentence.
PLACE = ["target", "target_start", "target_end", "target_type", "label"]
STANCE_FIELDS = ["id", "dataset", "lang", "text", *PLACE, "group", "meta"]
SENTIMENT_FIELDS = ["id", "dataset", "lang", "text", "target", "sentiment", "group", "meta"]
GROUP = re.compile(r"authored-([a-z]+)-([A-Z]{1,2})([1-9][0-9]*)")
# Control characters and marks of direction. Joiners stay: Persian is not spelled without.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
HEADS = ["sentences", "targets", *LABELS, "several", "differing", "tones", *SENTIMENTS]
WIDTH = 5
ALIKE = 0.6
SHARE = (0.24, 0.48)
SEVERAL = 0.40
DIFFERING = 0.50
NAME = 0.08


class Faults:
    """What is wrong, said as it is found."""

    def __init__(self):
        self.count = 0

    def add(self, place, message):
        self.count += 1
        print(f"{place}: {message}", file=sys.stderr)


def parse(line):
    """The object of a line; ValueError says what is wrong with its form."""
    row = json.loads(line.decode("utf-8"))
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    if json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() != line:
        raise ValueError("not compact JSON with each key once and no needless escapes")
    if not unicodedata.is_normalized("NFC", line.decode("utf-8")):
        raise ValueError("not in NFC")
    expected = SENTIMENT_FIELDS if row.get("target") is None else STANCE_FIELDS
    if list(row) != expected:
        raise ValueError(f"expected the fields {', '.join(expected)}, got {', '.join(row)}")
    return row


def faults_of(row, language):
    """What is wrong with one line whose fields are those of the schema."""
    words = [key for key in row if key not in ("target", "target_start", "target_end", "meta")]
    if wrong := [key for key in words if not isinstance(row[key], str) or not row[key]]:
        yield f"not a text that says something: {', '.join(wrong)}"
        return
    if row["dataset"] != "authored" or row["lang"] != language:
        yield f"expected dataset authored and lang {language}, got {row['dataset']} and {row['lang']}"
    if row["text"] != row["text"].strip() or "  " in row["text"] or CONTROL.search(row["text"]):
        yield "text has needless spaces or control characters"
    group = GROUP.fullmatch(row["group"])
    if group is None or group[1] != language:
        yield f"expected a group authored-{language}-HAND and number, got {row['group']}"
    meta = row["meta"]
    if not isinstance(meta, dict) or list(meta) != ["hand", "phenomenon"]:
        yield "expected meta with hand and phenomenon"
    elif meta["phenomenon"] not in PHENOMENA or (group and meta["hand"] != group[2]):
        yield f"no such phenomenon, or not the hand of the group: {meta['phenomenon']}, {meta['hand']}"
    tail = "tone" if row["target"] is None else "[1-9]"
    if re.fullmatch(re.escape(row["group"]) + "-" + tail, row["id"]) is None:
        yield f"expected an id {row['group']}-{tail}, got {row['id']}"
    if row["target"] is None:
        if row["sentiment"] not in SENTIMENTS:
            yield f"unknown sentiment {row['sentiment']}"
        return
    if row["label"] not in LABELS or row["target_type"] not in TYPES:
        yield f"unknown label or type: {row['label']}, {row['target_type']}"
    start, end = row["target_start"], row["target_end"]
    if not (type(start) is type(end) is int and 0 <= start < end <= len(row["text"])):
        yield f"offsets {start} to {end} are not within a text of {len(row['text'])} code points"
    elif row["text"][start:end] != row["target"]:
        yield f"offsets {start} to {end} slice {row['text'][start:end]!r}, not {row['target']!r}"


class Sentence:
    """The lines of a group."""

    def __init__(self, place, split, row):
        self.place, self.split = place, split
        self.language, self.text, self.meta = row["lang"], row["text"], row["meta"]
        self.targets, self.tone = [], None

    def add(self, row):
        """Take a line in; what speaks against it, or None."""
        if (row["text"], row["meta"]) != (self.text, self.meta):
            return f"text or meta differ from those at {self.place}"
        if row["target"] is None:
            if self.tone is not None:
                return f"a second tone of {row['group']}"
            self.tone = row["sentiment"]
            return None
        start, end = row["target_start"], row["target_end"]
        if any(start < target["target_end"] and target["target_start"] < end for target in self.targets):
            return f"target overlaps another of {row['group']}"
        self.targets.append(row)
        return None

    def skeleton(self):
        """The text with its targets left out."""
        text = self.text
        for target in sorted(self.targets, key=lambda target: -target["target_start"]):
            text = text[: target["target_start"]] + "_" + text[target["target_end"] :]
        return text


def grams(text):
    text = text.casefold()
    return {text[at : at + WIDTH] for at in range(max(1, len(text) - WIDTH + 1))}


def jaccard(one, other):
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def read(directory, faults):
    """The sentences by group, from all files."""
    sentences, ids, texts = {}, {}, {}
    languages = sorted({path.stem for split in SPLITS for path in (directory / split).glob("*.jsonl")})
    for split in SPLITS:
        for language in languages:
            path = directory / split / f"{language}.jsonl"
            if not path.is_file():
                faults.add(path, "missing, though another split has this language")
                continue
            lines = path.read_bytes().split(b"\n")
            if lines.pop() != b"":
                faults.add(f"{path}:{len(lines) + 1}", "no line end")
            for number, line in enumerate(lines, 1):
                place = f"{path}:{number}"
                try:
                    row = parse(line)
                except ValueError as error:
                    faults.add(place, error)
                    continue
                wrong = list(faults_of(row, language))
                for message in wrong:
                    faults.add(place, message)
                if wrong:
                    continue
                if (first := ids.setdefault(row["id"], place)) != place:
                    faults.add(place, f"id {row['id']} is that of {first}")
                first = texts.setdefault(row["text"], (row["group"], place))
                if first[0] != row["group"]:
                    faults.add(place, f"text is that of {first[0]} at {first[1]}")
                sentence = sentences.setdefault(row["group"], Sentence(place, split, row))
                if sentence.split != split:
                    faults.add(place, f"group {row['group']} is in {sentence.split} too, at {sentence.place}")
                elif message := sentence.add(row):
                    faults.add(place, message)
    return sentences


def check_sentences(sentences, faults):
    """Targets, hands and near duplicates."""
    train = {sentence.meta["hand"]: sentence.place for sentence in sentences.values() if sentence.split == "train"}
    for group, sentence in sentences.items():
        if not sentence.targets:
            faults.add(sentence.place, f"{group} has no target")
        if sentence.split != "train" and (first := train.pop(sentence.meta["hand"], None)):
            faults.add(first, f"hand {sentence.meta['hand']} writes here and at {sentence.place}")
    by_language = defaultdict(list)
    for sentence in sentences.values():
        by_language[sentence.language].append((sentence, grams(sentence.text), grams(sentence.skeleton())))
    for rows in by_language.values():
        for (one, *own), (other, *its) in combinations(rows, 2):
            degree = max(map(jaccard, own, its))
            if degree > ALIKE:
                faults.add(other.place, f"{degree:.0%} like the sentence at {one.place}")


class Part:
    """What a part of the sentences holds."""

    def __init__(self, sentences):
        self.sentences = len(sentences)
        self.labels = Counter(target["label"] for sentence in sentences for target in sentence.targets)
        self.tones = Counter(sentence.tone for sentence in sentences if sentence.tone)
        self.names = Counter(target["target"].casefold() for sentence in sentences for target in sentence.targets)
        several = [sentence.targets for sentence in sentences if len(sentence.targets) > 1]
        self.several = len(several)
        self.differing = sum(len({target["label"] for target in targets}) > 1 for targets in several)

    def shares(self):
        return {label: self.labels[label] / max(1, self.labels.total()) for label in LABELS}

    def row(self):
        tones = max(1, self.tones.total())
        figures = [self.sentences, self.labels.total(), *(f"{share:.0%}" for share in self.shares().values())]
        figures += [f"{self.several / self.sentences:.0%}", f"{self.differing / max(1, self.several):.0%}"]
        figures += [self.tones.total(), *(f"{self.tones[tone] / tones:.0%}" for tone in SENTIMENTS)]
        return " ".join(f"{figure:>9}" for figure in figures)


def check_balance(directory, sentences, faults):
    """Prints the table."""
    parts = defaultdict(list)
    for sentence in sentences.values():
        for key in (sentence.split, "all"):
            parts[key, sentence.language].append(sentence)
            parts[key, "all"].append(sentence)
    print(f"split lang {' '.join(f'{head:>9}' for head in HEADS)}")
    for split in [*SPLITS, "all"]:
        languages = sorted(language for key, language in parts if key == split and language != "all")
        for language in [*languages, "all"] if languages else []:
            part = Part(parts[split, language])
            print(f"{split:<5} {language:<4} {part.row()}")
            place = directory / ("*" if split == "all" else split) / f"{language}.jsonl"
            if language != "all":
                check_part(place, part, split, faults)


def check_part(place, part, split, faults):
    """Labels are balanced in each split, the rest in a language: a dev split is small."""
    if split != "all":
        for label, share in part.shares().items():
            if not SHARE[0] <= share <= SHARE[1]:
                faults.add(place, f"{share:.1%} of the targets are {label}, not {SHARE[0]:.0%} to {SHARE[1]:.0%}")
        return
    if part.several < SEVERAL * part.sentences:
        faults.add(place, f"{part.several} of {part.sentences} sentences have several targets, below {SEVERAL:.0%}")
    if part.differing <= DIFFERING * part.several:
        faults.add(place, f"{part.differing} of {part.several} sentences with several targets have differing labels")
    for name, count in part.names.most_common(1):
        if count > NAME * part.labels.total():
            faults.add(place, f"{name} is {count} of {part.labels.total()} targets, more than {NAME:.0%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?", default=Path("training/authored"))
    directory = parser.parse_args().directory
    faults = Faults()
    sentences = read(directory, faults)
    if not sentences:
        faults.add(directory, "no sentences")
    check_sentences(sentences, faults)
    check_balance(directory, sentences, faults)
    print(f"{len(sentences)} sentences, {faults.count} faults", file=sys.stderr)
    sys.exit(1 if faults.count else 0)


if __name__ == "__main__":
    main()
