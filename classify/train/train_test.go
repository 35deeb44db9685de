package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hugops/hugops/classify/internal/linear"
)

// tiny is a corpus that a child could learn.
func tiny() (examples []example) {
	for i := range 40 {
		for label, words := range []string{"thank you dear engineers number", "you useless clowns number", "the server answers with number"} {
			examples = append(examples, example{text: fmt.Sprintf("%s %c%c", words, 'a'+i%26, 'a'+i*7%26), lang: "en", label: label, weight: 1, sarcasm: label & 1, target: label - 1})
		}
	}
	return examples
}

// plainly is a header whose probabilities are the softmax of the logits.
func plainly() *linear.Header { return &linear.Header{Calibration: linear.Calibration{Sharpness: 1}} }

func trainTiny(t *testing.T) *Result {
	t.Helper()
	r, err := train(t.Context(), &data{own: tiny(), outages: tiny(), notes: []string{"tiny"}}, nil, defaults, func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTrainGivesTheSameBytesTwice(t *testing.T) {
	a, b := trainTiny(t), trainTiny(t)
	if !bytes.Equal(a.File, b.File) {
		t.Error("two trainings on the same corpus gave different files")
	}
	m, err := linear.Load(a.File)
	if err != nil {
		t.Fatal(err)
	}
	for label, text := range []string{"thank you engineers", "useless clowns", "the server answers"} {
		z := m.Logits(text)
		d := m.Decide(&z, nil)
		if argmax(d.Stance) != label {
			t.Errorf("%q: %.2f, want %s", text, d.Stance, labels[label])
		}
		if sarcastic := d.Sarcasm > 0.3; sarcastic != (label == 1) {
			t.Errorf("%q: sarcasm %.2f; of this corpus just what vents is sarcastic", text, d.Sarcasm)
		}
	}
	var report bytes.Buffer
	if err := a.Report(&report); err != nil || !strings.Contains(report.String(), "macro-F1") {
		t.Errorf("the report is %q, %v", &report, err)
	}
}

func TestTrainingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := train(ctx, &data{own: tiny()}, nil, defaults, func(string, ...any) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped training says %v", err)
	}
}

func TestQuantisedModelAgreesWithItsFloats(t *testing.T) {
	p := fit(tiny(), defaults)
	h := *plainly()
	h.Errors = errorModel([]domain{{posts: []prediction{
		{example: &example{label: 0}, weight: 1}, {example: &example{label: 1}, weight: 1}, {example: &example{label: 2}, weight: 1}}}}, &h, 1)
	weights := quantise(p, &h) // completes the header
	file, err := linear.Marshal(h, p.known, weights)
	if err != nil {
		t.Fatal(err)
	}
	m, err := linear.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	var f linear.Features
	for _, e := range tiny() {
		f.Extract(e.text, p.known)
		want, got := p.logits(&f), m.Logits(e.text)
		for k := range want {
			if math.Abs(want[k]-got[k]) > 0.1 {
				t.Fatalf("%q: logits %.3f, want %.3f", e.text, got, want)
			}
		}
	}
}

// TestLevelByHand: answers that are right in half of the cases at 0.5, in nine of
// ten at 0.7, in six of ten at 0.8, and in all at 0.9. Those at 0.7 and 0.8 are out
// of order, so isotonic regression puts them together at three quarters.
func TestLevelByHand(t *testing.T) {
	var held []prediction
	for _, a := range []struct {
		sure     float64
		n, right int
	}{{.5, 10, 5}, {.7, 10, 9}, {.8, 10, 6}, {.9, 10, 10}} {
		rest := math.Log((1 - a.sure) / 2)
		for i := range a.n {
			e := &example{}
			if i >= a.right {
				e.label = 1
			}
			held = append(held, prediction{example: e, first: linear.Logits{math.Log(a.sure), rest, rest}, weight: 1})
		}
	}
	for _, c := range []struct{ share, want float64 }{{.4, .5}, {.5, .5}, {.6, .7}, {.75, .7}, {.76, .9}, {1, .9}} {
		if got := level(held, c.share, func(p *prediction) [linear.Classes]float64 { return plainly().Stance(&p.first) }); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("right in %v of cases from %v, want %v", c.share, got, c.want)
		}
	}
	if got := level(held[:10], .6, func(p *prediction) [linear.Classes]float64 { return plainly().Stance(&p.first) }); got != 1 {
		t.Errorf("never right enough: %v, want 1", got)
	}
}

