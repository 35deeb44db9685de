package train

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/hugops/hugops/classify/internal/linear"
	"github.com/hugops/hugops/classify/internal/plain"
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
	if e.sarcasm > 0 {
		w *= 0.3
	}
	if !e.near {
		w *= 0.3
	}
	return w
}

// heldPercent of our own English posts are kept from the second reader, by the
// hash of their letters: second/train.py leaves out the same.
const heldPercent = 15

func heldOut(e *example) bool {
	if e.pair != "" {
		return false // it learns from all of these
	}
	sum := sha256.Sum256([]byte(key(plain.ForEncoder(e.text))))
	return binary.BigEndian.Uint32(sum[:])%100 < heldPercent
}

// takesASide is the probability of the likeliest stance below which a reader
// abstains: calibrated, it is the share of such cases in which the answer is right.
const takesASide = 0.6

// calibrate fits the sharpness and shifts of the stances, of sarcasm and of the
// targets.
func calibrate(held []prediction, logits func(*prediction) linear.Logits) (c linear.Calibration) {
	c.Sharpness, c.Shift = calibrateStance(held, logits)
	c.SarcasmSlope, c.SarcasmShift = calibrateSarcasm(held, logits)
	c.TargetSharpness = calibrateTargets(held, logits)
	c.Abstain = takesASide
	return c
}

// calibrateStance fits sharpness and shifts on held-out logits: temperature
// scaling with a bias per class (Guo et al., 2017; Alexandari et al., 2020), by
// gradient descent on the weighted log loss.
func calibrateStance(held []prediction, logits func(*prediction) linear.Logits) (sharpness float64, shift [linear.Classes]float64) {
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
			z := logits(&held[i])
			p := linear.Softmax([linear.Classes]float64(z[:]), sharpness, shift)
			for k := range p {
				d := p[k]
				if k == held[i].example.label {
					d--
				}
				gs += held[i].weight * d * z[k]
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

// calibrateSarcasm fits a logistic function (Platt, 1999).
func calibrateSarcasm(held []prediction, logits func(*prediction) linear.Logits) (slope, shift float64) {
	slope = 1
	for range 500 {
		var gs, gb, n float64
		for i := range held {
			if y := held[i].example.sarcasm; y >= 0 {
				z := logits(&held[i])[linear.Sarcasm]
				d := 1/(1+math.Exp(-slope*z-shift)) - float64(y)
				gs, gb, n = gs+d*z, gb+d, n+1
			}
		}
		if n == 0 {
			return 1, 0
		}
		slope, shift = max(0.05, slope-0.2*gs/n), shift-gb/n
	}
	return slope, shift
}

// calibrateTargets fits a sharpness.
func calibrateTargets(held []prediction, logits func(*prediction) linear.Logits) (sharpness float64) {
	sharpness = 1
	for range 300 {
		var gs, n float64
		for i := range held {
			if y := held[i].example.target; y >= 0 {
				z := logits(&held[i])
				t := [3]float64(z[linear.Target:])
				for k, p := range linear.Softmax(t, sharpness, [3]float64{}) {
					if k == y {
						p--
					}
					gs += p * t[k]
				}
				n++
			}
		}
		if n == 0 {
			return 1
		}
		sharpness = max(0.05, sharpness-0.2*gs/n)
	}
	return sharpness
}

// level is the lowest probability of the likeliest stance at which the answer is
// right in a share of cases, by isotonic regression of being right on being sure
// (Zadrozny and Elkan, 2002); 1 if there is none.
func level(held []prediction, share float64, probabilities func(*prediction) [linear.Classes]float64) float64 {
	type block struct{ from, right, weight float64 }
	answers := make([]block, len(held))
	for i := range held {
		p := probabilities(&held[i])
		k := argmax(p)
		answers[i] = block{from: p[k], weight: held[i].weight}
		if k == held[i].example.label {
			answers[i].right = held[i].weight
		}
	}
	slices.SortStableFunc(answers, func(a, b block) int { return cmp.Compare(a.from, b.from) })
	var blocks []block
	for _, a := range answers {
		for n := len(blocks) - 1; n >= 0 && (blocks[n].right*a.weight >= a.right*blocks[n].weight || blocks[n].from == a.from); n-- {
			a = block{blocks[n].from, blocks[n].right + a.right, blocks[n].weight + a.weight}
			blocks = blocks[:n]
		}
		blocks = append(blocks, a)
	}
	for _, b := range blocks {
		if b.right >= share*b.weight {
			return b.from
		}
	}
	return 1
}

// sureEnough is how often the first reader has to be right to do without the
// second.
const sureEnough = 0.97

func gate(held []prediction, h *linear.Header) float64 {
	return level(held, sureEnough, func(p *prediction) [linear.Classes]float64 { return h.Stance(&p.first) })
}

// calibrateSecond finds the mix of both readers, and calibrates it, on the posts
// that the second was asked about.
func calibrateSecond(held []prediction, h *linear.Header) {
	var asked []prediction
	for _, p := range held {
		if p.second != nil {
			asked = append(asked, p)
		}
	}
	best := math.Inf(1)
	for _, mix := range []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5} {
		both := func(p *prediction) (z linear.Logits) {
			for k := range z {
				z[k] = mix*p.first[k] + (1-mix)*p.second[k]
			}
			return z
		}
		c := calibrate(asked, both)
		loss := 0.0
		for i := range asked {
			z := both(&asked[i])
			loss -= asked[i].weight * math.Log(c.Stance(&z)[asked[i].example.label]+1e-9)
		}
		if loss < best {
			best, h.Mix, h.Second = loss, mix, c
		}
	}
}
