package main

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hugops/hugops/classify/internal/linear"
)

// tiny is a corpus that a child could learn.
func tiny() (examples []example) {
	for i := range 40 {
		for label, words := range []string{"thank you dear engineers number", "you useless clowns number", "the server answers with number"} {
			examples = append(examples, example{text: fmt.Sprintf("%s %c%c", words, 'a'+i%26, 'a'+i*7%26), lang: "en", label: label, weight: 1})
		}
	}
	return examples
}

func TestTrainGivesTheSameBytesTwice(t *testing.T) {
	a, err := train(tiny(), nil, defaults, []string{"tiny"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := train(tiny(), nil, defaults, []string{"tiny"})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.file, b.file) {
		t.Error("two trainings on the same corpus gave different files")
	}
	m, err := linear.Load(a.file)
	if err != nil {
		t.Fatal(err)
	}
	for label, text := range []string{"thank you engineers", "useless clowns", "the server answers"} {
		if p := m.Probabilities(text); argmax(p) != label {
			t.Errorf("%q: %.2f, want %s", text, p, labels[label])
		}
	}
}

func TestQuantisedModelAgreesWithItsFloats(t *testing.T) {
	p := fit(tiny(), defaults)
	h := linear.Header{Sharpness: 1, Errors: errorModel([]prediction{
		{example: &example{label: 0}, weight: 1}, {example: &example{label: 1}, weight: 1}, {example: &example{label: 2}, weight: 1}}, 1, [3]float64{})}
	file, err := linear.Marshal(h, quantise(p, &h))
	if err != nil {
		t.Fatal(err)
	}
	if file, err = linear.Marshal(h, quantise(p, &h)); err != nil { // the header is complete now
		t.Fatal(err)
	}
	m, err := linear.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	var f linear.Features
	for _, e := range tiny() {
		f.Extract(e.text)
		want, got := p.logits(&f), m.Logits(&f)
		for k := range want {
			if math.Abs(want[k]-got[k]) > 0.1 {
				t.Fatalf("%q: logits %.3f, want %.3f", e.text, got, want)
			}
		}
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

// TestErrorModelByHand works one out: two posts of class 0, of which the heavier
// (weight 3) gets (1/2, 1/2, 0) and the lighter (weight 1) certainty.
func TestErrorModelByHand(t *testing.T) {
	far := math.Inf(-1)
	e := errorModel([]prediction{
		{example: &example{label: 0}, logits: [3]float64{0, 0, far}, weight: 3},
		{example: &example{label: 0}, logits: [3]float64{0, far, far}, weight: 1},
	}, 1, [3]float64{})
	if want := [3]float64{0.625, 0.375, 0}; e.Mean[0] != want {
		t.Errorf("mean %v, want %v", e.Mean[0], want)
	}
	// E[p0²] = (3×0.25 + 1)/4 = 0.4375, less 0.625² = 0.390625
	if got := e.Cov[0][0][0]; math.Abs(got-0.046875) > 1e-12 {
		t.Errorf("variance %v, want 0.046875", got)
	}
	if got := e.Cov[0][0][1]; math.Abs(got+0.046875) > 1e-12 {
		t.Errorf("covariance %v, want -0.046875", got)
	}
	if e.N[0] != 2 { // (3+1)²/(9+1) = 1.6
		t.Errorf("effective number %d, want 2", e.N[0])
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
