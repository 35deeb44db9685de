package train

import (
	"context"
	"math"

	"github.com/hugops/hugops/classify/internal/encoder"
	"github.com/hugops/hugops/classify/internal/linear"
	"github.com/hugops/hugops/classify/internal/plain"
)

// foldCount is the number of folds of the cross-validation.
const foldCount = 5

// Result is a trained model with what held-out posts say of it.
type Result struct {
	File    []byte
	header  linear.Header
	domains []domain
}

// prediction is what the readers said of an example that they were not trained
// on; second is nil if the second reader does not read such posts.
type prediction struct {
	example *example
	first   linear.Logits
	second  *linear.Logits
	weight  float64 // how like a real post it is
}

// train makes a model file. The calibration and the error model come from posts
// that the readers have not seen: the first is asked by cross-validation, the
// second about those of which it learnt nothing (heldOut).
func train(ctx context.Context, d *data, second *encoder.Model, o options, step func(string, ...any)) (*Result, error) {
	held, err := crossValidate(ctx, d, o, step)
	if err != nil {
		return nil, err
	}
	step("learning from all")
	p := fit(append(append([]example(nil), d.own...), d.others...), o)
	unseen := append(append([]example(nil), d.pairs...), d.outages...)
	asked := ask(p, unseen)
	h := linear.Header{Notes: d.notes}
	h.Calibration = calibrate(held, func(p *prediction) linear.Logits { return p.first })
	h.Gate = gate(held, &h)
	if second != nil {
		step("asking the second reader")
		if held, err = askSecond(ctx, second, held, heldOut); err != nil {
			return nil, err
		}
		if asked, err = askSecond(ctx, second, asked, func(*example) bool { return true }); err != nil {
			return nil, err
		}
		h.Encoder = second.Version()
		calibrateSecond(held, &h)
	}
	r := &Result{domains: append(corpusDomains(held), otherDomains(asked)...)}
	h.Errors = errorModel(r.domains, &h, leastPosts)
	weights := quantise(p, &h)
	r.header = h
	r.File, err = linear.Marshal(h, weights)
	return r, err
}

// ask returns what a model says of posts.
func ask(p *params, posts []example) []prediction {
	out := make([]prediction, len(posts))
	var f linear.Features
	for i := range posts {
		f.Extract(posts[i].text)
		out[i] = prediction{example: &posts[i], first: p.logits(&f), weight: 1}
	}
	return out
}

// askSecond asks the second reader about the English posts that it has not seen,
// and drops those English posts that it has.
func askSecond(ctx context.Context, m *encoder.Model, posts []prediction, unseen func(*example) bool) ([]prediction, error) {
	s := m.NewScratch()
	kept := posts[:0]
	for _, p := range posts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if p.example.lang == "en" {
			if !unseen(p.example) {
				continue
			}
			var z linear.Logits
			for k, v := range m.Logits(s, plain.ForEncoder(p.example.text)) {
				z[k] = float64(v)
			}
			p.second = &z
		}
		kept = append(kept, p)
	}
	return kept, nil
}

// crossValidate predicts every example of our own by a model that has seen
// neither it nor a near-duplicate.
func crossValidate(ctx context.Context, d *data, o options, step func(string, ...any)) ([]prediction, error) {
	fold := folds(d.own, foldCount)
	held := make([]prediction, len(d.own))
	for k := range foldCount {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		step("cross-validation, part %d of %d", k+1, foldCount)
		var rest, part []example
		var at []int
		for i := range d.own {
			if fold[i] != k {
				rest = append(rest, d.own[i])
				continue
			}
			part, at = append(part, d.own[i]), append(at, i)
		}
		p := fit(append(rest, d.others...), o)
		for j, said := range ask(p, part) {
			said.example = &d.own[at[j]]
			said.weight = likeness(said.example)
			held[at[j]] = said
		}
	}
	balance(held)
	return held, nil
}

// balance scales the weights so that every class weighs the same among the posts
// of the corpus, and likewise among those of public sets: calibrated probabilities
// are those of a stream with a third of each, which is what prevalence estimation
// starts from, and no kind of post may look like one class by itself.
func balance(held []prediction) {
	var total [2][linear.Classes]float64
	for i := range held {
		total[kind(&held[i])][held[i].example.label] += held[i].weight
	}
	for i := range held {
		t := &total[kind(&held[i])]
		held[i].weight *= (t[0] + t[1] + t[2]) / linear.Classes / t[held[i].example.label]
	}
}

func kind(p *prediction) int {
	if p.example.set == readSet {
		return 1
	}
	return 0
}

// quantise turns the weights into one byte each, with a scale for each output's
// words and characters, and puts the rest into the header.
func quantise(p *params, h *linear.Header) []int8 {
	h.Bias, h.Dense = p.bias, p.dense
	const border = linear.WordBuckets * linear.Outputs
	var top [2][linear.Outputs]float32
	for i, w := range p.w {
		t := &top[group(i, border)][i%linear.Outputs]
		*t = max(*t, w, -w)
	}
	for g := range top {
		for k, t := range top[g] {
			h.Scale[g][k] = float64(t) / 127
		}
	}
	out := make([]int8, len(p.w))
	for i, w := range p.w {
		if scale := h.Scale[group(i, border)][i%linear.Outputs]; scale > 0 {
			out[i] = int8(math.Round(float64(w) / scale))
		}
	}
	return out
}

func group(i, border int) int {
	if i < border {
		return 0
	}
	return 1
}
