"""Compares ways to read a post's stance, learnt from the same inputs (English only), in one
Markdown table: hashed words and characters; static token vectors distilled from a teacher's
encoder, with a small network over them; both; and the teacher's own sentence vectors.

    python ablation.py --base BGE_FOLDER --minilm MINILM_FOLDER --sets DIR --dev posts.jsonl

The folders hold bge-small-en-v1.5 (MIT) and all-MiniLM-L6-v2 (Apache-2.0) as transformers reads
them. What is learnt from is that of classify/train/second/train.py, without the posts that
held_out() names and without those of the file of --dev, to which nothing is fitted. On the
held-out posts are chosen the penalty of a regression (C), how token vectors are weighted and
pooled, and the share of each half of a pair, so held-out figures are a little too good.
Needs torch, transformers and scikit-learn.
"""
import argparse
import json
import os
import sys

import numpy as np
import scipy.sparse
import torch
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import AutoModel, AutoTokenizer

OWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(OWN, "train", "second"))
import train as second

HASHES = 2**18  # of words, and as many of characters
SMOOTH = [1e-3, 1e-1]  # a of the weight a/(a+p) of a token with share p of the texts (Arora et al., 2017)
HIDDEN = 128
DRAWS = 2000


class Posts:
    def __init__(self, posts):
        self.texts = [p["text"] for p in posts]
        self.y = np.array([p["y"] for p in posts])
        self.w = np.array([p.get("w", 1.0) for p in posts])


def read(args):
    """The posts to learn from, held out, and of the file of --dev."""
    own = lambda *parts: os.path.join(args.classify, *parts)
    with open(args.dev, encoding="utf8") as file:
        dev = [second.post(p["text"], p["label"]) for p in map(json.loads, file)]
    known = {second.key(p["text"]) for p in dev}
    posts = list(second.read_corpus(own("corpus"))) + list(second.read_relabelled(args.sets, own("labels")))
    posts = [p for p in posts if second.key(p["text"]) not in known]
    held = {second.key(p["text"]) for p in posts if second.held_out(p["text"])}
    learnt = [p for p in posts if second.key(p["text"]) not in held]
    learnt += [p for p in second.read_pairs(own("pairs", "learnt.tsv")) if second.key(p["text"]) not in known | held]
    return Posts(learnt), Posts([p for p in posts if second.key(p["text"]) in held]), Posts(dev)


class Way:
    """A way to read a post: logits of the held-out and the dev posts, and how many numbers it needs."""

    def __init__(self, name, held, dev, numbers):
        self.name, self.held, self.dev, self.numbers = name, held, dev, numbers


def f1(cells):
    """F1 per class of confusion matrices (…, 3, 3)."""
    hit = np.diagonal(cells, axis1=-2, axis2=-1)
    return 2 * hit / np.maximum(1, cells.sum(-1) + cells.sum(-2))


def confusion(y, logits):
    cells = np.zeros((3, 3))
    np.add.at(cells, (y, logits.argmax(1)), 1)
    return cells


def macro(y, logits):
    return f1(confusion(y, logits)).mean()


def best(ways, held):
    return max(ways, key=lambda way: macro(held.y, way.held))


def regression(name, features, learnt, held, numbers, penalties):
    """Balanced logistic regression over features (of learnt, held and dev)."""
    ways = []
    for c in penalties:
        model = LogisticRegression(C=c, max_iter=300, class_weight="balanced").fit(features[0], learnt.y, learnt.w)
        ways.append(Way(name, *map(model.predict_log_proba, features[1:]), numbers + model.coef_.size + 3))
    return best(ways, held)


def hashed(learnt, held, dev):
    """Hashed words and word pairs, and characters 3 to 5 within words."""
    kinds = [
        HashingVectorizer(ngram_range=(1, 2), n_features=HASHES, alternate_sign=False),
        HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=HASHES, alternate_sign=False),
    ]
    features = [scipy.sparse.hstack([kind.transform(p.texts) for kind in kinds], format="csr") for p in (learnt, held, dev)]
    return regression("hashed words and characters, logistic regression", features, learnt, held, 0, (3, 10, 30))


class Teacher:
    def __init__(self, folder):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
        self.numbers = sum(p.numel() for p in self.model.parameters())

    def hidden(self, rows, batch=64):
        """Yields, for rows of token numbers, their places, last hidden states and mask."""
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            for i in range(0, len(order), batch):
                part = order[i : i + batch]
                ids = torch.zeros(len(part), len(rows[part[-1]]), dtype=torch.long)
                mask = torch.zeros_like(ids)
                for j, n in enumerate(part):
                    ids[j, : len(rows[n])], mask[j, : len(rows[n])] = torch.tensor(rows[n]), 1
                yield part, self.model(input_ids=ids, attention_mask=mask).last_hidden_state.float(), mask

    def encode(self, rows, first, batch=64):
        """One vector a row: of its first token, or the mean over all."""
        out = np.zeros((len(rows), self.model.config.hidden_size), np.float32)
        for part, h, mask in self.hidden(rows, batch):
            mask = mask.unsqueeze(-1).float()
            out[part] = h[:, 0] if first else (h * mask).sum(1) / mask.sum(1)
        return out

    def sentences(self, texts, first):
        v = self.encode(self.tokenizer(texts, truncation=True, max_length=128)["input_ids"], first)
        return v / np.linalg.norm(v, axis=1, keepdims=True)

    def tokens(self):
        """One vector for each token of the vocabulary, which passes the encoder alone (van Dongen and Tulkens, 2024)."""
        t = self.tokenizer
        return self.encode([[t.cls_token_id, i, t.sep_token_id] for i in range(len(t))], False, 512)


