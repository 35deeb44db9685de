"""Writes a fine-tuned BERT encoder as one eight-bit file for classify/internal/encoder.

    python export.py --checkpoint run.pt --vocab-file vocab.txt --pieces run.pt.pieces --out encoder.model

The checkpoint is a state dict: e.* is a BertModel without its pooler, h.* the
head on concat(h[CLS], mean of all tokens), b[0] an offset of the logits (kept
apart while learning; folded into the head's bias here).

The file, all numbers little-endian unless said otherwise:

    "hugops-encoder-1\\n"
    uint32, big-endian: length of the header
    header, JSON: layers, hidden, heads, ffn, positions, vocab, outputs,
        vocab_bytes, notes
    vocab_bytes bytes: the pieces, one a line, in the order of their numbers
    words: int8 [vocab][hidden], float32 scale [vocab]
    positions (token type 0 added): float32 [positions][hidden]
    embedding LayerNorm: gain, bias
    each layer: linear query|key|value, linear attention output, LayerNorm,
        linear up (ffn), linear down, LayerNorm
    head: float32 [outputs][2*hidden], bias

A LayerNorm is float32 gain [hidden], bias [hidden]. A linear layer is int8
weights, float32 scale [out], float32 bias [out]: weight = int8 * scale of its
row. The int8 weights of 32 rows stand together, so that a vector register
holds the same inputs of neighbouring rows:

    [out/32][in/2][32][2]: the last axis is inputs i and i + in/2

The query is divided by sqrt(hidden/heads) already.
"""
import argparse
import json
import math
import struct
import unicodedata

import numpy as np

MAGIC = b"hugops-encoder-1\n"
PANEL = 32
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def read_pieces(path):
    """The pieces of a vocab.txt, or of a tokenizer.json, in order."""
    if path.endswith(".json"):
        vocab = json.load(open(path, encoding="utf8"))["model"]["vocab"]
        return sorted(vocab, key=vocab.get)
    return open(path, encoding="utf8").read().rstrip("\n").split("\n")


def used_pieces(pieces, paths):
    """How often the texts use each piece, by the full vocabulary."""
    from tokenizers import BertWordPieceTokenizer

    tokenizer = BertWordPieceTokenizer({p: i for i, p in enumerate(pieces)}, lowercase=True)
    counts = {}
    for path in paths:
        lines = open(path, encoding="utf8").read().split("\n")
        for encoding in tokenizer.encode_batch(lines, add_special_tokens=False):
            for piece in encoding.tokens:
                counts[piece] = counts.get(piece, 0) + 1
    return counts


def is_plain_character(piece):
    c = piece.removeprefix("##")
    if len(c) != 1:
        return False
    kind = unicodedata.category(c)
    return kind[0] in "PS" or kind == "Nd" or "LATIN" in unicodedata.name(c, "")


def choose(pieces, counts, size):
    """Numbers of the pieces to keep, in the order of the full vocabulary."""
    must = [p for p in pieces if p in SPECIALS or is_plain_character(p)]
    used = sorted(counts, key=lambda p: -counts[p])
    rest = [p for p in pieces if not p.startswith("[unused") and p != "[MASK]"]
    kept = list(dict.fromkeys(must + used + rest))[:size]
    dropped = set(used) - set(kept)
    if dropped:
        print(f"{len(dropped)} pieces that the texts use do not fit in {size}")
    number = {p: i for i, p in enumerate(pieces)}
    return sorted(number[p] for p in kept)


def quantize(weight):
    """Rows of int8 and their scales: the largest magnitude of a row becomes 127."""
    scale = np.abs(weight).max(1) / 127
    scale[scale == 0] = 1
    scale = scale.astype("<f4")
    return np.clip(np.rint(weight / scale[:, None]), -127, 127).astype(np.int8), scale


def pack(rows):
    out, inner = rows.shape
    assert out % PANEL == 0 and inner % 16 == 0, "dimensions must be multiples of 32"
    return rows.reshape(out // PANEL, PANEL, 2, inner // 2).transpose(0, 3, 1, 2)


class Writer:
    """Collects the tensors; dequantized holds what a float model must compute with to agree."""

    def __init__(self):
        self.parts = []

    def floats(self, *arrays):
        self.parts += [np.ascontiguousarray(a, dtype="<f4").tobytes() for a in arrays]

    def linear(self, weight, bias):
        rows, scale = quantize(weight)
        self.parts.append(np.ascontiguousarray(pack(rows)).tobytes())
        self.floats(scale, bias)

    def table(self, weight):
        rows, scale = quantize(weight)
        self.parts.append(rows.tobytes())
        self.floats(scale)


def encode(state, pieces, keep, heads, positions, notes=""):
    """The bytes of the file; state maps names to float32 arrays."""
    words = state["e.embeddings.word_embeddings.weight"][keep]
    hidden = words.shape[1]
    layers = 1 + max(int(k.split(".")[3]) for k in state if k.startswith("e.encoder.layer."))
    w = Writer()
    w.table(words)
    w.floats(state["e.embeddings.position_embeddings.weight"][:positions] + state["e.embeddings.token_type_embeddings.weight"][0])
    norm = lambda name: w.floats(state[name + ".weight"], state[name + ".bias"])
    linear = lambda name: w.linear(state[name + ".weight"], state[name + ".bias"])
    norm("e.embeddings.LayerNorm")
    for i in range(layers):
        at = f"e.encoder.layer.{i}."
        root = math.sqrt(hidden / heads)
        joined = [
            np.concatenate([state[f"{at}attention.self.{n}.{k}"] / (root if n == "query" else 1) for n in ("query", "key", "value")])
            for k in ("weight", "bias")
        ]
        w.linear(*joined)
        linear(at + "attention.output.dense")
        norm(at + "attention.output.LayerNorm")
        linear(at + "intermediate.dense")
        linear(at + "output.dense")
        norm(at + "output.LayerNorm")
    head, bias = state["h.weight"], state["h.bias"] + state["b"][0]
    w.floats(head, bias)
    block = "".join(pieces[i] + "\n" for i in keep).encode()
    header = json.dumps(
        dict(
            layers=layers,
            hidden=hidden,
            heads=heads,
            ffn=state["e.encoder.layer.0.intermediate.dense.weight"].shape[0],
            positions=positions,
            vocab=len(keep),
            outputs=len(bias),
            vocab_bytes=len(block),
            notes=notes,
        )
    ).encode()
    return b"".join([MAGIC, struct.pack(">I", len(header)), header, block] + w.parts)


def main():
    import torch

    parser = argparse.ArgumentParser(description="write an encoder file")
    parser.add_argument("--checkpoint", required=True, help="state dict (.pt)")
    parser.add_argument("--vocab-file", required=True, help="vocab.txt or tokenizer.json of the checkpoint")
    parser.add_argument("--pieces", help="numbers of the pieces to keep, one a line, as train.py writes them")
    parser.add_argument("--texts", nargs="*", default=[], help="text files whose pieces are kept")
    parser.add_argument("--vocab", type=int, default=14000, help="pieces to keep")
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--positions", type=int, default=128)
    parser.add_argument("--notes", default="")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    state = {k: v.float().numpy() for k, v in torch.load(args.checkpoint, map_location="cpu").items()}
    pieces = read_pieces(args.vocab_file)
    if args.pieces:
        keep = [int(n) for n in open(args.pieces)]
    else:
        keep = choose(pieces, used_pieces(pieces, args.texts), args.vocab)
    data = encode(state, pieces, keep, args.heads, args.positions, args.notes)
    open(args.out, "wb").write(data)
    print(f"{args.out}: {len(keep)} pieces, {len(data) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
