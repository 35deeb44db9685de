package encoder

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

const (
	magic     = "hugops-encoder-1\n"
	outputs   = 7
	maxWidth  = 2048 // of hidden and ffn: keeps int32 sums exact (see actMax)
	maxLayers = 48
	maxTokens = 512
	panel     = 32 // rows of weights that stand together
)

// header is the JSON part of an encoder file.
type header struct {
	Layers     int    `json:"layers"`
	Hidden     int    `json:"hidden"`
	Heads      int    `json:"heads"`
	FFN        int    `json:"ffn"`
	Positions  int    `json:"positions"`
	Vocab      int    `json:"vocab"`
	Outputs    int    `json:"outputs"`
	VocabBytes int    `json:"vocab_bytes"`
	Notes      string `json:"notes"`
}

// Model is a loaded encoder. Its int8 weights are slices of the file given to
// Load, which must not change afterwards.
type Model struct {
	header
	version string
	pieces  vocabulary

	words     []byte    // int8 [vocab][hidden]
	wordScale []float32 // [vocab]
	position  []float32 // [positions][hidden]
	embedNorm norm
	layers    []layer
	head      []float32 // [outputs][2*hidden]
	headBias  []float32 // [outputs]
}

// layer is one transformer block.
type layer struct {
	qkv, attention linear // the query is divided by sqrt(hidden/heads) already
	norm1          norm
	up, down       linear
	norm2          norm
}

// linear is a layer out = weights * in + bias, with int8 weights in panels of
// 32 rows: [out/32][in/2][32][2], the last axis being the inputs i and i+in/2.
type linear struct {
	in, out     int
	weights     []byte
	scale, bias []float32 // [out]
}

// norm is a LayerNorm.
type norm struct{ gain, bias []float32 }

// Load reads an encoder file. It keeps slices of it and copies only the small
// float32 tensors and the vocabulary.
func Load(file []byte) (*Model, error) {
	h, rest, err := readHeader(file)
	if err != nil {
		return nil, fmt.Errorf("encoder file: %w", err)
	}
	sum := sha256.Sum256(file)
	m := &Model{header: h, version: "encoder-1-" + hex.EncodeToString(sum[:4])}
	if m.pieces, err = readVocabulary(rest[:h.VocabBytes], h.Vocab); err != nil {
		return nil, fmt.Errorf("encoder file: %w", err)
	}
	r := &reader{rest: rest[h.VocabBytes:]}
	m.readTensors(r)
	if r.err != nil {
		return nil, fmt.Errorf("encoder file: %w", r.err)
	}
	return m, nil
}

// Version names the file: "encoder-1-" and the first eight hex digits of its
// SHA-256.
func (m *Model) Version() string { return m.version }

// readHeader checks the magic, the header and that the file is exactly as long
// as its dimensions ask, and returns what follows the header.
func readHeader(file []byte) (h header, rest []byte, err error) {
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok {
		return h, nil, fmt.Errorf("does not begin with %q", magic)
	}
	if len(rest) < 4 {
		return h, nil, errors.New("cut off before the header")
	}
	n := uint64(binary.BigEndian.Uint32(rest))
	if rest = rest[4:]; n > uint64(len(rest)) {
		return h, nil, errors.New("cut off within the header")
	}
	if err := json.Unmarshal(rest[:n], &h); err != nil {
		return h, nil, fmt.Errorf("header: %w", err)
	}
	if err := h.check(); err != nil {
		return h, nil, fmt.Errorf("header: %w", err)
	}
	if rest = rest[n:]; len(rest) != h.size() {
		return h, nil, fmt.Errorf("%d bytes follow the header; its dimensions ask for %d: the file is cut off or foreign", len(rest), h.size())
	}
	return h, rest, nil
}

func (h *header) check() error {
	within := func(name string, v, low, high int) error {
		if v < low || v > high {
			return fmt.Errorf("%s is %d, want %d to %d", name, v, low, high)
		}
		return nil
	}
	err := errors.Join(
		within("layers", h.Layers, 1, maxLayers), within("hidden", h.Hidden, panel, maxWidth),
		within("heads", h.Heads, 1, maxWidth/8), within("ffn", h.FFN, panel, maxWidth),
		within("positions", h.Positions, 2, maxTokens), within("vocab", h.Vocab, 3, 1<<20),
		within("outputs", h.Outputs, outputs, outputs), within("vocab_bytes", h.VocabBytes, 3, 1<<26))
	if err != nil {
		return err
	}
	if h.Hidden%panel != 0 || h.FFN%panel != 0 || h.Hidden%(8*h.Heads) != 0 {
		return fmt.Errorf("hidden %d and ffn %d must be multiples of %d, hidden of 8*heads (%d)", h.Hidden, h.FFN, panel, 8*h.Heads)
	}
	return nil
}

// size is the number of bytes after the header.
func (h *header) size() int {
	linear := func(in, out int) int { return in*out + 8*out }
	d, f := h.Hidden, h.FFN
	block := linear(d, 3*d) + linear(d, d) + linear(d, f) + linear(f, d) + 2*8*d
	return h.VocabBytes + h.Vocab*(d+4) + 4*h.Positions*d + 8*d + h.Layers*block + 4*h.Outputs*(2*d+1)
}

func (m *Model) readTensors(r *reader) {
	d, f := m.Hidden, m.FFN
	m.words, m.wordScale = r.bytes(m.Vocab*d), r.floats(m.Vocab)
	m.position = r.floats(m.Positions * d)
	m.embedNorm = r.norm(d)
	m.layers = make([]layer, m.Layers)
	for i := range m.layers {
		l := &m.layers[i]
		l.qkv, l.attention, l.norm1 = r.linear(d, 3*d), r.linear(d, d), r.norm(d)
		l.up, l.down, l.norm2 = r.linear(d, f), r.linear(f, d), r.norm(d)
	}
	m.head, m.headBias = r.floats(outputs*2*d), r.floats(outputs)
}

// reader takes tensors off the front of a file whose length was checked.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) bytes(n int) []byte {
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) floats(n int) []float32 {
	b, out := r.bytes(4*n), make([]float32, n)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if v := float64(out[i]); math.IsNaN(v) || math.IsInf(v, 0) {
			r.err = errors.New("a tensor holds a number that is not finite")
		}
	}
	return out
}

func (r *reader) norm(n int) norm { return norm{r.floats(n), r.floats(n)} }

func (r *reader) linear(in, out int) linear {
	return linear{in, out, r.bytes(in * out), r.floats(out), r.floats(out)}
}
