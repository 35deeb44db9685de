"""Fine-tunes the second reader: the first layers of a small BERT encoder, with a head
for stance, sarcasm and target, on the same inputs as the first reader (English only).

    python train.py --base BGE_FOLDER --sets DIR --exclude posts.jsonl --soft soft.npz --out run.pt

BGE_FOLDER holds bge-small-en-v1.5 (MIT) as transformers reads it; convert.py makes it
from the ONNX file, and teacher.py makes soft.npz: what a larger encoder says of the same
posts and of unlabelled ones. docs/MODEL.md says how the shipped file was made. export.py
then writes the eight-bit file. Of the posts that held_out() names nothing is learnt, so that
`hugops train` can calibrate on them; nothing is learnt from classify/pairs/heldout.tsv.
"""
import argparse
import glob
import gzip
import hashlib
import html
import json
import math
import os
import random
import re
import time

import numpy as np
import torch
from transformers import AutoTokenizer, BertModel

import export

LABELS = ["support", "venting", "neutral"]
TARGETS = ["people", "company", "situation"]
NEAR = {"0": 0.3, "1": 0.6, "2": 1.0}  # weight of a relabelled post, by how near it is to a fault
HELD_PERCENT = 15
FILES = {
    "goemotions": ["train.tsv.gz", "dev.tsv.gz", "test.tsv.gz"],
    "crisislext26": ["crisislext26_labeled.tsv.gz"],
    "github-incivility": ["annotated_comment_level.tsv.gz"],
    "complaints-x-ci": ["x_ci.tsv.gz"],
    "isarcasmeval": ["train_en.tsv.gz", "test_taskA_en.tsv"],
    "vader-tweets-groundtruth": ["tweets_groundtruth.tsv.gz"],
}


def plain(text):
    """As package plain does it for the encoder."""
    text = re.sub(r"https?://\S+", " http ", html.unescape(text))
    return " ".join(text.split())


def key(text):
    return "".join(c.lower() for c in text if c.isalnum())


def held_out(text):
    return int(hashlib.sha256(key(text).encode()).hexdigest()[:8], 16) % 100 < HELD_PERCENT


