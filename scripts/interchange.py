"""Test that checkpoints pass between regard and transformers, in both directions, with equal answers.

    cargo build --release
    python3 -m venv venv && venv/bin/pip install -r scripts/reference-requirements.txt
    venv/bin/python scripts/interchange.py [--regard target/release/regard] [--pair DIR ...] [--span DIR ...]

Tiny random checkpoints are made for it, `--pair` and `--span` name trained ones to test as well. Tested are:

    read     a pair checkpoint that transformers wrote (BERT, XLM-R, labels in any order) answers alike in regard
    pair     a pair checkpoint that regard wrote loads in AutoModelForSequenceClassification, no tensor missing or left
             over, its names have the prefix that transformers 4 insists on, and it answers alike
    span     the encoder of a `span` checkpoint that regard wrote loads in AutoModel, nothing missing but the pooler and
             nothing left over but regard's heads; the heads applied to its hidden states answer as regard does

For each, AutoTokenizer makes the tokens that tokenizer.json makes. Alike means that log-probabilities, at the
checkpoint's temperature, differ by at most 1e-4. regard's are those of `regard eval --save`, on sentences written here.
Where no trained checkpoint is at hand, `regard trim` is what writes.

One line a check goes to stderr, JSON of them all to stdout; the exit status is 1 where one failed.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer
from transformers import __version__ as TRANSFORMERS
from transformers.utils import logging

TOLERANCE = 1e-4
SIZE = 32
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
STANCE = ["against", "neutral", "favor"]
SENTIMENT = ["negative", "neutral", "positive"]
# What stands for a label in a checkpoint made here; the rest are called as regard calls them.
ALIASES = {"none": "neutral"}
HEADS = {
    f"{head}_head.{layer}.{part}"
    for head in ("stance", "sentiment")
    for layer in ("dense", "out")
    for part in ("weight", "bias")
}
POOLER = {"pooler.dense.weight", "pooler.dense.bias"}
SENTENCES = [
    ("en", "The union leaders praised Keller and booed the minister.", ["Keller", "the minister"]),
    ("en", "Nobody in Harlow wants the new airport.", ["the new airport", "Harlow"]),
    ("ar", "رحب الأطباء بقرار الوزارة وانتقدوا المصرف.", ["الوزارة", "المصرف"]),
    ("ar", "قالت سلمى إن الميناء سيفتح غدا.", ["سلمى", "الميناء"]),
    ("ru", "Жители посёлка благодарят Орлову, но не верят банку.", ["Орлову", "банку"]),
    ("ru", "Завод, по словам Петрова, закроют осенью.", ["Петрова", "Завод"]),
    ("ko", "학생들은 박 교수를 칭찬했지만 학교를 비판했다.", ["박 교수", "학교"]),
    ("ko", "정부는 내일 새 항구를 연다.", ["정부", "항구"]),
]


def examples():
    """The sentences in the schema of eval/README.md: one line a target, and one for the sentiment."""
    for number, (language, text, targets) in enumerate(SENTENCES):
        shared = {"dataset": "interchange", "lang": language, "text": text}
        for target in targets:
            start = text.index(target)
            place = {"target": target, "target_start": start, "target_end": start + len(target)}
            yield {"id": f"{number} {target}"} | shared | place | {"label": "neutral"}
        yield {"id": f"{number}"} | shared | {"sentiment": "neutral"}


def unigram():
    """A tokenizer like XLM-R's whose pieces are the characters of the sentences and some longer ones."""
    words = {"▁" + word for _, text, _ in SENTENCES for word in text.split()}
    pieces = {word[at : at + width] for word in words for width in (1, 2, 4) for at in range(len(word))}
    # No two score the same: there is one best way to cut a text.
    ranked = enumerate(sorted(pieces, key=lambda piece: (-len(piece), piece)))
    scores = [(piece, 0.0) for piece in SPECIAL] + [(piece, -3 - rank / 100) for rank, piece in ranked]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=SPECIAL.index("<unk>")))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(SPECIAL)
    marks = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> </s> $B </s>", marks)
    return tokenizer


