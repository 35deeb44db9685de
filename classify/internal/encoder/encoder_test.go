package encoder

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

// golden is a text, its pieces by Hugging Face's tokenizer, and its logits by
// torch in float32 (classify/train/second/golden.py).
type golden struct {
	Text   string
	Pieces string
	Logits [outputs]float32
}

func readTiny(t testing.TB) []byte {
	t.Helper()
	file, err := os.ReadFile("testdata/tiny.model")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func loadTiny(t testing.TB) *Model {
	t.Helper()
	m, err := Load(readTiny(t))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func readGolden(t testing.TB) (cases []golden) {
	t.Helper()
	file, err := os.ReadFile("testdata/golden.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		var c golden
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) < 20 {
		t.Fatalf("%d golden texts, want at least 20", len(cases))
	}
	return cases
}

// use runs f with each set of kernels that this processor has.
func use(t *testing.T, f func(t *testing.T)) {
	was := kernel
	defer func() { kernel = was }()
	for _, set := range available() {
		kernel = set
		t.Run(set.name, f)
	}
}

// Torch computes with the same rounded weights, so what differs is that
// activations here have 14 bits (half a step is 6e-5 of a token's largest
// value, and errors of a sum mostly cancel) and that exp and erf are
// polynomials. Through two layers of large random weights the worst difference
// is 0.0014 of logits around 1; a wrong scale, order or bias is a hundred times
// larger.
const tolerance = 0.004

func TestLogitsAgreeWithTorch(t *testing.T) {
	m, cases := loadTiny(t), readGolden(t)
	use(t, func(t *testing.T) {
		s, worst := m.NewScratch(), 0.0
		for _, c := range cases {
			got := m.Logits(s, c.Text)
			for i, want := range c.Logits {
				difference := math.Abs(float64(got[i] - want))
				worst = max(worst, difference)
				if !(difference < tolerance) {
					t.Errorf("%q: logits %v, torch has %v", c.Text, got, c.Logits)
					break
				}
			}
		}
		t.Logf("largest difference %.2g", worst)
	})
}

// A longer text before must not change the reading of a shorter one.
func TestScratchKeepsNothing(t *testing.T) {
	m := loadTiny(t)
	used := m.NewScratch()
	m.Logits(used, strings.Repeat("a very long text of 42 words! ", 20))
	for _, c := range readGolden(t) {
		if got, want := m.Logits(used, c.Text), m.Logits(m.NewScratch(), c.Text); got != want {
			t.Errorf("%q: %v after other texts, %v at first", c.Text, got, want)
		}
	}
}

func TestLogitsDoesNotAllocate(t *testing.T) {
	m, cases := loadTiny(t), readGolden(t)
	s := m.NewScratch()
	if n := testing.AllocsPerRun(3, func() {
		for _, c := range cases {
			m.Logits(s, c.Text)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestVersion(t *testing.T) {
	m := loadTiny(t)
	if v := m.Version(); !strings.HasPrefix(v, "encoder-1-") || len(v) != len("encoder-1-")+8 {
		t.Errorf("version is %q", v)
	}
}

func FuzzLogits(f *testing.F) {
	for _, c := range readGolden(f) {
		f.Add(c.Text)
	}
	f.Add("\xff\xfe broken \xc3")
	m := loadTiny(f)
	s, plain := m.NewScratch(), m.NewScratch()
	f.Fuzz(func(t *testing.T, text string) {
		z := m.Logits(s, text)
		for _, v := range z {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("logits %v", z)
			}
		}
		was := kernel
		kernel = scalarKernels
		scalar := m.Logits(plain, text)
		kernel = was
		if z != scalar {
			t.Fatalf("logits %v, by scalar kernels %v", z, scalar)
		}
	})
}
