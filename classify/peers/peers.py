#!/usr/bin/env python3
"""Trains peers of hugops' stance model on its labelled inputs and writes what they say of FILE,
for "hugops eval --peer NAME=PREDICTIONS". `make eval` runs it.

    peers.py --sets DIR --out DIR FILE

FILE: JSON lines with text and label, or fields parted by tabs under a header line.
Out:  DIR/NAME.tsv for each peer: line in FILE, stance, probabilities of support, venting, neutral.
Texts of FILE are left out of what is learnt; nothing is fitted to FILE.
"""
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread a process; encode() starts one process a core

import argparse
import collections
import glob
import hashlib
import html
import json
import multiprocessing
import pathlib
import re
import sys
import tempfile

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import sets
from encoder import Encoder
from sets import table

STANCES = ["support", "venting", "neutral"]
NEAR = {"0": 0.3, "1": 0.6, "2": 1.0}  # weight of a relabelled row by how near it is to a post about an outage
# own: the label is that of a public set, and was not given for the stance
Row = collections.namedtuple("Row", "text lang label weight own", defaults=[False])


def key(text):
    """What texts are told apart by: letters and digits only, as in classify/train/sets.go."""
    return "".join(c.lower() for c in text if c.isalnum())


def key_hash(text):
    return hashlib.sha256(key(text).encode()).hexdigest()[:12]


def read_corpus(folder):
    return [Row(r["text"], r["lang"], r["label"], 1.0) for path in sorted(glob.glob(f"{folder}/*.tsv")) for r in table(path)]


def read_pairs(path):
    """Both posts of each minimal pair of those that the stance model learns from."""
    return [Row(r["text_" + half], r["lang"], r["label_" + half], 1.0) for r in table(path) for half in "ab"]


def read_sets(folder, labels):
    """Rows of public sets: by the label that a reader gave them for their stance, else by the set's own."""
    read = {r["key"]: r for path in sorted(glob.glob(f"{labels}/*.tsv")) for r in table(path)}
    relabelled, others = [], []
    for text, stance, weight in sets.rows(folder):
        found = read.get(key_hash(text))
        if found is None and stance:
            others.append(Row(text, "en", stance, weight, True))
        elif found and found["label"] in STANCES:
            relabelled.append(Row(text, "en", found["label"], NEAR[found["near"]]))
    return relabelled, others


def read_posts(path):
    """(line, text) of the posts to read."""
    posts, names = [], None
    for number, line in enumerate(open(path, encoding="utf-8-sig", newline="\n"), 1):
        if not line.strip():
            continue
        if names is None and line.lstrip()[0] == "{":
            posts.append((number, json.loads(line)["text"]))
        elif names is None:
            names = line.rstrip("\r\n").split("\t")
        else:
            posts.append((number, dict(zip(names, line.rstrip("\r\n").split("\t")))["text"]))
    return posts


def without(rows, posts):
    """Leaves out what repeats, and what the posts hold, as a whole or from the beginning on."""
    seen = {key(text)[:60] for _, text in posts}
    kept = []
    for r in rows:
        k = key(r.text)
        if len(k) >= 3 and k[:60] not in seen and k not in seen:
            seen.add(k)
            kept.append(r)
    return kept


def plain(text):
    """Entities decoded, white space folded, addresses shortened."""
    return " ".join(re.sub(r"https?://\S+", "http", html.unescape(text)).split())


def logistic(x, rows, c):
    """Each class weighs the same in all."""
    total = collections.Counter()
    for r in rows:
        total[r.label] += r.weight
    weights = [r.weight / total[r.label] * len(rows) / len(STANCES) for r in rows]
    model = LogisticRegression(C=c, max_iter=500, random_state=1)
    return model.fit(x, [STANCES.index(r.label) for r in rows], sample_weight=weights)


def tfidf(rows, texts):
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"\w+|[^\w\s]")
    chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    learnt = [plain(r.text) for r in rows]
    x = hstack([words.fit_transform(learnt), chars.fit_transform(learnt)]).tocsr()
    model = logistic(x, rows, TFIDF_C)
    return model.predict_proba(hstack([words.transform(texts), chars.transform(texts)]).tocsr())


def encode_part(texts):
    return Encoder().encode(texts)


