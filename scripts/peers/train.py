"""Train in PyTorch on exactly the batches that `regard train` takes, to compare speed, memory and quality.

    regard train --config FILE --dry-run --batches BATCHES
    python scripts/peers/train.py BASE BATCHES [OUT] [--dtype f32|bf16] [--seed N] [--threads N] [--steps N] [--warm N]

BASE is the directory of the base model, or of a `span` checkpoint whose heads are trained on. The environment is that
of scripts/reference-requirements.txt.

BATCHES holds JSON lines. The first is {"config": {"seed", "steps", "sentiment_weight", "optimizer": {"lr",
"head_lr", "weight_decay", "betas", "eps", "clip"}, "frozen": [names of tensors]}}, every other one a step:
{"factor", "sentences": [{"ids", "targets", "stance", "stance_possible", "sentiment", "sentiment_possible"}]}, where
`factor` multiplies the rates, `targets` are the tokens of each target's mentions, `stance` has a distribution a target,
`sentiment` one or null, and `possible` says which classes take part in a label's softmax.
"config" may also hold "target", "loss" and "trained" as the experiment has them: what is not done here is refused.
So the data, their order, the rates and the trained parameters are given; only the arithmetic is done here, the way one
would write it in PyTorch: padded batches, SDPA attention, the library's fused AdamW and, for bf16, autocast.

OUT, where given, gets the checkpoint after the last step, which `regard eval --model OUT` reads.

The last line on stdout is {"engine", "tokens_per_s", "steps", "tokens", "timed_tokens", "seconds", "peak_mb",
"loss_first", "loss_last"}. Tokens are real ones, without padding. The time, and its tokens, are those of the steps
after the first `--warm` ones; reading BATCHES, loading and saving are not in it. The peak is that of the whole process
but for saving, in megabytes.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import time
from itertools import islice
from pathlib import Path

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel
from transformers.utils import logging

HEADS = ("stance_head.", "sentiment_head.")
IMPOSSIBLE = -1e4
# All that is done here of what an experiment may ask for.
ONLY = {
    "target": "span",
    "trained.layers": "full",
    "trained.embeddings": "frozen",
    "loss.smoothing": 0,
    "loss.adversarial": 0,
    "loss.stance_classes": [1, 1, 1],
    "loss.sentiment_classes": [1, 1, 1],
    "optimizer.layer_decay": 1,
    "optimizer.average": 0,
}
# As BERT's own weights were drawn.
SPREAD = 0.02


class Head(torch.nn.Module):
    """Dropout, dense, tanh, dropout, three classes."""

    def __init__(self, inputs, width, rate):
        super().__init__()
        self.dropout = torch.nn.Dropout(rate)
        self.dense = torch.nn.Linear(inputs, width)
        self.out = torch.nn.Linear(width, 3)
        for layer in (self.dense, self.out):
            torch.nn.init.normal_(layer.weight, std=SPREAD)
            torch.nn.init.zeros_(layer.bias)

    def forward(self, features):
        inner = torch.tanh(self.dense(self.dropout(features)))
        return self.out(self.dropout(inner))


class Model(torch.nn.Module):
    """An encoder that reads each sentence once, and a head for each of the two questions."""

    def __init__(self, base):
        super().__init__()
        options = dict(dtype=torch.float32, attn_implementation="sdpa", add_pooling_layer=False)
        self.encoder = AutoModel.from_pretrained(base, **options)
        # Only spares a row its gradient. Where the configuration names another token than the padding, that is wrong.
        self.encoder.embeddings.word_embeddings.padding_idx = None
        config = self.encoder.config
        width, rate = config.hidden_size, config.hidden_dropout_prob
        rate = rate if getattr(config, "classifier_dropout", None) is None else config.classifier_dropout
        self.stance_head = Head(2 * width, width, rate)
        self.sentiment_head = Head(width, width, rate)
        if (getattr(config, "regard", None) or {}).get("target") == "span":
            stored = load_file(Path(base) / "model.safetensors")
            if any(tensor.dtype in (torch.int8, torch.uint8) for tensor in stored.values()):
                raise SystemExit(f"{base}: expected matrices of floats, found integers, which PyTorch would not scale")
            self.load_state_dict({name: stored[name] for name in stored if name.startswith(HEADS)}, strict=False)

    def forward(self, batch):
        arguments = dict(input_ids=batch["ids"], attention_mask=batch["mask"])
        hidden = self.encoder(**arguments).last_hidden_state
        stance = sentiment = None
        if len(batch["owners"]):
            # Rows of the flattened states, gathered for every token of every mention, each with its share of the mean.
            parts = hidden.flatten(0, 1)[batch["tokens"]] * batch["shares"]
            means = torch.zeros(len(batch["owners"]), hidden.shape[-1], dtype=parts.dtype)
            means = means.index_add(0, batch["token_owners"], parts)
            stance = self.stance_head(torch.cat([hidden[batch["owners"], 0], means], dim=1))
        if len(batch["judged"]):
            sentiment = self.sentiment_head(hidden[batch["judged"], 0])
        return stance, sentiment


def tensors(sentences, pad):
    """The tensors of one step, padded on the right to the longest sentence."""
    longest = max(len(sentence["ids"]) for sentence in sentences)
    ids = torch.full((len(sentences), longest), pad)
    mask = torch.zeros(len(sentences), longest, dtype=torch.long)
    owners, tokens, token_owners, shares = [], [], [], []
    for row, sentence in enumerate(sentences):
        count = len(sentence["ids"])
        ids[row, :count] = torch.tensor(sentence["ids"])
        mask[row, :count] = 1
        for target in sentence["targets"]:
            tokens += [row * longest + token for token in target]
            token_owners += [len(owners)] * len(target)
            shares += [1 / len(target)] * len(target)
            owners.append(row)
    judged = [row for row, sentence in enumerate(sentences) if sentence["sentiment"] is not None]
    stance = labels(
        [label for sentence in sentences for label in sentence["stance"]],
        [possible for sentence in sentences for possible in sentence["stance_possible"]],
    )
    sentiment = labels(
        [sentences[row]["sentiment"] for row in judged], [sentences[row]["sentiment_possible"] for row in judged]
    )
    return {
        "ids": ids,
        "mask": mask,
        "owners": torch.tensor(owners, dtype=torch.long),
        "tokens": torch.tensor(tokens, dtype=torch.long),
        "token_owners": torch.tensor(token_owners, dtype=torch.long),
        "shares": torch.tensor(shares).unsqueeze(1),
        "judged": torch.tensor(judged, dtype=torch.long),
        "stance": stance,
        "sentiment": sentiment,
    }


def labels(distributions, possible):
    """The distributions, and what is added to the logits so that impossible classes are out."""
    distributions = torch.tensor(distributions, dtype=torch.float32).view(-1, 3)
    possible = torch.tensor(possible, dtype=torch.bool).view(-1, 3)
    return distributions, torch.zeros(possible.shape).masked_fill(~possible, IMPOSSIBLE)


def cross_entropy(logits, answers):
    """Sum over the labels."""
    distributions, mask = answers
    return -(distributions * torch.log_softmax(logits.float() + mask, dim=1)).sum()


def loss_of(logits, batch, sentiment_weight):
    """Mean over the labels, where a label of sentiment counts `sentiment_weight`; None where there are none."""
    stance, sentiment = logits
    count = len(batch["owners"]) + sentiment_weight * len(batch["judged"])
    parts = []
    if stance is not None:
        parts.append(cross_entropy(stance, batch["stance"]))
    if sentiment is not None:
        parts.append(sentiment_weight * cross_entropy(sentiment, batch["sentiment"]))
    return sum(parts) / count if count else None


def check(config):
    """Refuse an experiment that asks for more than is done here; what it does not tell, it does not ask for."""
    for key, expected in ONLY.items():
        section, _, name = key.rpartition(".")
        found = (config.get(section, {}) if section else config).get(name, expected)
        if found != expected:
            raise SystemExit(f"{key}: expected {json.dumps(expected)}, found {json.dumps(found)}")


def stored_name(name):
    """What a checkpoint calls the model's parameter `name`."""
    return name.removeprefix("encoder.") if not name.startswith(HEADS) else name