func TestNearDuplicatesShareAFold(t *testing.T) {
	examples := []example{
		{text: "the whole status page of Nimbus is green while nothing works at all"},
		{text: "the whole status page of Nimbus is red while nothing works at all"},
		{text: "cake"}, {text: "a walk in the woods"}, {text: "tea for two"}, {text: "my cat sleeps"},
	}
	fold := folds(examples, 5)
	if fold[0] != fold[1] {
		t.Errorf("near-duplicates lie in folds %d and %d", fold[0], fold[1])
	}
	seen := map[int]bool{}
	for _, k := range fold {
		seen[k] = true
	}
	if len(seen) < 2 {
		t.Error("everything lies in one fold")
	}
}

// TestMomentsByHand works one out: two posts of class 0, of which the heavier
// (weight 3) gets (1/2, 1/2, 0) and the lighter (weight 1) certainty.
func TestMomentsByHand(t *testing.T) {
	far := math.Inf(-1)
	d := domain{posts: []prediction{
		{example: &example{label: 0}, first: linear.Logits{0, 0, far}, weight: 3},
		{example: &example{label: 0}, first: linear.Logits{0, far, far}, weight: 1},
		{example: &example{label: 1}, first: linear.Logits{0, 0, far}, weight: 1},
	}}
	m := d.moments(0, plainly())
	if want := [3]float64{0.625, 0.375, 0}; m.mean != want {
		t.Errorf("mean %v, want %v", m.mean, want)
	}
	// E[p0²] = (3×0.25 + 1)/4 = 0.4375, less 0.625² = 0.390625
	if math.Abs(m.cov[0][0]-0.046875) > 1e-12 || math.Abs(m.cov[0][1]+0.046875) > 1e-12 {
		t.Errorf("covariance %v, want ±0.046875", m.cov[0])
	}
	if m.n != 2 || m.kish != 1.6 { // (3+1)²/(9+1)
		t.Errorf("%d posts, effectively %v; want 2 and 1.6", m.n, m.kish)
	}
}

// TestErrorModelByHand works one out: in one domain both posts of class 0 get
// (1/2, 1/2, 0), in the other the only one certainty. Each domain weighs the
// same: the mean is (3/4, 1/4, 0), each lies 1/4 off, so the variance is
// 2 × 1/16 / (2−1) = 1/8, and (1 + 1/2)/8 for a third domain.
func TestErrorModelByHand(t *testing.T) {
	far := math.Inf(-1)
	half := prediction{example: &example{label: 0}, first: linear.Logits{0, 0, far}, weight: 1}
	sure := prediction{example: &example{label: 0}, first: linear.Logits{0, far, far}, weight: 1}
	e := errorModel([]domain{{posts: []prediction{half, half}}, {posts: []prediction{sure}}, {}}, plainly(), 1)
	if want := [3]float64{0.75, 0.25, 0}; e.Mean[0] != want || e.N[0] != 3 {
		t.Errorf("mean %v of %d, want %v of 3", e.Mean[0], e.N[0], want)
	}
	if got := e.Cov[0][0][0] / float64(e.N[0]); math.Abs(got-1.5/8) > 1e-12 {
		t.Errorf("variance %v, want %v", got, 1.5/8)
	}
	if got := e.Cov[0][0][1] / float64(e.N[0]); math.Abs(got+1.5/8) > 1e-12 {
		t.Errorf("covariance %v, want %v", got, -1.5/8)
	}
	// One domain alone: two posts at 1/2 and 1, each 1/4 off; 1/16 a post, 1/32 of their mean.
	e = errorModel([]domain{{posts: []prediction{half, sure}}}, plainly(), 1)
	if got := e.Cov[0][0][0] / float64(e.N[0]); math.Abs(got-1./32) > 1e-12 {
		t.Errorf("variance of one domain %v, want 1/32", got)
	}
}

