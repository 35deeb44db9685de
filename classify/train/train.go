package main

import (
	"math"

	"github.com/hugops/hugops/classify/internal/linear"
)

// foldCount is the number of folds of the cross-validation.
const foldCount = 5

// result is a trained model with what cross-validation says of it.
type result struct {
	file    []byte
	held    []prediction
	domains []domain
}

// prediction is what a model said of an example that it was not trained on.
type prediction struct {
	example *example
	logits  [linear.Classes]float64
	weight  float64 // how like a real post it is
}

// train makes a model file from a corpus, and from other sets to learn from
// besides. The calibration comes from the corpus alone, held out fold by fold;
// the error model from that and from posts of outages, of which nothing is
// learnt. It is a pure function: the same inputs give the same bytes on the same
// architecture.
func train(corpus, others, outages []example, o options, notes []string) (*result, error) {
	held := crossValidate(corpus, others, o)
	h := linear.Header{Notes: notes}
	h.Sharpness, h.Shift = calibrate(held)
	p := fit(append(append([]example(nil), corpus...), others...), o)
	r := &result{held: held, domains: append(corpusDomains(held), outageDomains(outages, p)...)}
	h.Errors = errorModel(r.domains, h.Sharpness, h.Shift)
	weights := quantise(p, &h)
	var err error
	r.file, err = linear.Marshal(h, weights)
	return r, err
}

// crossValidate predicts every example of the corpus by a model that has seen
// neither it nor a near-duplicate.
func crossValidate(corpus, others []example, o options) []prediction {
	fold := folds(corpus, foldCount)
	held := make([]prediction, len(corpus))
	var f linear.Features
	for k := range foldCount {
		var rest []example
		for i := range corpus {
			if fold[i] != k {
				rest = append(rest, corpus[i])
			}
		}
		p := fit(append(rest, others...), o)
		for i := range corpus {
			if fold[i] == k {
				f.Extract(corpus[i].text)
				held[i] = prediction{&corpus[i], p.logits(&f), likeness(&corpus[i])}
			}
		}
	}
	balance(held)
	return held
}

// balance scales the weights so that every class weighs the same: calibrated
// probabilities are those of a stream with a third of each, which is what
// prevalence estimation starts from.
func balance(held []prediction) {
	var total [linear.Classes]float64
	for i := range held {
		total[held[i].example.label] += held[i].weight
	}
	for i := range held {
		held[i].weight *= float64(len(held)) / linear.Classes / total[held[i].example.label]
	}
}

// quantise turns the weights into one byte each, with one scale for words and
// one for characters, and puts the rest into the header.
func quantise(p *params, h *linear.Header) []int8 {
	h.Bias, h.Dense = p.bias, p.dense
	groups := [2][]float32{p.w[:linear.WordBuckets*linear.Classes], p.w[linear.WordBuckets*linear.Classes:]}
	out := make([]int8, 0, len(p.w))
	for g, weights := range groups {
		top := float32(0)
		for _, w := range weights {
			top = max(top, w, -w)
		}
		h.Scale[g] = float64(top) / 127
		for _, w := range weights {
			q := 0.0
			if top > 0 {
				q = math.Round(float64(w) / h.Scale[g])
			}
			out = append(out, int8(q))
		}
	}
	return out
}
