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

const magic = "hugops-linear-3\n"

// What the outputs of a model are: the logits of the three stances, that of
// sarcasm, and those of the three targets of a post that vents.
const (
	Classes = 3 // support, venting, neutral
	Sarcasm = 3
	Target  = 4 // people, company, situation
	Outputs = 7
)

// Header is all of a model but its weights.
type Header struct {
	// Notes says what the model learnt from, for people.
	Notes []string `json:"notes"`
	// Scale turns the integer weights of words and of characters into logits.
	Scale [2][Outputs]float64 `json:"scale"`
	// Bias and Dense are the other weights, per output.
	Bias  [Outputs]float64        `json:"bias"`
	Dense [Outputs][Dense]float64 `json:"dense"`
	Calibration
	// Gate is the probability of the likeliest stance from which this model is sure
	// enough to do without the second reader.
	Gate float64 `json:"gate"`
	// Mix is this model's weight in the mean of its and the second reader's logits,
	// which Second calibrates.
	Mix    float64     `json:"mix"`
	Second Calibration `json:"second"`
	// Encoder is the version of the second reader that Second was fitted with, ""
	// if there was none.
	Encoder string `json:"encoder"`
	// Errors is measured on held-out folds; its Model is empty in the file.
	Errors hugops.ErrorModel `json:"errors"`
}

// Calibration turns logits into probabilities, and tells which of them are too
// unsure to take a side. All of it is fitted on held-out posts.
type Calibration struct {
	// Stance: softmax(Sharpness × logits + Shift).
	Sharpness float64          `json:"sharpness"`
	Shift     [Classes]float64 `json:"shift"`
	// Sarcasm: logistic(SarcasmSlope × logit + SarcasmShift).
	SarcasmSlope float64 `json:"sarcasm_slope"`
	SarcasmShift float64 `json:"sarcasm_shift"`
	// TargetSharpness: softmax(TargetSharpness × logits).
	TargetSharpness float64 `json:"target_sharpness"`
	// Abstain is the probability of the likeliest stance below which it is right in
	// less than 60 % of cases.
	Abstain float64 `json:"abstain"`
}

// Logits are the outputs of a model before calibration.
type Logits [Outputs]float64

// Stance returns the probabilities of the stances; they are finite and sum to 1.
func (c *Calibration) Stance(z *Logits) [Classes]float64 {
	return Softmax([Classes]float64(z[:Classes]), c.Sharpness, c.Shift)
}

// Sarcasm returns the probability that the words mean their opposite.
func (c *Calibration) Sarcasm(z *Logits) float64 {
	return 1 / (1 + math.Exp(-c.SarcasmSlope*z[Sarcasm]-c.SarcasmShift))
}

// Targets returns the probabilities of whom the post blames, given that it vents.
func (c *Calibration) Targets(z *Logits) [3]float64 {
	return Softmax([3]float64(z[Target:]), c.TargetSharpness, [3]float64{})
}

// Model is a loaded model, safe for concurrent use.
type Model struct {
	Header
	version string
	known   *Vocabulary
	rows    []uint64                // for each bucket a byte for each output: its weight + bias
	dense   [Dense][Outputs]float64 // Header.Dense, the other way round
}

// bias makes weights of one byte positive.
const bias = 128

// Marshal writes a model file: the magic, the header's length (32 bits, big
// endian), the header as JSON, the vocabulary (little endian), then Outputs
// weights for each of the Buckets.
func Marshal(h Header, known *Vocabulary, weights []int8) ([]byte, error) {
	if len(weights) != Outputs*Buckets {
		return nil, fmt.Errorf("linear model: %d weights, want %d", len(weights), Outputs*Buckets)
	}
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("linear model: %w", err)
	}
	b := append([]byte(magic), binary.BigEndian.AppendUint32(nil, uint32(len(head)))...)
	b = append(b, head...)
	for _, w := range known {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	for _, w := range weights {
		b = append(b, byte(w))
	}
	return b, nil
}

// Load reads a model file.
func Load(file []byte) (*Model, error) {
	const size = vocabularyBytes + Outputs*Buckets
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok {
		return nil, errors.New("linear model: not a model file: train one with hugops train")
	}
	if len(rest) < 4 || uint64(len(rest)-4) != uint64(binary.BigEndian.Uint32(rest))+size {
		return nil, errors.New("linear model: the file is cut off or of another size")
	}
	head, raw := rest[4:len(rest)-size], rest[len(rest)-size:]
	m := &Model{known: new(Vocabulary), rows: make([]uint64, Buckets)}
	if err := json.Unmarshal(head, &m.Header); err != nil {
		return nil, fmt.Errorf("linear model: header: %w", err)
	}
	for i := range m.known {
		m.known[i], raw = binary.LittleEndian.Uint64(raw), raw[8:]
	}
	for i := range m.rows {
		for k := range Outputs {
			m.rows[i] |= uint64(int(int8(raw[i*Outputs+k]))+bias) << (8 * k)
		}
	}
	for k := range Outputs {
		for d := range Dense {
			m.dense[d][k] = m.Header.Dense[k][d]
		}
	}
	sum := sha256.Sum256(file)
	m.version = "linear-3-" + hex.EncodeToString(sum[:4])
	m.Errors.Model = m.version
	return m, m.check()
}

// Fits reports an error if the model was calibrated beside another second reader
// than that of the version given, or beside none.
func (h *Header) Fits(encoder string) error {
	if h.Encoder != encoder {
		return fmt.Errorf("linear model: made for the second reader %q, not for %q: make it anew with hugops train", h.Encoder, encoder)
	}
	return nil
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

// Logits returns the outputs for a text.
func (m *Model) Logits(text string) Logits {
	f := pool.Get().(*Features)
	defer pool.Put(f)
	f.Extract(text, m.known)
	return m.logits(f)
}

func (m *Model) logits(f *Features) (z Logits) {
	w, c := m.sum(f.Words), m.sum(f.Chars)
	wn, cn := Norm(len(f.Words)), Norm(len(f.Chars))
	for k := range z {
		z[k] = m.Bias[k] + wn*m.Scale[0][k]*float64(w[k]) + cn*m.Scale[1][k]*float64(c[k])
	}
	for d, v := range f.Dense {
		if v == 0 {
			continue
		}
		for k := range z {
			z[k] += m.dense[d][k] * float64(v)
		}
	}
	return z
}

// sum adds the weights of buckets: those of four outputs at a time, in the 16-bit
// lanes of a register, which have room for 256 of them.
func (m *Model) sum(buckets []uint32) (s [Outputs]int32) {
	const lanes = 0x00ff00ff00ff00ff
	for len(buckets) > 0 {
		part := buckets[:min(256, len(buckets))]
		buckets = buckets[len(part):]
		var even, odd uint64
		for _, b := range part {
			w := m.rows[b]
			even += w & lanes
			odd += w >> 8 & lanes
		}
		for k := range Outputs {
			both := [2]uint64{even, odd}
			s[k] += int32(both[k%2]>>(k/2*16)&0xffff) - int32(bias*len(part))
		}
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
		p[k] = 1
		if z[k] != top {
			p[k] = math.Exp(z[k] - top)
		}
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}