def encode(texts, cache):
    """Sentence vectors, on all cores; those of an earlier run come from the cache."""
    names = [hashlib.sha256(t.encode()).hexdigest()[:16] for t in texts]
    known = {}
    if cache.exists():
        with np.load(cache) as kept:
            known = dict(zip(kept["names"].tolist(), kept["vectors"]))
    new = sorted({n: t for n, t in zip(names, texts) if n not in known}.items())
    if new:
        print(f"peers: reading {len(new)} texts with the encoder …", file=sys.stderr)
        n = min(multiprocessing.cpu_count(), len(new))
        with multiprocessing.get_context("spawn").Pool(n) as pool:
            parts = pool.map(encode_part, [[t for _, t in new[i::n]] for i in range(n)])
        for i, part in enumerate(parts):
            known.update(zip((name for name, _ in new[i::n]), part))
        np.savez(cache, names=np.array(names), vectors=np.array([known[n] for n in names]))
    return np.array([known[n] for n in names])


def encoder(rows, texts, cache):
    """English rows only: the encoder knows no other language well. It is slow, so of rows by their
    sets' own labels it learns from some, drawn evenly."""
    rows = [r for r in rows if r.lang == "en"]
    others = [r for r in rows if r.own]
    rows = [r for r in rows if not r.own] + others[:: max(1, len(others) // ENCODER_OTHERS)]
    vectors = encode([plain(r.text) for r in rows] + list(texts), cache)
    return logistic(vectors[: len(rows)], rows, ENCODER_C).predict_proba(vectors[len(rows) :])


def fasttext_text(text):
    return " ".join(re.findall(r"\w+|[^\w\s]", plain(text).lower()))


def fasttext(rows, texts):
    import fasttext as ft

    lines = {s: [r for r in rows if r.label == s] for s in STANCES}
    most = max(map(len, lines.values()))  # rows of rarer classes are repeated, since it knows no weights
    rows = [lines[s][i % len(lines[s])] for i in range(most) for s in STANCES]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as f:
        for r in rows:
            f.write(f"__label__{r.label} {fasttext_text(r.text)}\n")
        f.flush()
        model = ft.train_supervised(f.name, thread=1, seed=1, verbose=0, **FASTTEXT)
    out = np.zeros((len(texts), 3))
    for i, text in enumerate(texts):
        for label, p in zip(*model.predict(fasttext_text(text), k=3)):
            out[i, STANCES.index(label.removeprefix("__label__"))] = p
    return out / out.sum(1, keepdims=True)


# Chosen on a fifth of the English inputs, held out (README.md).
TFIDF_C = 4.0
ENCODER_C = 3.0
ENCODER_OTHERS = 8000
FASTTEXT = dict(dim=100, lr=0.2, epoch=10, wordNgrams=2, bucket=500_000, loss="softmax")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--corpus", default="classify/corpus", help="folder of labelled posts")
    a.add_argument("--pairs", default="classify/pairs/learnt.tsv", help="file of minimal pairs to learn from")
    a.add_argument("--labels", default="classify/labels", help="folder of labels for rows of public sets")
    a.add_argument("--sets", help="folder of those public sets; without it only corpus and pairs are learnt")
    a.add_argument("--peers", default="fasttext encoder tfidf", help="which, parted by spaces")
    a.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="folder to write to")
    a.add_argument("file", metavar="FILE", help="posts to read")
    a = a.parse_args()

    posts = read_posts(a.file)
    rows = read_corpus(a.corpus) + read_pairs(a.pairs)
    if a.sets:
        relabelled, others = read_sets(a.sets, a.labels)
        rows += relabelled + others
    rows = without(rows, posts)
    counts = collections.Counter(r.label for r in rows)
    if min(counts[s] for s in STANCES) < 10:
        sys.exit(f"peers: too few rows to learn from: {dict(counts)}; is {a.file} the corpus itself?")
    print(f"peers: {len(rows)} rows to learn from, {sum(r.own for r in rows)} of them by public sets' own labels", file=sys.stderr)
    a.out.mkdir(parents=True, exist_ok=True)
    texts = [plain(text) for _, text in posts]
    read = {"fasttext": fasttext, "tfidf": tfidf, "encoder": lambda r, t: encoder(r, t, a.out / "vectors.npz")}
    for name in a.peers.split():
        if name not in read:
            sys.exit(f"peers: no peer {name!r}; there are {', '.join(read)}")
        said = read[name](rows, texts)
        with open(a.out / f"{name}.tsv", "w", encoding="utf-8") as f:
            for (line, _), p in zip(posts, said):
                f.write(f"{line}\t{STANCES[p.argmax()]}\t" + "\t".join(f"{v:.6f}" for v in p) + "\n")


if __name__ == "__main__":
    main()
