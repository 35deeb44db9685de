package encoder

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomFile is an encoder file of any size with random weights. Its words are
// [CLS], [SEP], [UNK] and a, so that a text of n a's has n+2 tokens.
func randomFile(t testing.TB, layers, hidden, heads, ffn, positions int) []byte {
	t.Helper()
	const words = "[CLS]\n[SEP]\n[UNK]\na\n"
	h := header{Layers: layers, Hidden: hidden, Heads: heads, FFN: ffn, Positions: positions,
		Vocab: 4, Outputs: outputs, VocabBytes: len(words)}
	head, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	file := binary.BigEndian.AppendUint32([]byte(magic), uint32(len(head)))
	file = append(append(file, head...), words...)
	body := make([]byte, h.size()-len(words))
	r := rand.New(rand.NewPCG(7, 8))
	for i := range body {
		body[i] = byte(r.Uint32())
	}
	putFloats(body, &h, r)
	return append(file, body...)
}

// putFloats makes the float tensors of a random body finite and small.
func putFloats(body []byte, h *header, r *rand.Rand) {
	floats := func(n int, about float64) {
		for range n {
			binary.LittleEndian.PutUint32(body, math.Float32bits(float32(about*(1+0.1*r.NormFloat64()))))
			body = body[4:]
		}
	}
	linear := func(in, out int) {
		body = body[in*out:]
		floats(out, 0.04/math.Sqrt(float64(in))/3)
		floats(out, 0.01)
	}
	norm := func() { floats(h.Hidden, 1); floats(h.Hidden, 0) }
	d := h.Hidden
	body = body[h.Vocab*d:]
	floats(h.Vocab, 0.001)
	floats(h.Positions*d, 0.01)
	norm()
	for range h.Layers {
		linear(d, 3*d)
		linear(d, d)
		norm()
		linear(d, h.FFN)
		linear(h.FFN, d)
		norm()
	}
	floats(outputs*(2*d+1), 0.1)
}

// BenchmarkLogits reads posts of 16, 32 and 64 tokens with eight layers of the
// size used (hidden 384, ffn 1536), by each set of kernels. GMAC/s counts the
// multiplications of the linear layers.
func BenchmarkLogits(b *testing.B) {
	m, err := Load(randomFile(b, 8, 384, 12, 1536, 128))
	if err != nil {
		b.Fatal(err)
	}
	was := kernel
	defer func() { kernel = was }()
	for _, set := range available() {
		for _, n := range []int{16, 32, 64} {
			b.Run(fmt.Sprintf("%s/tokens=%d", set.name, n), func(b *testing.B) {
				kernel = set
				s, text := m.NewScratch(), strings.Repeat("a ", n-2)
				b.ReportAllocs()
				for b.Loop() {
					m.Logits(s, text)
				}
				products := n * m.Layers * m.Hidden * (4*m.Hidden + 2*m.FFN)
				b.ReportMetric(float64(products)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
			})
		}
	}
}
