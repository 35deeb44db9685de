package main

import (
	"strings"

	"github.com/hugops/hugops/classify/internal/linear"
)

// likeness weighs an example by how like a real post it is: the corpus has more
// sarcasm and traps than a stream has, and fewer handles, hashtags and long posts.
// The weights are judgement, not fitted to anything.
func likeness(e *example) float64 {
	w := 1.0
	if strings.ContainsAny(e.text, "@#") {
		w *= 2
	}
	if len(e.text) > 100 {
		w *= 1.5
	}
	if e.trap {
		w *= 0.5
	}
	if e.sarcasm {
		w *= 0.3
	}
	return w
}

// calibrate fits sharpness and shifts on held-out logits: temperature scaling
// with a bias per class (Guo et al., 2017; Alexandari et al., 2020), by gradient
// descent on the weighted log loss.
func calibrate(held []prediction) (sharpness float64, shift [linear.Classes]float64) {
	sharpness = 1
	total := 0.0
	for i := range held {
		total += held[i].weight
	}
	if total == 0 {
		return sharpness, shift
	}
	for range 500 {
		var gs float64
		var gb [linear.Classes]float64
		for i := range held {
			p := linear.Softmax(held[i].logits, sharpness, shift)
			for k := range p {
				d := p[k]
				if k == held[i].example.label {
					d--
				}
				gs += held[i].weight * d * held[i].logits[k]
				gb[k] += held[i].weight * d
			}
		}
		sharpness = max(0.05, sharpness-0.2*gs/total)
		for k := range shift {
			shift[k] -= gb[k] / total
		}
	}
	return sharpness, shift
}
