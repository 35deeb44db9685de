package about

import (
	"math"
	"strings"
	"testing"

	"github.com/hugops/hugops/classify/internal/linear"
)

// marshal makes a model file of a few weights.
func marshal(t *testing.T, h Header, weights map[uint32]float32) []byte {
	t.Helper()
	w := make([]float32, Buckets)
	for i, x := range weights {
		w[i] = x
	}
	file, err := Marshal(h, new(linear.Vocabulary), w)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestProbabilityByHand: the bias, a sign and a weight of a word's pair make the
// logit, and the calibration the probability.
func TestProbabilityByHand(t *testing.T) {
	var f Features
	p := Post{Text: "§", Near: "§"} // no word, but itself and its pairs with both ends
	p.Signs[3] = true
	f.Extract(&p, new(linear.Vocabulary))
	if n := len(f.Hashed[words]); n != 3 || len(f.Hashed[nearWords]) != 3 {
		t.Fatalf("%d words and pairs of the post, %d near the name, want 3 each", n, len(f.Hashed[nearWords]))
	}
	h := Header{Bias: -1, Slope: 2, Shift: 0.5}
	h.Dense[3] = 0.25
	m, err := Load(marshal(t, h, map[uint32]float32{f.Hashed[words][0]: 1.27, f.Hashed[nearWords][0]: -0.5}))
	if err != nil {
		t.Fatal(err)
	}
	want := Logistic(2*(-1+0.25+(1.27-0.5)/math.Sqrt(3)) + 0.5)
	if got := m.Probability(&p); math.Abs(got-want) > 1e-3 {
		t.Errorf("probability %.4f, want %.4f", got, want)
	}
}

// TestKindsLieApart: the same words mean other features near the name.
func TestKindsLieApart(t *testing.T) {
	var f Features
	f.Extract(&Post{Text: "§ が落ちた and unknown words", Near: "§ が落ちた and unknown words"}, new(linear.Vocabulary))
	for kind, buckets := range f.Hashed {
		if len(buckets) == 0 {
			t.Errorf("kind %d has no feature", kind)
		}
		for _, b := range buckets {
			if b>>kindBits != uint32(kind) {
				t.Fatalf("bucket %d is none of kind %d", b, kind)
			}
		}
	}
}

func TestLoadRefusesWhatIsNoModel(t *testing.T) {
	good := marshal(t, Header{Slope: 1}, nil)
	if _, err := Load(good); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":             {nil, "not a model file"},
		"other":             {[]byte("hugops-linear-3\nand more"), "not a model file"},
		"magic only":        {[]byte(magic), "cut off"},
		"cut":               {good[:len(good)-1], "cut off"},
		"long":              {append(append([]byte(nil), good...), 0), "cut off or of another size"},
		"not calibrated":    {marshal(t, Header{}, nil), "not calibrated"},
		"header is no JSON": {append([]byte(magic), append([]byte{0, 0, 0, 1, '{'}, make([]byte, vocabularyBytes+Buckets)...)...), "header"},
	} {
		if _, err := Load(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error about %q", name, err, c.want)
		}
	}
	if _, err := Marshal(Header{}, new(linear.Vocabulary), nil); err == nil {
		t.Error("marshalled without weights")
	}
}
