"""Make the tiny random checkpoints, and the golden values for them, that the tests of `src/inference` read.

    python3 -m venv venv && venv/bin/pip install -r scripts/reference-requirements.txt
    venv/bin/python scripts/reference.py

Every checkpoint is a folder in the Hugging Face layout under `src/inference/tests/reference/`:

    bert          pairs, WordPiece, f32
    xlm-roberta   pairs, Unigram, f16, its labels in another order
    roberta       single sentences (sentiment), byte-level BPE, bf16 in two shards
    span          sentences with the targets' mentions, WordPiece, two heads of our own on a bare BERT, f32

Beside each stand `golden.json`, where `inputs` holds what every input gives alone and `loss` the mean cross-entropy of
one padded batch of them all, dropout off (`span`: the mean over all targets for the stance plus the mean over the
sentences for the sentiment), and `gradients.safetensors`, the gradient of every parameter for that loss.
The stance towards a target reads the concatenation of h[0] and the mean of h over all tokens that share a character
with any of its mentions, the sentiment h[0] alone, where h is the last hidden state of one pass over the sentence.

The goldens come from the rounded weights, computed in f64: they are what f32 code should approach, and their rounding
does not depend on the machine. The same versions write the same bytes.
"""

import itertools
import json
import os
import random
import re
import shutil
from pathlib import Path

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch.nn.functional import cross_entropy, hardshrink
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification
from transformers.utils import logging

ROOT = Path(__file__).resolve().parent.parent / "src/inference/tests/reference"
LIMIT = 1_000_000
SIZE = 32
# The second sentence has an ellipsis that NFKC makes three characters of, the third an emoji that no tokenizer knows.
UNKNOWN = "🌳"
SENTENCES = [
    ("الوزير يرفض القانون الجديد", ["القانون الجديد"]),
    ("The council backs the bridge… but Ann hates the bridge!", ["the bridge", "council"]),
    (f"Мэр хвалит парк {UNKNOWN}, а Анна против парка.", ["парк", "Анна"]),
    ("시장은 다리를 반대하고 시민은 다리를 원한다.", ["다리", "시장", "시민"]),
]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
CORPUS = [text.replace(UNKNOWN, "") for text, _ in SENTENCES]


def chunks(tokenizer, width):
    """The words of the corpus, each cut every `width` characters, as (where in its word, characters).

    Vocabularies are made of these because the package's trainers for them give another result each time.
    """
    texts = map(tokenizer.normalizer.normalize_str, CORPUS)
    words = {word for text in texts for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)}
    return {(at, word[at : at + width]) for word in words for at in range(0, len(word), width)}


def wordpiece():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece())
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces = {"##" + piece if at else piece for at, piece in chunks(tokenizer, 2)}
    vocabulary = {piece: index for index, piece in enumerate(special + sorted(pieces))}
    tokenizer.model = models.WordPiece(vocabulary, unk_token="[UNK]")
    tokenizer.add_special_tokens(special)
    marks = [("[CLS]", 2), ("[SEP]", 3)]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", marks)
    return tokenizer


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    pieces = {piece for width in (1, 3) for _, piece in chunks(tokenizer, width)}
    # Long pieces win, and no two score the same: there is one best way to cut a text.
    ranked = enumerate(sorted(pieces, key=lambda piece: (-len(piece), piece)))
    scores = [(piece, 0.0) for piece in SPECIAL] + [(piece, -3 - rank / 100) for rank, piece in ranked]
    tokenizer.model = models.Unigram(scores, unk_id=SPECIAL.index("<unk>"))
    tokenizer.add_special_tokens(SPECIAL)
    marks = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> </s> $B </s>", marks)
    return tokenizer


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = dict(special_tokens=SPECIAL, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=300, show_progress=False, **special))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def settings(family, tokenizer, labels, **others):
    """The configuration of a model of `family` whose classes are `labels` in that order."""
    others |= dict(hidden_size=SIZE, num_hidden_layers=2, num_attention_heads=4, intermediate_size=2 * SIZE)
    others |= dict(vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=64)
    if family != "bert":
        # RoBERTa counts positions from after the padding's number: 66 of them take 64 tokens.
        others |= dict(max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5)
        others |= dict(pad_token_id=1, bos_token_id=0, eos_token_id=2)
    others |= dict(id2label=dict(enumerate(labels)), label2id={label: index for index, label in enumerate(labels)})
    return AutoConfig.for_model(family, **others)


