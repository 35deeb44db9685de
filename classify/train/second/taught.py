"""Writes what the teacher says of posts of the public sets for the first reader.

    python taught.py --soft soft.npz --sets DIR --out classify/taught.tsv

A line is the hash of the post's letters, as in classify/labels, and the teacher's
probabilities of support and venting in hundredths. No text. Posts that were read for
their stance have labels of their own and are left out.
"""
import argparse
import glob
import hashlib
import os

import numpy as np

import train


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soft", required=True)
    parser.add_argument("--sets", required=True)
    parser.add_argument("--labels", default="classify/labels")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    soft = np.load(args.soft)
    z = soft["logits"][:, :3]
    p = np.exp(z - z.max(1, keepdims=True))
    p = np.rint(100 * p / p.sum(1, keepdims=True)).astype(int)
    said = dict(zip(soft["keys"], p))
    read = {row["key"] for path in glob.glob(os.path.join(args.labels, "*.tsv")) for row in train.table(path)}
    lines = set()
    for name, files in train.FILES.items():
        for file in files:
            for row in train.table(os.path.join(args.sets, name, file)):
                text = row.get("tweet") or row.get("text") or ""
                hashed = hashlib.sha256(train.key(text).encode()).hexdigest()[:12]
                one = said.get(train.key(train.plain(text[:600])))
                if one is not None and hashed not in read:
                    lines.add(f"{hashed}\t{one[0]}\t{one[1]}\n")
    with open(args.out, "w") as out:
        out.write("key\tsupport\tventing\n")
        out.writelines(sorted(lines))
    print(len(lines), "posts")


if __name__ == "__main__":
    main()