def settings(family, tokenizer, labels):
    """The configuration of a tiny model. Texts are cut as XLM-R's whatever the family, as those of E5 are."""
    sizes = dict(hidden_size=SIZE, num_hidden_layers=2, num_attention_heads=4, intermediate_size=2 * SIZE)
    sizes |= dict(vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=130, pad_token_id=1)
    sizes |= dict(bos_token_id=0, eos_token_id=2, tokenizer_class="XLMRobertaTokenizer")
    named = dict(id2label=dict(enumerate(labels)), label2id={label: index for index, label in enumerate(labels)})
    return AutoConfig.for_model(family, **sizes, **named)


def randomize(model, seed):
    """Large weights, none of the usual 0 or 1, so that a term that is left out shows in the answers."""
    draw = random.Random(seed).gauss
    for name, parameter in model.named_parameters():
        centre = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        values = [draw(centre, 0.2) for _ in range(parameter.numel())]
        parameter.data = torch.tensor(values).view(parameter.shape)


def write_pair(directory, family, labels, temperature):
    """A pair checkpoint as transformers writes it, with our section where there is a temperature."""
    tokenizer = unigram()
    model = AutoModelForSequenceClassification.from_config(settings(family, tokenizer, labels))
    randomize(model, family)
    if temperature is not None:
        model.config.regard = {"target": "pair", "temperature": {"stance": temperature, "sentiment": 1.0}}
    model.save_pretrained(directory)
    tokenizer.save(str(directory / "tokenizer.json"))
    return directory


class Head(torch.nn.Module):
    """A head of a `span` checkpoint, dropout off."""

    def __init__(self, inputs, width):
        super().__init__()
        self.dense = torch.nn.Linear(inputs, width)
        self.out = torch.nn.Linear(width, 3)

    def forward(self, features):
        return self.out(torch.tanh(self.dense(features)))


