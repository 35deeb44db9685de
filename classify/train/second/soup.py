"""Mean of checkpoints of one training lineage ("model soup", Wortsman et al., 2022):

    python soup.py --out mean.pt a.pt=2 c.pt=1
"""
import argparse

import torch

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", required=True)
parser.add_argument("parts", nargs="+", help="FILE=WEIGHT")
args = parser.parse_args()
parts = [(torch.load(p.rsplit("=", 1)[0], map_location="cpu"), float(p.rsplit("=", 1)[1])) for p in args.parts]
total = sum(w for _, w in parts)
torch.save({k: sum(s[k] * (w / total) for s, w in parts) for k in parts[0][0]}, args.out)
