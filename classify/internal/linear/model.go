// Package linear is the stance model's machine: it turns a text into hashed
// features and these into calibrated probabilities, by multinomial logistic
// regression with weights of one byte each.
//
// It owns the features and the file format. classify/train makes the files,
// package classify ships one. It knows no posts, no services, no files' places.
//
// The weights are summed as integers, so the order of features does not matter
// and the same text gives the same probabilities everywhere.
package linear

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/hugops/hugops"
)

const magic = "hugops-linear-1\n"

// Header is all of a model but its weights.
type Header struct {
	// Notes says what the model learnt from, for people.
	Notes []string `json:"notes"`
	// Scale turns the integer weights of words and of characters into logits.
	Scale [2]float64 `json:"scale"`
	// Bias and Dense are the other weights, per class.
	Bias  [Classes]float64        `json:"bias"`
	Dense [Classes][Dense]float64 `json:"dense"`
	// Calibration: probabilities are softmax(Sharpness × logits + Shift), fitted on
	// held-out folds.
	Sharpness float64          `json:"sharpness"`
	Shift     [Classes]float64 `json:"shift"`
	// Errors is measured on held-out folds; its Model is empty in the file.
	Errors hugops.ErrorModel `json:"errors"`
}

// Model is a loaded model, safe for concurrent use.
type Model struct {
	Header
	version string
	weights []int8 // bucket*4 + class; the fourth is unused, for alignment
}

// stride is the room of a bucket's weights in memory.
const stride = 4

// Marshal writes a model file: the magic, the header's length (32 bits, big
// endian), the header as JSON, then Classes weights for each of the Buckets.
func Marshal(h Header, weights []int8) ([]byte, error) {
	if len(weights) != Classes*Buckets {
		return nil, fmt.Errorf("linear model: %d weights, want %d", len(weights), Classes*Buckets)
	}
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("linear model: %w", err)
	}
	b := append([]byte(magic), binary.BigEndian.AppendUint32(nil, uint32(len(head)))...)
	b = append(b, head...)
	for _, w := range weights {
		b = append(b, byte(w))
	}
	return b, nil
}

// Load reads a model file.
func Load(file []byte) (*Model, error) {
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok {
		return nil, errors.New("linear model: not a model file: train one with go run ./classify/train")
	}
	if len(rest) < 4 || uint64(len(rest)-4) != uint64(binary.BigEndian.Uint32(rest))+Classes*Buckets {
		return nil, errors.New("linear model: the file is cut off or of another size")
	}
	head, raw := rest[4:len(rest)-Classes*Buckets], rest[len(rest)-Classes*Buckets:]
	m := &Model{weights: make([]int8, stride*Buckets)}
	if err := json.Unmarshal(head, &m.Header); err != nil {
		return nil, fmt.Errorf("linear model: header: %w", err)
	}
	for i := range Buckets {
		for c := range Classes {
			m.weights[i*stride+c] = int8(raw[i*Classes+c])
		}
	}
	sum := sha256.Sum256(file)
	m.version = "linear-1-" + hex.EncodeToString(sum[:4])
	m.Errors.Model = m.version
	return m, m.check()
}

func (m *Model) check() error {
	for c := range Classes {
		row := m.Errors.Mean[c][0] + m.Errors.Mean[c][1] + m.Errors.Mean[c][2]
		if math.Abs(row-1) > 1e-6 || m.Errors.N[c] == 0 {
			return errors.New("linear model: the error model is missing or its rows do not sum to 1")
		}
	}
	return nil
}

// Version names the model by its bytes.
func (m *Model) Version() string { return m.version }

var pool = sync.Pool{New: func() any { return new(Features) }}

// Probabilities returns the calibrated probabilities of the classes; they are
// finite and sum to 1.
func (m *Model) Probabilities(text string) [Classes]float64 {
	f := pool.Get().(*Features)
	defer pool.Put(f)
	f.Extract(text)
	return Softmax(m.Logits(f), m.Sharpness, m.Shift)
}

// Logits returns the uncalibrated logits.
func (m *Model) Logits(f *Features) (z [Classes]float64) {
	w, c := m.sum(f.Words), m.sum(f.Chars)
	ws, cs := m.Scale[0]*Norm(len(f.Words)), m.Scale[1]*Norm(len(f.Chars))
	for k := range z {
		z[k] = m.Bias[k] + ws*float64(w[k]) + cs*float64(c[k])
		for d, v := range f.Dense {
			z[k] += m.Header.Dense[k][d] * float64(v)
		}
	}
	return z
}

func (m *Model) sum(buckets []uint32) (s [Classes]int32) {
	for _, b := range buckets {
		w := m.weights[b*stride : b*stride+stride : b*stride+stride]
		s[0] += int32(w[0])
		s[1] += int32(w[1])
		s[2] += int32(w[2])
	}
	return s
}

// Norm is the value of each of n features of a group: their vector has length 1.
func Norm(n int) float64 {
	if n == 0 {
		return 0
	}
	return 1 / math.Sqrt(float64(n))
}

// Softmax turns logits into probabilities, sharpened and shifted.
func Softmax(z [Classes]float64, sharpness float64, shift [Classes]float64) (p [Classes]float64) {
	top := math.Inf(-1)
	for k := range z {
		z[k] = sharpness*z[k] + shift[k]
		top = max(top, z[k])
	}
	sum := 0.0
	for k := range z {
		p[k] = math.Exp(z[k] - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}