def write_span(directory, family):
    """A `span` checkpoint, for regard to write again."""
    tokenizer = unigram()
    config = settings(family, tokenizer, STANCE)
    config.regard = {"target": "span", "temperature": {"stance": 1.7, "sentiment": 0.6}}
    model = AutoModel.from_config(config, add_pooling_layer=False)
    model.stance_head, model.sentiment_head = Head(2 * SIZE, SIZE), Head(SIZE, SIZE)
    randomize(model, "span")
    directory.mkdir()
    config.architectures = [type(model).__name__]
    config.save_pretrained(directory)
    save_file(model.state_dict(), directory / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save(str(directory / "tokenizer.json"))
    return directory


class Checks:
    """What was tested and what came of it."""

    def __init__(self):
        self.all = []

    def add(self, checkpoint, check, passed, found):
        self.all.append({"checkpoint": checkpoint, "check": check, "passed": bool(passed), "found": found})
        print(f"{'ok  ' if passed else 'FAIL'}  {checkpoint:<28} {check}: {found}", file=sys.stderr, flush=True)

    def alike(self, checkpoint, theirs, ours):
        """Log-probabilities by example, transformers' and regard's."""
        if theirs.keys() != ours.keys() or not theirs:
            found = f"{len(ours)} answers of regard to {len(theirs)} questions"
            return self.add(checkpoint, "answers", False, found)
        worst = max(abs(a - b) for key in theirs for a, b in zip(theirs[key], ours[key], strict=True))
        self.add(checkpoint, "answers", worst <= TOLERANCE, f"{len(theirs)} differ by at most {worst:.1e}")


def regard_answers(regard, directory, kinds, scratch):
    """Log-probabilities that regard gives, in the house's label order, by example."""
    rows = [row for row in examples() if ("label" in row) in kinds]
    data, answers = scratch / "data.jsonl", scratch / "answers.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    command = [regard, "eval", "--model", directory, "--device", "cpu", "--data", data, "--save", answers]
    done = subprocess.run([*command, "--draws", "0", "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"regard eval {directory}: exit status {done.returncode}\n{done.stderr}")
    names = {row["id"]: STANCE if "label" in row else SENTIMENT for row in rows}
    lines = map(json.loads, answers.read_text(encoding="utf-8").splitlines())

    def log(score):
        # A probability that is too small for f32 has no logarithm, and will not do.
        return math.log(score) if score > 0 else -math.inf

    return {line["id"]: [log(line["scores"][name]) for name in names[line["id"]]] for line in lines}


def trimmed(regard, directory, output, scratch):
    """The checkpoint in `directory` as regard writes it, its vocabulary somewhat smaller."""
    texts = scratch / "texts.txt"
    texts.write_text("\n".join(text for _, text, _ in SENTENCES) + "\n", encoding="utf-8")
    pieces = Tokenizer.from_file(str(directory / "tokenizer.json")).get_vocab_size() * 3 // 4
    command = [regard, "trim", directory, output, "--pieces", str(pieces), "--text", texts]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"regard trim {directory}: exit status {done.returncode}\n{done.stderr}")
    return output


def temperature(config, question):
    """The temperature that config.json names, 1 where it names none."""
    section = getattr(config, "regard", None) or {}
    return section.get("temperature", {}).get(question, 1.0)


def check_tokens(checks, name, directory):
    """AutoTokenizer against tokenizer.json, for sentences and pairs. Its token types, where it gives none, are 0."""
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    auto = AutoTokenizer.from_pretrained(directory)
    wrong = []
    for _, text, targets in SENTENCES:
        for texts in [(text,), (text, targets[0])]:
            want, got = tokenizer.encode(*texts), auto(*texts)
            types = got.get("token_type_ids", [0] * len(got["input_ids"]))
            if (want.ids, want.type_ids) != (got["input_ids"], types):
                wrong.append(text)
    found = f"{wrong[0]!r} is cut another way" if wrong else f"as tokenizer.json's, by {type(auto).__name__}"
    checks.add(name, "tokens", not wrong, found)
    return tokenizer


def arguments_of(encoding):
    """One unpadded sequence."""
    return {
        "input_ids": torch.tensor([encoding.ids]),
        "attention_mask": torch.ones(1, len(encoding.ids), dtype=torch.long),
        "token_type_ids": torch.tensor([encoding.type_ids]),
    }


def check_pair(checks, regard, name, directory, scratch, written):
    """A pair checkpoint that is in `directory`; `written` says that regard wrote it."""
    load = AutoModelForSequenceClassification.from_pretrained
    try:
        model, info = load(directory, dtype=torch.float32, output_loading_info=True)
    except (OSError, RuntimeError, ValueError) as error:
        return checks.add(name, "loads", False, str(error))
    odd = {key: sorted(map(str, value)) for key, value in info.items() if value}
    checks.add(name, "loads", not odd, odd or f"in {type(model).__name__}, no tensor missing or left over")
    if written:
        prefix = model.base_model_prefix + "."
        with safe_open(directory / "model.safetensors", "pt") as file:
            bare = [key for key in file.keys() if not key.startswith((prefix, "classifier."))]
        found = f"{len(bare)} without it, such as {bare[0]}" if bare else f"all have {prefix}"
        checks.add(name, "prefix", not bare, found)
    tokenizer = check_tokens(checks, name, directory)
    model.eval()
    labels = [model.config.id2label[index].lower() for index in range(3)]
    house = SENTIMENT if "negative" in labels else STANCE
    order = [[ALIASES.get(label, label) for label in labels].index(label) for label in house]
    divisor = temperature(model.config, "stance")
    theirs = {}
    with torch.inference_mode():
        for row in examples():
            if "label" in row:
                logits = model(**arguments_of(tokenizer.encode(row["text"], row["target"]))).logits[0]
                theirs[row["id"]] = torch.log_softmax(logits / divisor, dim=0)[order].tolist()
    checks.alike(name, theirs, regard_answers(regard, directory, [True], scratch))


def check_span(checks, regard, name, directory, scratch):
    """A `span` checkpoint that regard wrote."""
    load = AutoModel.from_pretrained
    try:
        model, info = load(directory, dtype=torch.float32, output_loading_info=True)
    except (OSError, RuntimeError, ValueError) as error:
        return checks.add(name, "loads", False, str(error))
    # Both sets are exact: a head or an encoder's tensor of another name would show in one of them.
    expected = {"missing_keys": POOLER, "unexpected_keys": HEADS}
    odd = {key: sorted(map(str, value)) for key, value in info.items() if value and set(value) != expected.get(key)}
    odd |= {} if set(info["unexpected_keys"]) == HEADS else {"unexpected_keys": sorted(info["unexpected_keys"])}
    checks.add(name, "loads", not odd, odd or f"in {type(model).__name__}, but for pooler and heads")
    if odd:
        return
    tokenizer = check_tokens(checks, name, directory)
    stored = load_file(directory / "model.safetensors")
    heads = {}
    for head in ("stance", "sentiment"):
        prefix = f"{head}_head."
        parameters = {key.removeprefix(prefix): stored[key].float() for key in HEADS if key.startswith(prefix)}
        heads[head] = Head(parameters["dense.weight"].shape[1], parameters["out.weight"].shape[1])
        heads[head].load_state_dict(parameters)
    model.eval()
    theirs = {}
    with torch.inference_mode():
        for row in examples():
            encoding = tokenizer.encode(row["text"])
            hidden = model(**arguments_of(encoding)).last_hidden_state[0]
            if "label" in row:
                first, last = row["target_start"], row["target_end"]
                offsets = enumerate(encoding.offsets)
                # Special tokens cover nothing.
                tokens = [index for index, (start, end) in offsets if start < end and start < last and first < end]
                features, question = torch.cat([hidden[0], hidden[tokens].mean(0)]), "stance"
            else:
                features, question = hidden[0], "sentiment"
            logits = heads[question](features) / temperature(model.config, question)
            theirs[row["id"]] = torch.log_softmax(logits, dim=0).tolist()
    checks.alike(name, theirs, regard_answers(regard, directory, [True, False], scratch))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regard", default="target/release/regard")
    parser.add_argument("--pair", type=Path, nargs="+", default=[], help="pair checkpoints that regard wrote")
    parser.add_argument("--span", type=Path, nargs="+", default=[], help="span checkpoints that regard wrote")
    arguments = parser.parse_args()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    torch.set_num_threads(1)
    regard, checks = arguments.regard, Checks()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for family, labels, degree in [
            ("bert", STANCE, 1.4),
            ("bert", ["positive", "negative", "neutral"], 0.7),
            ("xlm-roberta", ["favor", "against", "none"], None),
        ]:
            name = f"{family} {labels[0]}"
            made = write_pair(scratch / name, family, labels, degree)
            check_pair(checks, regard, f"read  {name}", made, scratch, written=False)
            output = trimmed(regard, made, scratch / f"{name} trimmed", scratch)
            check_pair(checks, regard, f"pair  {name}", output, scratch, written=True)
        for family in ("bert", "xlm-roberta"):
            made = write_span(scratch / f"span {family}", family)
            output = trimmed(regard, made, scratch / f"span {family} trimmed", scratch)
            check_span(checks, regard, f"span  {family}", output, scratch)
        for directory in arguments.pair:
            check_pair(checks, regard, f"pair  {directory}", directory, scratch, written=True)
        for directory in arguments.span:
            check_span(checks, regard, f"span  {directory}", directory, scratch)
    failed = sum(not check["passed"] for check in checks.all)
    print(json.dumps({"transformers": TRANSFORMERS, "failed": failed, "checks": checks.all}, indent=1))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
