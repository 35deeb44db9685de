package encoder

import "math"

const (
	rowBlock = 3 // token rows that a linear kernel takes at once (linear_amd64.go says why)
	epsilon  = 1e-12
)

// Scratch is the memory of one forward pass, about 20 KB a position. It belongs
// to the model that made it.
type Scratch struct {
	tokens    tokens
	x         []float32 // [rows][hidden] hidden states
	y         []float32 // [rows][hidden] what a block adds
	qkv       []float32 // [rows][3*hidden]
	wide      []float32 // [rows][ffn]
	quantized []int32   // [rows][ffn/2] pairs of int16 activations
	actScale  []float32 // [rows]
	keys      []float32 // [hidden/heads][padded rows] keys of one head, transposed
	scores    []float32 // [padded rows] attention of one query
	pooled    []float32 // [2*hidden]
}

// NewScratch makes the memory that Logits works in.
func (m *Model) NewScratch() *Scratch {
	rows := padded(m.Positions, 8*rowBlock)
	d, f := m.Hidden, m.FFN
	return &Scratch{
		tokens:    tokens{vocab: &m.pieces, ids: make([]int32, 0, m.Positions), word: make([]byte, 0, maxWordBytes)},
		x:         make([]float32, rows*d),
		y:         make([]float32, rows*d),
		qkv:       make([]float32, rows*3*d),
		wide:      make([]float32, rows*f),
		quantized: make([]int32, rows*max(d, f)/2+4), // a kernel loads four at a time
		actScale:  make([]float32, rows),
		keys:      make([]float32, d/m.Heads*rows),
		scores:    make([]float32, rows),
		pooled:    make([]float32, 2*d),
	}
}

// padded rounds n up to a multiple of block.
func padded(n, block int) int { return (n + block - 1) / block * block }

// Logits reads text: three stances, sarcasm, three targets, in the order of the
// file's head. It allocates nothing.
func (m *Model) Logits(s *Scratch, text string) (z [outputs]float32) {
	s.tokens.read(text)
	n := len(s.tokens.ids)
	m.embed(s)
	for i := range m.layers {
		m.block(s, &m.layers[i], n)
	}
	m.pool(s, n)
	for o := range z {
		z[o] = dot(m.head[o*2*m.Hidden:][:2*m.Hidden], s.pooled) + m.headBias[o]
	}
	return z
}

// embed sets x to the embeddings of the tokens.
func (m *Model) embed(s *Scratch) {
	d := m.Hidden
	for row, id := range s.tokens.ids {
		x, word, scale := s.x[row*d:][:d], m.words[int(id)*d:][:d], m.wordScale[id]
		for i := range x {
			x[i] = float32(int8(word[i])) * scale
		}
		kernel.addNorm(x, m.position[row*d:][:d], m.embedNorm)
	}
}

// block runs one transformer block on the first n rows.
func (m *Model) block(s *Scratch, l *layer, n int) {
	m.apply(s, s.qkv, s.x, &l.qkv, n)
	m.attend(s, n)
	m.apply(s, s.y, s.y, &l.attention, n)
	m.addNorm(s, l.norm1, n)
	m.apply(s, s.wide, s.x, &l.up, n)
	kernel.gelu(s.wide[:n*m.FFN])
	m.apply(s, s.y, s.wide, &l.down, n)
	m.addNorm(s, l.norm2, n)
}

// apply sets the n rows of out to l of the n rows of in; out may be in. Rows up
// to a multiple of rowBlock are computed too and mean nothing.
func (m *Model) apply(s *Scratch, out, in []float32, l *linear, n int) {
	half := l.in / 2
	for row := range n {
		s.actScale[row] = kernel.quantize(s.quantized[row*half:][:half], in[row*l.in:][:l.in])
	}
	kernel.linear(out, s.quantized, s.actScale, padded(n, rowBlock), l)
}

// addNorm sets each of the n rows of x to LayerNorm(x + y).
func (m *Model) addNorm(s *Scratch, by norm, n int) {
	d := m.Hidden
	for row := range n {
		kernel.addNorm(s.x[row*d:][:d], s.y[row*d:][:d], by)
	}
}

// attend sets y to the attention of each head over the n rows.
func (m *Model) attend(s *Scratch, n int) {
	d, size, wide := m.Hidden, m.Hidden/m.Heads, padded(n, 8)
	for head := range m.Heads {
		at := head * size
		for row := range n {
			for i, v := range s.qkv[row*3*d+d+at:][:size] {
				s.keys[i*wide+row] = v
			}
		}
		for row := range n {
			scores := s.scores[:wide]
			kernel.scores(scores, s.qkv[row*3*d+at:][:size], s.keys)
			kernel.softmax(scores, n)
			kernel.mix(s.y[row*d+at:][:size], scores[:n], s.qkv[2*d+at:], 3*d)
		}
	}
}

// pool joins the first row of x with the mean of its n rows.
func (m *Model) pool(s *Scratch, n int) {
	d := m.Hidden
	copy(s.pooled, s.x[:d])
	mean := s.pooled[d:]
	clear(mean)
	for row := range n {
		for i, v := range s.x[row*d:][:d] {
			mean[i] += v
		}
	}
	for i := range mean {
		mean[i] /= float32(n)
	}
}

// dot adds in eight sums, as the kernels do.
func dot(a, b []float32) float32 {
	var sum [8]float32
	for i := 0; i+8 <= len(a); i += 8 {
		x, y := (*[8]float32)(a[i:]), (*[8]float32)(b[i:])
		for j := range sum {
			sum[j] += float32(x[j] * y[j])
		}
	}
	return sum8(&sum)
}

// sum8 adds eight partial sums, always in the same order.
func sum8(s *[8]float32) float32 {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// inverseDeviation is 1/sqrt(variance + epsilon).
func inverseDeviation(squares float32, n int) float32 {
	return 1 / float32(math.Sqrt(float64(squares/float32(n)+epsilon)))
}