def table(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf8") as file:
        names = file.readline().rstrip("\n").split("\t")
        for line in file:
            yield dict(zip(names, line.rstrip("\n").split("\t")))


def post(text, label, weight=1.0, domain=0, target="-", sarcasm=None, pair=False):
    return dict(text=plain(text), y=LABELS.index(label), w=weight, domain=domain, pair=pair,
                target=TARGETS.index(target) if target in TARGETS else -1, sarcasm=sarcasm)


def read_corpus(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*.tsv"))):
        for row in table(path):
            if row["lang"] == "en":
                yield post(row["text"], row["label"], target=row["target"], sarcasm=float(row["sarcasm"]))


def read_pairs(path):
    for row in table(path):
        if row["lang"] == "en":
            yield post(row["text_a"], row["label_a"], pair=True)
            yield post(row["text_b"], row["label_b"], pair=True)


def read_relabelled(sets, folder):
    """Posts of public sets with the labels of people who read them for their stance."""
    for path in sorted(glob.glob(os.path.join(folder, "*.tsv"))):
        name = os.path.basename(path)[: -len(".tsv")]
        labels = {row["key"]: row for row in table(path)}
        for file in FILES[name]:
            for row in table(os.path.join(sets, name, file)):
                text = row.get("tweet") or row.get("text") or ""
                label = labels.pop(hashlib.sha256(key(text).encode()).hexdigest()[:12], None)
                if label and label["label"] in LABELS:
                    yield post(text[:600], label["label"], NEAR[label["near"]], 1, label["target"], float(label["sarcasm"]))


def balance(posts):
    """Gives the stances of the relabelled posts about the same weight in all: four of
    five are neutral, and a reader must not learn that what looks real is neutral."""
    total = [sum(p["w"] for p in posts if p["domain"] == 1 and p["y"] == k) for k in range(3)]
    for p in posts:
        if p["domain"] == 1:
            p["w"] *= min(4.0, max(0.25, sum(total) / 3 / total[p["y"]]))


class Reader(torch.nn.Module):
    """An encoder with a head; b keeps apart what is a habit of the public sets."""

    def __init__(self, encoder):
        super().__init__()
        self.e, self.d = encoder, torch.nn.Dropout(0.1)
        self.h = torch.nn.Linear(2 * encoder.config.hidden_size, 7)
        self.b = torch.nn.Parameter(torch.zeros(2, 7))

    def forward(self, ids, mask, domain=None):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            h = self.e(input_ids=ids, attention_mask=mask).last_hidden_state
        h, m = h.float(), mask.unsqueeze(-1).float()
        z = self.h(self.d(torch.cat([h[:, 0], (h * m).sum(1) / m.sum(1)], 1)))
        return z + (self.b[0] if domain is None else self.b[domain])


class Pieces:
    """The tokenizer with the kept pieces only; dropped ones fall to shorter ones."""

    def __init__(self, base, texts, size):
        from tokenizers import BertWordPieceTokenizer

        full = AutoTokenizer.from_pretrained(base).get_vocab()
        pieces = sorted(full, key=full.get)
        counts = {}
        for encoding in BertWordPieceTokenizer(full, lowercase=True).encode_batch(texts, add_special_tokens=False):
            for piece in encoding.tokens:
                counts[piece] = counts.get(piece, 0) + 1
        self.keep = export.choose(pieces, counts, size)
        self.number = torch.tensor(self.keep)
        self.tokenizer = BertWordPieceTokenizer({pieces[n]: i for i, n in enumerate(self.keep)}, lowercase=True)

    def __call__(self, texts, longest=96):
        rows = [self.number[e.ids[: longest - 1] + e.ids[-1:] if len(e.ids) > longest else e.ids] for e in self.tokenizer.encode_batch(texts)]
        width = max(map(len, rows))
        ids, mask = torch.zeros(len(rows), width, dtype=torch.long), torch.zeros(len(rows), width, dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, : len(row)], mask[i, : len(row)] = row, 1
        return ids, mask


NAMES = "github slack aws cloudflare azure discord zoom npm heroku fastly spotify netflix okta verizon comcast gitlab openai telekom vodafone psn".split()


def vary(text):
    """The text as another hand might have typed it."""
    if random.random() < 0.15:
        text = text.rstrip(".")
    if random.random() < 0.15:
        text = text.replace("'", "").replace("’", "")
    x = random.random()
    if x < 0.08:
        text = "@" + random.choice(NAMES) + " " + text
    elif x < 0.14:
        text += " http"
    elif x < 0.2:
        text += " @" + random.choice(NAMES)
    if random.random() < 0.05:
        words = text.split()
        i = random.randrange(len(words))
        words[i] = words[i][:1] + words[i][2:]
        text = " ".join(words)
    return text


def loss_of(z, rows, trust=0.0):
    """Mean loss of rows: of their labels, and (trust) of what the teacher says of them,
    which counts alone where there is no label (Hinton et al., 2015)."""
    F = torch.nn.functional
    loss = torch.zeros(())
    part = lambda some: len(some) / len(rows)
    labelled = [i for i, r in enumerate(rows) if "y" in r]
    if labelled:
        w = torch.tensor([rows[i]["w"] * (1 - trust * ("soft" in rows[i])) for i in labelled])
        y = torch.tensor([rows[i]["y"] for i in labelled])
        loss = loss + (F.cross_entropy(z[labelled, :3], y, reduction="none", label_smoothing=0.05) * w).mean() * part(labelled)
    known = [i for i in labelled if rows[i]["sarcasm"] is not None]
    if known:
        w = torch.tensor([rows[i]["w"] for i in known])
        y = torch.tensor([rows[i]["sarcasm"] for i in known])
        loss = loss + 0.3 * (F.binary_cross_entropy_with_logits(z[known, 3], y, reduction="none") * w).mean() * part(known)
    blamed = [i for i in labelled if rows[i]["target"] >= 0]
    if blamed:
        y = torch.tensor([rows[i]["target"] for i in blamed])
        loss = loss + 0.3 * F.cross_entropy(z[blamed, 4:], y) * part(blamed)
    taught = [i for i, r in enumerate(rows) if "soft" in r]
    if taught:
        t = torch.tensor(np.stack([rows[i]["soft"] for i in taught]))
        w = torch.tensor([trust * rows[i]["w"] if "y" in rows[i] else rows[i]["w"] for i in taught])
        each = -(F.softmax(t[:, :3], 1) * F.log_softmax(z[taught, :3], 1)).sum(1)
        each = each + 0.3 * F.binary_cross_entropy_with_logits(z[taught, 3], torch.sigmoid(t[:, 3]), reduction="none")
        loss = loss + (each * w).mean() * part(taught)
    return loss


def read_soft(path, learnt, weight):
    """Puts the teacher's logits beside the posts that are learnt from, and returns the
    unlabelled posts that it read besides."""
    file = np.load(path)
    soft = dict(zip(file["keys"], file["logits"]))
    for p in learnt:
        if (k := key(p["text"])) in soft:
            p["soft"] = soft[k]
    known = {key(p["text"]) for p in learnt}
    return [dict(text=str(t), soft=z, w=weight, domain=0) for k, t, z in zip(file["keys"], file["texts"], file["logits"]) if k not in known]


def predict(model, pieces, texts):
    model.eval()
    out = np.zeros((len(texts), 7), np.float32)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    with torch.no_grad():
        for i in range(0, len(order), 64):
            part = order[i : i + 64]
            out[part] = model(*pieces([texts[j] for j in part], 128)).numpy()
    model.train()
    return out


def macro_f1(y, said):
    scores = []
    for k in range(3):
        hit = ((said == k) & (y == k)).sum()
        scores.append(2 * hit / max(1, (said == k).sum() + (y == k).sum()))
    return float(np.mean(scores)), [round(float(s), 3) for s in scores]


def measure(model, pieces, posts):
    said = predict(model, pieces, [p["text"] for p in posts])[:, :3].argmax(1)
    return macro_f1(np.array([p["y"] for p in posts]), said)


def inputs(args):
    """What is learnt from, what is held out, the pairs to measure on, the posts to measure on."""
    own = lambda *parts: os.path.join(args.classify, *parts)
    posts = list(read_corpus(own("corpus"))) + list(read_relabelled(args.sets, own("labels")))
    dev = []
    if args.exclude:
        dev = [dict(text=plain(p["text"]), y=LABELS.index(p["label"])) for p in map(json.loads, open(args.exclude, encoding="utf8"))]
        known = {key(p["text"]) for p in dev}
        posts = [p for p in posts if key(p["text"]) not in known]
    held = [p for p in posts if held_out(p["text"])]
    learnt = [p for p in posts if not held_out(p["text"])] + list(read_pairs(own("pairs", "learnt.tsv")))
    balance(learnt)
    pairs = list(read_pairs(own("pairs", "heldout.tsv")))
    print(len(learnt), "posts to learn from,", len(held), "held out,", len(pairs), "of pairs held out", flush=True)
    return learnt, held, pairs, dev


def batches(posts, size):
    """One epoch of batches of posts of about the same length, in random order."""
    order = list(range(len(posts)))
    random.shuffle(order)
    chunks = [sorted(order[i : i + size * 30], key=lambda j: len(posts[j]["text"])) for i in range(0, len(order), size * 30)]
    out = [c[i : i + size] for c in chunks for i in range(0, len(c), size)]
    random.shuffle(out)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--sets", required=True, help="folder of the public data sets")
    parser.add_argument("--classify", default="classify", help="folder with corpus, labels and pairs")
    parser.add_argument("--exclude", help="labelled posts (JSON lines) to learn nothing from, and to measure on")
    parser.add_argument("--soft", help="what the teacher says of these posts and others (teacher.py)")
    parser.add_argument("--trust", type=float, default=0.6, help="the teacher's part where there is a label as well")
    parser.add_argument("--pool", type=float, default=0.5, help="weight of a post without a label")
    parser.add_argument("--init", help="state dict to begin from")
    parser.add_argument("--layers", type=int, default=9)
    parser.add_argument("--vocab", type=int, default=8950)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--ema", type=float, default=0.995, help="decay of the mean of the weights that is kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    random.seed(args.seed)

    learnt, held, pairs, dev = inputs(args)
    if args.soft:
        learnt += read_soft(args.soft, learnt, args.pool)
        print(len(learnt), "posts with those that the teacher read alone", flush=True)

    pieces = Pieces(args.base, [p["text"] for p in learnt], args.vocab)
    encoder = BertModel.from_pretrained(args.base, add_pooling_layer=False)
    encoder.encoder.layer = encoder.encoder.layer[: args.layers]
    model = Reader(encoder)
    if args.init:
        model.load_state_dict(torch.load(args.init))
    light = ("bias", "LayerNorm")
    groups = [
        dict(params=[p for n, p in model.e.named_parameters() if not any(x in n for x in light)], rate=args.rate, weight_decay=0.01),
        dict(params=[p for n, p in model.e.named_parameters() if any(x in n for x in light)], rate=args.rate, weight_decay=0.0),
        dict(params=[*model.h.parameters(), model.b], rate=1e-3 if not args.init else 2e-4),
    ]
    optimizer = torch.optim.AdamW(groups, lr=args.rate, fused=True)
    mean = {k: v.clone() for k, v in model.state_dict().items()}
    steps, step, start = math.ceil(len(learnt) / args.batch) * args.epochs, 0, time.time()

    def show(name):
        now = {k: v.clone() for k, v in model.state_dict().items()}
        model.load_state_dict(mean)
        line = f"{name} {step}/{steps} {time.time() - start:.0f}s"
        for title, some in [("measured", dev), ("held, corpus", [p for p in held if p["domain"] == 0]), ("held, read", [p for p in held if p["domain"] == 1]), ("pairs", pairs)]:
            if some:
                line += f"  {title} {measure(model, pieces, some)}"
        print(line, flush=True)
        torch.save(mean, args.out)
        model.load_state_dict(now)

    model.train()
    for epoch in range(args.epochs):
        epoch_batches = batches(learnt, args.batch)
        for b, batch in enumerate(epoch_batches):
            rows = [learnt[j] for j in batch]
            z = model(*pieces([vary(r["text"]) for r in rows]), torch.tensor([r["domain"] for r in rows]))
            loss = loss_of(z, rows, args.trust if args.soft else 0.0)
            for g in optimizer.param_groups:
                g["lr"] = g["rate"] * min(1, step / (0.06 * steps + 1)) * (1 - step / steps)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            decay = min(args.ema, (1 + step) / (10 + step))
            for k, v in model.state_dict().items():
                mean[k].mul_(decay).add_(v, alpha=1 - decay) if v.is_floating_point() else mean[k].copy_(v)
            if b == len(epoch_batches) // 2:
                show(f"epoch {epoch + 0.5}")
        show(f"epoch {epoch + 1}")
    with open(args.out + ".pieces", "w") as file:
        file.writelines(f"{n}\n" for n in pieces.keep)


if __name__ == "__main__":
    main()