def optimizer_of(model, config):
    """AdamW in four groups: heads and encoder, each with and without decay. `highest` is a group's rate at factor 1."""
    frozen = set(config["frozen"])
    settings = config["optimizer"]
    groups = {}
    for name, parameter in model.named_parameters():
        name = stored_name(name)
        if name in frozen:
            frozen.remove(name)
            parameter.requires_grad_(False)
            continue
        plain = name.endswith("bias") or "LayerNorm" in name
        groups.setdefault((name.startswith(HEADS), plain), []).append(parameter)
    if frozen:
        raise SystemExit(f"frozen: expected names of tensors, found {', '.join(sorted(frozen))}")
    head_rate = settings.get("head_lr")
    rates = {False: settings["lr"], True: settings["lr"] if head_rate is None else head_rate}
    groups = [
        {"params": parameters, "highest": rates[head], "weight_decay": 0.0 if plain else settings["weight_decay"]}
        for (head, plain), parameters in groups.items()
    ]
    # Fused: the fastest that the library has, with the same numbers.
    options = dict(betas=tuple(settings["betas"]), eps=settings["eps"], fused=True)
    return torch.optim.AdamW(groups, lr=settings["lr"], **options)


def save(model, base, out):
    """Write the checkpoint whole: a directory that is there is a finished one."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    names = ["against", "neutral", "favor"]
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    config |= {
        "id2label": {str(index): name for index, name in enumerate(names)},
        "label2id": {name: index for index, name in enumerate(names)},
        "regard": {"target": "span", "temperature": {"stance": 1.0, "sentiment": 1.0}},
    }
    (partial / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    shutil.copy(base / "tokenizer.json", partial)
    weights = {stored_name(name): parameter.detach().contiguous() for name, parameter in model.named_parameters()}
    save_file(weights, partial / "model.safetensors", metadata={"format": "pt"})
    shutil.rmtree(out, ignore_errors=True)
    partial.rename(out)


def peak_mb():
    """The most memory that this process has held, in megabytes; macOS counts bytes, Linux kibibytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path)
    parser.add_argument("batches", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--seed", type=int, help="of heads and dropout; that of the batches where left out")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="stop after so many")
    parser.add_argument("--warm", type=int, default=5, help="steps before the clock starts")
    arguments = parser.parse_args()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    torch.set_num_threads(arguments.threads)

    with arguments.batches.open(encoding="utf-8") as lines:
        config = json.loads(next(lines))["config"]
        check(config)
        torch.manual_seed(config["seed"] if arguments.seed is None else arguments.seed)
        model = Model(arguments.base).train()
        optimizer = optimizer_of(model, config)
        trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        pad = model.encoder.config.pad_token_id or 0
        steps, tokens, timed, seconds, losses = 0, 0, 0, 0.0, []
        for line in islice(lines, arguments.steps):
            step = json.loads(line)
            start = time.perf_counter()
            batch = tensors(step["sentences"], pad)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.dtype == "bf16"):
                logits = model(batch)
            loss = loss_of(logits, batch, config["sentiment_weight"])
            if loss is not None:
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trained, config["optimizer"]["clip"])
                for group in optimizer.param_groups:
                    group["lr"] = step["factor"] * group["highest"]
                optimizer.step()
                optimizer.zero_grad()
                losses.append(loss.item())
            elapsed = time.perf_counter() - start
            count = sum(len(sentence["ids"]) for sentence in step["sentences"])
            steps += 1
            tokens += count
            if steps > arguments.warm:
                timed += count
                seconds += elapsed
            if steps % 10 == 0:
                rate = timed / seconds if seconds else 0
                print(f"step {steps}  loss {losses[-1]:.4f}  {rate:.0f} tokens/s", file=sys.stderr, flush=True)

    result = {
        "engine": f"torch {arguments.dtype}",
        "tokens_per_s": round(timed / seconds, 1) if seconds else None,
        "steps": steps,
        "tokens": tokens,
        "timed_tokens": timed,
        "seconds": round(seconds, 3),
        "peak_mb": round(peak_mb(), 1),
        "loss_first": losses[0] if losses else None,
        "loss_last": losses[-1] if losses else None,
    }
    if arguments.out:
        save(model, arguments.base, arguments.out)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
