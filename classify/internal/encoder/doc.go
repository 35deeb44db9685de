// Package encoder runs a small fine-tuned BERT encoder on the processor.
//
// It owns the reading of an encoder file (written by
// classify/train/second/export.py, which documents the format), the WordPiece
// tokenizer and the forward pass from a text to its logits. It refuses
// everything else: no learning, no normalisation of posts beyond what BERT's
// uncased tokenizer does, no meaning of the outputs.
//
// The architecture is BERT's encoder (Devlin et al. 2019, "BERT: Pre-training
// of Deep Bidirectional Transformers"): learned positions, post-norm layers,
// exact GELU, LayerNorm with epsilon 1e-12. The tokenizer is BERT's uncased
// basic tokenizer and greedy longest-match WordPiece (Wu et al. 2016,
// "Google's Neural Machine Translation System"). The head is one linear layer
// on the hidden state of [CLS] joined with the mean over all tokens.
//
// Linear layers multiply int8 weights (one scale per output row) by int16
// activations (one scale per token) into exact int32 sums; the rest is float32.
// Built with GOEXPERIMENT=simd on amd64, kernels use AVX2 or AVX-512 where the
// processor has them. All kernels do the same operations in the same order and
// never fuse a multiplication with an addition: the logits of a text are the
// same bits with and without SIMD.
//
// A Model is safe for concurrent use; a Scratch serves one call at a time.
package encoder