def save(name, model, tokenizer, **options):
    """Give `model` random weights, write it as the checkpoint `name`, and return it in f64 as it was written."""
    # Python's own generator, since torch's differs between processors. The weights are large, and none is the usual
    # 0 or 1, so that a term that is left out shows in the outputs.
    draw = random.Random(name).gauss
    for key, parameter in model.named_parameters():
        centre = 1.0 if key.endswith("LayerNorm.weight") else 0.0
        values = [draw(centre, 0.4) for _ in range(parameter.numel())]
        parameter.data = torch.tensor(values, dtype=model.dtype).view(parameter.shape)
    model.save_pretrained(ROOT / name, **options)
    tokenizer.save(str(ROOT / name / "tokenizer.json"), pretty=False)
    return model.double().eval()


def rounded(tensor):
    """The numbers of `tensor` as nested lists, to 7 significant digits."""
    return [rounded(row) for row in tensor] if tensor.dim() else float(f"{tensor.item():.7g}")


def encoded(tokenizer, *texts):
    """The tokens of `texts`; the package counts their offsets in code points, and bytes follow from them."""
    encoding = tokenizer.encode(*texts)
    places = list(zip(encoding.sequence_ids, encoding.offsets))
    return {
        "ids": encoding.ids,
        "type_ids": encoding.type_ids,
        "points": encoding.offsets,
        "bytes": [[len(texts[part or 0][:point].encode()) for point in points] for part, points in places],
    }


def batch(inputs, pad):
    """The model's arguments for `inputs`, padded on the right to the longest."""

    def padded(rows, value=0):
        return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=value)

    return {
        "input_ids": padded([row["ids"] for row in inputs], pad),
        "token_type_ids": padded([row["type_ids"] for row in inputs]),
        "attention_mask": padded([[1] * len(row["ids"]) for row in inputs]),
    }


def write(name, model, loss, inputs):
    """Write the golden values of the checkpoint `name`."""
    loss.backward()
    # The keys' biases cancel in the softmax: what is left of their gradient is noise, another on each machine.
    gradients = {key: hardshrink(parameter.grad, 1e-12).float() for key, parameter in model.named_parameters()}
    save_file(gradients, ROOT / name / "gradients.safetensors")
    golden = json.dumps({"inputs": inputs, "loss": rounded(loss)}, ensure_ascii=False, separators=(",", ":"))
    (ROOT / name / "golden.json").write_text(golden + "\n", encoding="utf-8")


def classifier(name, tokenizer, labels, pairs, dtype=torch.float32, **options):
    """A checkpoint with one label per sentence, or per pair of a sentence and its first target."""
    model = AutoModelForSequenceClassification.from_config(settings(name, tokenizer, labels), dtype=dtype)
    model = save(name, model, tokenizer, **options)
    pad = model.config.pad_token_id
    inputs = []
    for index, (text, targets) in enumerate(SENTENCES):
        texts = {"text": text, "target": targets[0]} if pairs else {"text": text}
        inputs.append(texts | encoded(tokenizer, *texts.values()) | {"label": index % 3})
    reloaded = AutoModelForSequenceClassification.from_pretrained(ROOT / name, dtype=torch.float64).eval()
    together = model(**batch(inputs, pad), labels=torch.tensor([row["label"] for row in inputs]))
    for row, logits in zip(inputs, together.logits):
        alone = model(**batch([row], pad), output_hidden_states=True)
        torch.testing.assert_close(logits, alone.logits[0])
        torch.testing.assert_close(reloaded(**batch([row], pad)).logits, alone.logits, rtol=0, atol=0)
        row |= {"hidden": rounded(alone.hidden_states[-1][0]), "logits": rounded(alone.logits[0])}
    write(name, model, together.loss, inputs)


