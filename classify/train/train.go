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
	r := &Result{domains: append(corpusDomains(held), otherDomains(asked)...)}
	h := linear.Header{Notes: d.notes}
	posts := even(r.domains)
	h.Calibration = calibrate(posts, func(p *prediction) linear.Logits { return p.first })
	h.Gate = gate(posts, &h)
	if second != nil {
		step("asking the second reader")
		if held, err = askSecond(ctx, second, held, heldOut); err != nil {
			return nil, err
		}
		if asked, err = askSecond(ctx, second, asked, func(*example) bool { return true }); err != nil {
			return nil, err
		}
		r.domains = append(corpusDomains(held), otherDomains(asked)...)
		h.Encoder = second.Version()
		calibrateSecond(even(r.domains), &h)
	}
	h.Errors = errorModel(r.domains, &h, leastPosts)
	weights := quantise(p, &h)
	r.header = h
	r.File, err = linear.Marshal(h, p.known, weights)
	return r, err
}

// ask returns what a model says of posts.
func ask(p *params, posts []example) []prediction {
	out := make([]prediction, len(posts))
	var f linear.Features
	for i := range posts {
		f.Extract(posts[i].text, p.known)
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
	return held, nil
}

// even scales the weights of the posts of each domain and class to the same sum,
// and returns the posts of all. Calibrated probabilities are those of a stream with
// a third of each class, which is what prevalence estimation starts from; and the
// posts of another outage are another domain, not more of the largest. A class of
// which a domain has few posts weighs less; posts written to mislead are no part of
// any stream, and left out.
func even(domains []domain) (posts []prediction) {
	for _, d := range domains {
		if d.contrived {
			continue
		}
		var total, n [linear.Classes]float64
		for i := range d.posts {
			total[d.posts[i].example.label] += d.posts[i].weight
			n[d.posts[i].example.label]++
		}
		for i := range d.posts {
			k := d.posts[i].example.label
			d.posts[i].weight *= min(1, n[k]/enoughPosts) / total[k]
		}
		posts = append(posts, d.posts...)
	}
	return posts
}

// enoughPosts of a class are what a domain needs to weigh as much as any other.
const enoughPosts = 50

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
