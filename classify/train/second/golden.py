"""Writes the test data of classify/internal/encoder: a tiny encoder of random
weights and the logits that torch gives for some texts.

    python golden.py --vocab-file vocab.txt --out ../../internal/encoder/testdata

Torch computes in float32 with the weights as export.py rounds them to int8, so
that the golden logits differ from the Go ones only by how those round
activations and approximate functions.
"""
import argparse
import json

import numpy as np
import torch
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel

import export

POSITIONS = 64
TEXTS = [
    "",
    "github is down again",
    "Thank you to everyone working on this, you are doing great!",
    "the status page says all green. sure.",
    "Is it me or is the site down? http",
    "@user we had NO power since 6:30, call them NOW!!!",
    "people worked all night on this; hug ops to the team",
    "they had one job",
    "don't you love it when the new release takes down everything",
    "Café naïve façade Ünïcödé Ångström",
    "ÀÉÎÕÜ łódź ßtraße İstanbul ŒUVRE",
    "the 网络 is 坏了 today",
    "안녕 세계 and こんにちは",
    "so sad 😢😢 but 👩‍👩‍👧 fine ❤️",
    "a-b_c/d\\e (f) [g] {h} <i> 'j' \"k\" `l` ~m ^n $5 +1 =2 |",
    "“quoted” — dash… ¿que? ¡no! «oui» 100€ £3 ½",
    "x" * 100 + " " + "y" * 101,
    "tabs\tand\nnew lines\r\nand\u00a0spaces\u3000and\u2003more",
    "zero\u200bwidth \u0007bell \u00adsoft \ufeffbom \ufffdbad",
    "[SEP ] it was not this time: unbelievable, unquestionably incomprehensible",
    "one two three four five six seven eight nine ten " * 12,
]


class Tiny(torch.nn.Module):
    """The fine-tuned model's shape: encoder, head, offsets of the logits."""

    def __init__(self, vocab):
        super().__init__()
        config = BertConfig(
            vocab_size=vocab, hidden_size=64, num_attention_heads=4, intermediate_size=128,
            num_hidden_layers=2, max_position_embeddings=POSITIONS,
        )
        self.e = BertModel(config, add_pooling_layer=False)
        self.h = torch.nn.Linear(2 * 64, 7)
        self.b = torch.nn.Parameter(torch.zeros(2, 7))

    def forward(self, ids):
        h = self.e(input_ids=ids).last_hidden_state
        return self.h(torch.cat([h[:, 0], h.mean(1)], 1)) + self.b[0]


def randomize(model):
    """Larger weights than a fresh model has, so that every part matters."""
    generator = torch.Generator().manual_seed(1)
    for name, p in model.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        p.data = 1 + 0.2 * noise if name.endswith("LayerNorm.weight") else 0.2 * noise


def round_weights(model):
    """Rounds what export.py stores as int8, the query as it is divided there."""
    state = model.state_dict()
    for name, p in state.items():
        if name.startswith("e.") and (name.endswith("word_embeddings.weight") or (p.ndim == 2 and "embeddings" not in name)):
            rows, scale = export.quantize(p.numpy())
            state[name] = torch.from_numpy(rows * scale[:, None])
    model.load_state_dict(state)


def main():
    parser = argparse.ArgumentParser(description="write the encoder's test data")
    parser.add_argument("--vocab-file", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    pieces = export.read_pieces(args.vocab_file)
    must = export.SPECIALS + [c + d for c in ("", "##") for d in "abcdefghijklmnopqrstuvwxyz0123456789"] + list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”—…«»€£ß人网")
    rest = [p for p in pieces if p.removeprefix("##").isalpha() and len(p) > 1 and p.isascii()]
    kept = set((must + rest)[:350]) | {"##ly", "##ing", "un", "##tion", "github", "##able", "##s", "##ed"}
    keep = [i for i, p in enumerate(pieces) if p in kept]
    pruned = {pieces[i]: n for n, i in enumerate(keep)}
    tokenizer = BertWordPieceTokenizer(pruned, lowercase=True)
    tokenizer.enable_truncation(POSITIONS)

    model = Tiny(len(keep)).eval()
    randomize(model)
    round_weights(model)
    state = {k: v.numpy() for k, v in model.state_dict().items()}
    data = export.encode(state, [pieces[i] for i in keep], list(range(len(keep))), 4, POSITIONS, "random weights")
    open(f"{args.out}/tiny.model", "wb").write(data)

    cases = []
    with torch.no_grad():
        for text in TEXTS:
            encoding = tokenizer.encode(text)
            z = model(torch.tensor([encoding.ids]))[0]
            cases.append(dict(text=text, pieces=" ".join(encoding.tokens), logits=[round(float(v), 5) for v in z]))
    with open(f"{args.out}/golden.jsonl", "w", encoding="utf8") as f:
        f.writelines(json.dumps(c, ensure_ascii=False) + "\n" for c in cases)
    print(len(data), "bytes;", len(keep), "pieces; deviation of logits", np.std([c["logits"] for c in cases], 0))


if __name__ == "__main__":
    main()
