// Package about is the machine of two models that judge the name of a service in a
// post, whether it means the service at all and whether the service is out now:
// logistic regression over hashed words and characters of the post and of what
// stands around the name, and a few signs.
//
// It owns the features and the file format. classify/train makes the file, package
// classify finds the names and ships the model. It knows no services.
package about

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/hugops/hugops/classify/internal/linear"
)

const magic = "hugops-about-2\n"

// Signs is the number of yes-or-no features that the linker finds.
const Signs = 27

// Post is what the model reads of a post that names a service. In both texts
// every name of the service is a "§", every name of another a "¶".
type Post struct {
	Text  string // the post
	Near  string // what stands around the name
	Signs [Signs]bool
}

// The four kinds of hashed features each have buckets of their own.
const (
	words = iota // words and pairs of words of the post
	chars        // groups of characters of its rare words, and letters of unspaced scripts
	nearWords
	nearChars
	kinds
)

const (
	kindBits = 16
	// Buckets is the number of weights of hashed features.
	Buckets = kinds << kindBits
	// Dense is the number of the other weights: of the signs and, behind them, of
	// the numbers that linear.Features has of a post.
	Dense = Signs + linear.Dense
)

// Header is all of a model but its weights of hashed features.
type Header struct {
	Notes []string       `json:"notes"` // what it learnt from, for people
	Bias  float64        `json:"bias"`
	Dense [Dense]float64 `json:"dense"`
	Scale [kinds]float64 `json:"scale"` // turns the bytes of each kind into logits
	// Slope and Shift calibrate: P = logistic(Slope × logit + Shift).
	Slope float64 `json:"slope"`
	Shift float64 `json:"shift"`
}

// Model is a loaded model, safe for concurrent use.
type Model struct {
	Header
	known   *linear.Vocabulary
	weights []int8
}

// Features are the features of a post; the memory is reused.
type Features struct {
	Hashed [kinds][]uint32 // buckets below Buckets
	Dense  [Dense]float64
	linear linear.Features
}

// Extract fills f from a post. Words that are not in the vocabulary are spelt out.
func (f *Features) Extract(p *Post, v *linear.Vocabulary) {
	f.linear.Extract(p.Near, v)
	f.hash(nearWords, f.linear.Words)
	f.hash(nearChars, f.linear.Chars)
	f.linear.Extract(p.Text, v)
	f.hash(words, f.linear.Words)
	f.hash(chars, f.linear.Chars)
	for i, has := range p.Signs {
		f.Dense[i] = 0
		if has {
			f.Dense[i] = 1
		}
	}
	for i, x := range f.linear.Dense {
		f.Dense[Signs+i] = float64(x)
	}
}

// hash folds the buckets of the stance model into the smaller space of a kind.
func (f *Features) hash(kind int, buckets []uint32) {
	const fold = linear.WordBuckets >> kindBits
	out := f.Hashed[kind][:0]
	for _, b := range buckets {
		out = append(out, uint32(kind)<<kindBits|b%linear.WordBuckets/fold)
	}
	f.Hashed[kind] = out
}

var pool = sync.Pool{New: func() any { return new(Features) }}

// Probability is that of what the model was taught to tell, where it is true as often
// as not.
func (m *Model) Probability(p *Post) float64 {
	f := pool.Get().(*Features)
	defer pool.Put(f)
	f.Extract(p, m.known)
	z := m.Bias
	for kind, buckets := range f.Hashed {
		sum := 0
		for _, b := range buckets {
			sum += int(m.weights[b])
		}
		z += m.Scale[kind] * linear.Norm(len(buckets)) * float64(sum)
	}
	for i, x := range f.Dense {
		z += m.Dense[i] * x
	}
	return Logistic(m.Slope*z + m.Shift)
}

// Logistic is 1/(1+e^-z).
func Logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

const vocabularyBytes = 8 * uint64(len(linear.Vocabulary{}))

// Marshal writes a model file: the magic, the header's length (32 bits, big
// endian), the header as JSON, the vocabulary (little endian), then the weights,
// a byte each, whose scale it puts into the header.
func Marshal(h Header, known *linear.Vocabulary, weights []float32) ([]byte, error) {
	if len(weights) != Buckets {
		return nil, fmt.Errorf("about model: %d weights, want %d", len(weights), Buckets)
	}
	for i, w := range weights {
		h.Scale[i>>kindBits] = max(h.Scale[i>>kindBits], math.Abs(float64(w))/127)
	}
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("about model: %w", err)
	}
	b := append([]byte(magic), binary.BigEndian.AppendUint32(nil, uint32(len(head)))...)
	b = append(b, head...)
	for _, w := range known {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	for i, w := range weights {
		q := 0.0
		if s := h.Scale[i>>kindBits]; s > 0 {
			q = math.Round(float64(w) / s)
		}
		b = append(b, byte(int8(q)))
	}
	return b, nil
}

// Load reads a model file.
func Load(file []byte) (*Model, error) {
	const size = vocabularyBytes + Buckets
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok {
		return nil, errors.New("about model: not a model file: make one with hugops train --about or --sense")
	}
	if len(rest) < 4 || uint64(len(rest)-4) != uint64(binary.BigEndian.Uint32(rest))+size {
		return nil, errors.New("about model: the file is cut off or of another size")
	}
	head, raw := rest[4:uint64(len(rest))-size], rest[uint64(len(rest))-size:]
	m := &Model{known: new(linear.Vocabulary), weights: make([]int8, Buckets)}
	if err := json.Unmarshal(head, &m.Header); err != nil {
		return nil, fmt.Errorf("about model: header: %w", err)
	}
	if !(m.Slope > 0) {
		return nil, errors.New("about model: it is not calibrated: its slope must be more than 0")
	}
	for i := range m.known {
		m.known[i], raw = binary.LittleEndian.Uint64(raw), raw[8:]
	}
	for i, c := range raw {
		m.weights[i] = int8(c)
	}
	return m, nil
}