class Head(torch.nn.Module):
    """One dense layer and the classes; its dropout is off wherever this file computes anything."""

    def __init__(self, width):
        super().__init__()
        self.dense = torch.nn.Linear(width, SIZE)
        self.out = torch.nn.Linear(SIZE, 3)

    def forward(self, features):
        return self.out(torch.tanh(self.dense(features)))


def span(name, tokenizer):
    """A checkpoint of ours: the stance towards each target and the sentiment from one pass over the sentence."""
    config = settings("bert", tokenizer, ["against", "neutral", "favor"], regard={"target": "span"})
    model = AutoModel.from_config(config, add_pooling_layer=False)
    model.stance_head = Head(2 * SIZE)
    model.sentiment_head = Head(SIZE)
    model = save(name, model, tokenizer)
    labels = itertools.cycle([2, 0, 1])  # any will do, as long as they are not all one
    inputs = []
    for text, targets in SENTENCES:
        row = {"text": text} | encoded(tokenizer, text) | {"sentiment": {"label": next(labels)}, "targets": []}
        for target in targets:
            mentions = [match.span() for match in re.finditer(re.escape(target), text)]
            # Special tokens cover nothing, at 0, and so share nothing with any mention.
            shares = [any(start < last and first < end for first, last in mentions) for start, end in row["points"]]
            tokens = [index for index, does in enumerate(shares) if does]
            row["targets"].append({"mentions": mentions, "tokens": tokens, "label": next(labels)})
        inputs.append(row)

    def forward(rows):
        hidden = model(**batch(rows, model.config.pad_token_id)).last_hidden_state
        places = [(h, target["tokens"]) for row, h in zip(rows, hidden) for target in row["targets"]]
        features = torch.stack([torch.cat([h[0], h[tokens].mean(0)]) for h, tokens in places])
        return hidden, model.stance_head(features), model.sentiment_head(hidden[:, 0])

    def loss(logits, examples):
        return cross_entropy(logits, torch.tensor([example["label"] for example in examples]))

    _, stances, sentiments = forward(inputs)
    total = loss(stances, [target for row in inputs for target in row["targets"]])
    total = total + loss(sentiments, [row["sentiment"] for row in inputs])
    for row in inputs:
        hidden, stances, sentiments = forward([row])
        row["hidden"] = rounded(hidden[0])
        row["sentiment"]["logits"] = rounded(sentiments[0])
        for target, logits in zip(row["targets"], stances, strict=True):
            target["logits"] = rounded(logits)
    write(name, model, total, inputs)


def main():
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    shutil.rmtree(ROOT, ignore_errors=True)
    pieces = wordpiece()
    classifier("bert", pieces, ["against", "neutral", "favor"], pairs=True)
    classifier("xlm-roberta", unigram(), ["favor", "against", "none"], pairs=True, dtype=torch.float16)
    sentiments = ["negative", "neutral", "positive"]
    classifier("roberta", byte_level(), sentiments, pairs=False, dtype=torch.bfloat16, max_shard_size="40KB")
    span("span", pieces)
    sizes = {path.relative_to(ROOT): path.stat().st_size for path in sorted(ROOT.rglob("*")) if path.is_file()}
    for path, size in sizes.items():
        print(f"{size:9,}  {path}")
    total = sum(sizes.values())
    print(f"{total:9,}  in all")
    if total >= LIMIT:
        raise SystemExit(f"the reference files must stay under {LIMIT:,} bytes")


if __name__ == "__main__":
    main()