func TestReadOutages(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.en.txt": "1v oh great\n@ 10:00\n2s,m,e hang in there\\nfriends\n> hang in there!\n", "a.de.txt": "1n ist b weg?\n",
		"a.notices.txt": "1n we are investigating\n", "noise.en.txt": "1n cake\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readOutages(dir)
	want := []example{{text: "ist b weg?", lang: "de", label: 2, weight: 1, near: true, sarcasm: none, target: none, set: "a"}, {text: "oh great", lang: "en", label: 1, weight: 1, near: true, sarcasm: none, target: none, set: "b"},
		{text: "hang in there\nfriends", lang: "en", label: 0, weight: 1, near: true, sarcasm: none, target: none, set: "b"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if err := os.WriteFile(filepath.Join(dir, "c.en.txt"), []byte("hello there\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readOutages(dir); err != nil && strings.Contains(err.Error(), "CODE TEXT") {
		return
	}
	t.Error("a line without a code was taken")
}

func TestCalibrationByHand(t *testing.T) {
	var c calibration
	c.add(0, [3]float64{.8, .1, .1}, 1)               // right
	c.add(1, [3]float64{.8, .1, .1}, 1)               // wrong: 0.8 sure, half the time right
	c.add(2, [3]float64{0, 0, 1}, 2)                  // right and sure
	if got := c.error(); math.Abs(got-0.15) > 1e-12 { // (|1.6 − 1| + |2 − 2|) / 4
		t.Errorf("ECE %v, want 0.15", got)
	}
}

func TestScores(t *testing.T) {
	var s scores
	for _, c := range []struct{ label, said int }{{0, 0}, {0, 0}, {0, 1}, {1, 1}, {2, 0}} {
		var p [linear.Classes]float64
		p[c.said] = 1
		s.add(c.label, p, 1)
	}
	p, r, f := s.of(0)
	if math.Abs(p-2.0/3) > 1e-12 || math.Abs(r-2.0/3) > 1e-12 || math.Abs(f-2.0/3) > 1e-12 {
		t.Errorf("support %v %v %v, want 2/3 each", p, r, f)
	}
	if want := (2.0/3 + 2.0/3 + 0) / 3; math.Abs(s.macroF1()-want) > 1e-12 {
		t.Errorf("macro-F1 %v, want %v", s.macroF1(), want)
	}
}

func TestOrdinaryWords(t *testing.T) {
	got := ordinaryWords([]example{
		{text: "Coffee is out. Brindlehost too! so is the coffee, and Brindlehost says"},
		{text: "@brindlehost brindlehost isn't coffee https://example.com/teapot 落ちてる 落ちてる"},
	})
	if want := []string{"coffee", "says"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOrdinaryWordsAreThoseOfTheCorpus fails when the corpus has changed and the
// linker's list has not: hugops train --words classify/ordinary.txt
func TestOrdinaryWordsAreThoseOfTheCorpus(t *testing.T) {
	examples, err := readCorpus(filepath.Join("..", "corpus"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join("..", "ordinary.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(ordinaryWords(examples), "\n") + "\n"; string(file) != want {
		t.Error("classify/ordinary.txt is not what the corpus gives: hugops train --words classify/ordinary.txt")
	}
}

func TestCorpusIsSound(t *testing.T) {
	examples, err := readCorpus(filepath.Join("..", "corpus"))
	if err != nil {
		t.Fatal(err)
	}
	var n [linear.Classes]int
	class := map[string]int{}
	for _, e := range examples {
		n[e.label]++
		if strings.TrimSpace(e.text) == "" || e.lang == "" {
			t.Errorf("%q: text or language is empty", e.text)
		}
		if k, ok := class[key(e.text)]; ok && k != e.label && len(key(e.text)) > 0 {
			t.Errorf("%q stands twice, as %s and %s", e.text, labels[k], labels[e.label])
		}
		class[key(e.text)] = e.label
	}
	for k, c := range n {
		if c < 500 {
			t.Errorf("%d posts of %s", c, labels[k])
		}
	}
}

func TestReadTaught(t *testing.T) {
	file := filepath.Join(t.TempDir(), "taught.tsv")
	for _, c := range []struct{ rows, want string }{
		{"a\t25\t50\n", ""},
		{"a\t25\tmany\n", "row 1"},
		{"a\t25\t50\nb\t80\t40\n", "row 2"},
		{"a\t-1\t50\n", "row 1"},
	} {
		if err := os.WriteFile(file, []byte("key\tsupport\tventing\n"+c.rows), 0o600); err != nil {
			t.Fatal(err)
		}
		taught, err := readTaught(file)
		if c.want == "" && (err != nil || taught["a"] != [linear.Classes]float64{.25, .5, .25}) {
			t.Errorf("%q: %v, %v", c.rows, taught, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: error %v, want one with %q", c.rows, err, c.want)
		}
	}
	if taught, err := readTaught(""); taught != nil || err != nil {
		t.Errorf("no file: %v, %v", taught, err)
	}
	if _, err := readTaught(file + ".missing"); err == nil || !strings.Contains(err.Error(), "none to do without") {
		t.Errorf("a missing file: %v", err)
	}
}