def static(vectors, rows, smooth):
    """Means and maxima over the weighted vectors of each post, for rows of token numbers of learnt, held and dev."""
    counts = np.bincount(np.concatenate([np.array(r, int) for r in rows[0]]), minlength=len(vectors))
    vectors = vectors * (smooth / (smooth + counts / counts.sum()))[:, None].astype(np.float32)
    pool = lambda f, some: np.stack([f(vectors[r], 0) if r else np.zeros(vectors.shape[1], np.float32) for r in some])
    return [pool(np.mean, some) for some in rows], [pool(np.max, some) for some in rows]


def network(name, features, learnt, numbers, epochs=30):
    """A network of one hidden layer over features (of learnt, held and dev), classes balanced."""
    torch.manual_seed(1)
    mean, scale = features[0].mean(0), features[0].std(0) + 1e-6
    x, *others = [torch.tensor((f - mean) / scale, dtype=torch.float32) for f in features]
    y = torch.tensor(learnt.y)
    w = torch.tensor(learnt.w * (len(y) / 3 / np.bincount(learnt.y))[learnt.y], dtype=torch.float32)
    net = torch.nn.Sequential(
        torch.nn.Dropout(0.2), torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Dropout(0.4), torch.nn.Linear(HIDDEN, 3)
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, epochs)
    for _ in range(epochs):
        for part in torch.randperm(len(y)).split(64):
            loss = (torch.nn.functional.cross_entropy(net(x[part]), y[part], reduction="none") * w[part]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        rate.step()
    net.eval()
    with torch.no_grad():
        held, dev = [torch.log_softmax(net(o), 1).numpy() for o in others]
    return Way(name, held, dev, numbers + sum(p.numel() for p in net.parameters()))


def distilled(teacher, name, learnt, held, dev):
    """Static vectors of 128 and 256 numbers with a network, each weighted and pooled as is best."""
    tokens = teacher.tokens()
    rows = [teacher.tokenizer(p.texts, add_special_tokens=False, truncation=True, max_length=512)["input_ids"] for p in (learnt, held, dev)]
    for size in (128, 256):
        vectors, ways = PCA(size, random_state=1).fit_transform(tokens), []
        for smooth in SMOOTH:
            means, maxima = static(vectors, rows, smooth)
            for pooling, features in [("mean", means), ("mean and max", [np.hstack(f) for f in zip(means, maxima)])]:
                title = f"static vectors of {name}, {size} numbers, {pooling}, a = {smooth:g}, network"
                ways.append(network(title, features, learnt, vectors.size))
        yield best(ways, held)


def together(a, b, name, held):
    """The weighted mean of the logits of two ways."""
    mix = lambda s: Way(f"{name}, {s:.1f} of the first", s * a.held + (1 - s) * b.held, s * a.dev + (1 - s) * b.dev, a.numbers + b.numbers)
    return best([mix(s / 10) for s in range(1, 10)], held)


def line(way, held, dev):
    cells = confusion(dev.y, way.dev)
    n = len(dev.y)
    draws = np.random.default_rng(1).multinomial(n, cells.ravel() / n, DRAWS).reshape(-1, 3, 3)
    low, high = np.percentile(f1(draws).mean(-1), [2.5, 97.5])
    by_class = " / ".join(f"{s:.2f}" for s in f1(cells))
    by_class_held = " / ".join(f"{s:.2f}" for s in f1(confusion(held.y, way.held)))
    return (f"| {way.name} | {f1(cells).mean():.3f} ({low:.3f}–{high:.3f}) | {by_class} | "
            f"{macro(held.y, way.held):.3f} | {by_class_held} | {4e-6 * way.numbers:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, help="folder of bge-small-en-v1.5")
    parser.add_argument("--minilm", required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--sets", required=True, help="folder of the public data sets")
    parser.add_argument("--dev", required=True, help="labelled posts (JSON lines) to measure on")
    parser.add_argument("--classify", default=OWN, help="folder with corpus, labels and pairs")
    args = parser.parse_args()

    learnt, held, dev = posts = read(args)
    print(f"Learnt from {len(learnt.y)} posts; {len(held.y)} held out, {len(dev.y)} dev. F1: support / venting / neutral. MB: four bytes a number.\n")
    print("| way | dev macro-F1 (95 %) | dev F1 | held-out macro-F1 | held-out F1 | MB |\n|---|---|---|---|---|---|")
    show = lambda way: print(line(way, held, dev), flush=True)
    words = hashed(*posts)
    show(words)
    for name, folder, first in [("bge-small-en-v1.5", args.base, True), ("all-MiniLM-L6-v2", args.minilm, False)]:
        teacher = Teacher(folder)
        ways = list(distilled(teacher, name, *posts))
        for way in ways:
            show(way)
        show(together(words, best(ways, held), f"hashed and static vectors of {name}, mean of logits", held))
        features = [teacher.sentences(p.texts, first) for p in posts]
        show(regression(f"sentence vectors of {name}, frozen, logistic regression", features, learnt, held, teacher.numbers, (3, 10, 30)))


if __name__ == "__main__":
    main()
