package train

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/hugops/hugops/classify/internal/about"
	"github.com/hugops/hugops/classify/internal/linear"
)

// LinkerModel is a model of the linker, with what held-out posts say of it.
type LinkerModel struct {
	File   []byte
	title  string
	scores []aboutScore
}

// About makes the file classify/about.model: whether a post that names a service
// is about its outage. The same inputs give the same bytes on the same processor
// architecture.
func About(ctx context.Context, in Inputs, step func(format string, args ...any)) (*LinkerModel, error) {
	posts, err := readMentions(in)
	if err != nil {
		return nil, err
	}
	return learn(ctx, "Is the outage of the service meant?", posts, step)
}

// Sense makes the file classify/sense.model in the same way: whether a name that
// is an ordinary word as well means the service.
func Sense(ctx context.Context, in Inputs, step func(format string, args ...any)) (*LinkerModel, error) {
	names, err := readNames(in)
	if err != nil {
		return nil, err
	}
	return learn(ctx, "Does the name mean the service?", names, step)
}

func learn(ctx context.Context, title string, posts []mention, step func(format string, args ...any)) (*LinkerModel, error) {
	balance(posts)
	held, signs := make([]float64, len(posts)), make([]float64, len(posts))
	for k := range foldCount {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		step("cross-validation, part %d of %d", k+1, foldCount)
		var rest []mention
		for i := range posts {
			if posts[i].fold != k {
				rest = append(rest, posts[i])
			}
		}
		askAbout(fitAbout(rest, true), posts, k, held)
		askAbout(fitAbout(rest, false), posts, k, signs)
	}
	step("learning from all")
	m := fitAbout(posts, true)
	h := about.Header{Notes: aboutNotes(posts), Bias: m.bias, Dense: m.dense}
	h.Slope, h.Shift = platt(posts, held)
	file, err := about.Marshal(h, m.known, m.hashed)
	return &LinkerModel{File: file, title: title, scores: aboutScores(posts, held, signs)}, err
}

// balance scales the weights of both classes to the same sum.
func balance(posts []mention) {
	var sum [2]float64
	for i := range posts {
		sum[b2i(posts[i].about)] += posts[i].weight
	}
	for i := range posts {
		posts[i].weight *= (sum[0] + sum[1]) / 2 / sum[b2i(posts[i].about)]
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// aboutParams are the weights of the model before they are made bytes.
type aboutParams struct {
	known  *linear.Vocabulary
	hashed []float32
	bias   float64
	dense  [about.Dense]float64
}

// Options of the learning: AdaGrad's steps, and how far weights shrink after each
// of the epochs.
const (
	aboutEpochs = 12
	aboutRate   = 0.3
	aboutDecay  = 0.05
)

// fitAbout learns by stochastic gradient descent on the log loss, with AdaGrad's
// steps; the result is the mean of the weights after each epoch but the first.
// With hashed false it learns from the signs alone.
func fitAbout(posts []mention, hashed bool) *aboutParams {
	known := aboutVocabulary(posts)
	now := &aboutParams{hashed: make([]float32, about.Buckets)}
	mean := &aboutParams{known: known, hashed: make([]float32, about.Buckets)}
	square := &aboutParams{hashed: make([]float32, about.Buckets)}
	rng := rand.New(rand.NewPCG(1, 0x61626f7574))
	order := make([]int, len(posts))
	for i := range order {
		order[i] = i
	}
	var f about.Features
	for epoch := range aboutEpochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		spelt := forget(known, forgotten, rng)
		for _, i := range order {
			p := &posts[i]
			f.Extract(&p.post, spelt)
			if !hashed {
				f.Hashed = [len(f.Hashed)][]uint32{}
			}
			now.descend(square, &f, p.weight*(about.Logistic(now.logit(&f))-float64(b2i(p.about))))
		}
		for i := range now.hashed {
			now.hashed[i] *= 1 - aboutDecay
		}
		if epoch > 0 {
			mean.add(now, 1/float64(aboutEpochs-1))
		}
	}
	return mean
}

func (m *aboutParams) logit(f *about.Features) float64 {
	z := m.bias
	for _, buckets := range f.Hashed {
		sum := 0.0
		for _, b := range buckets {
			sum += float64(m.hashed[b])
		}
		z += linear.Norm(len(buckets)) * sum
	}
	for i, x := range f.Dense {
		z += m.dense[i] * x
	}
	return z
}

// descend makes a step down the gradient g of the logit.
func (m *aboutParams) descend(square *aboutParams, f *about.Features, g float64) {
	for _, buckets := range f.Hashed {
		gb := g * linear.Norm(len(buckets))
		for _, b := range buckets {
			square.hashed[b] += float32(gb * gb)
			m.hashed[b] -= float32(aboutRate * gb / math.Sqrt(float64(square.hashed[b])+0.02))
		}
	}
	square.bias += g * g
	m.bias -= aboutRate * g / math.Sqrt(square.bias+1)
	for i, x := range f.Dense {
		gd := g * x
		square.dense[i] += gd * gd
		m.dense[i] -= aboutRate * gd / math.Sqrt(square.dense[i]+1)
	}
}

func (m *aboutParams) add(o *aboutParams, factor float64) {
	for i := range m.hashed {
		m.hashed[i] += float32(factor) * o.hashed[i]
	}
	m.bias += factor * o.bias
	for i := range m.dense {
		m.dense[i] += factor * o.dense[i]
	}
}

// aboutVocabulary is the words that occur often enough to have weights of their own.
func aboutVocabulary(posts []mention) *linear.Vocabulary {
	texts := make([]example, len(posts))
	for i := range posts {
		texts[i].text = posts[i].post.Text
	}
	return vocabulary(texts)
}

// askAbout fills in the logits of the posts of one fold.
func askAbout(m *aboutParams, posts []mention, fold int, z []float64) {
	var f about.Features
	for i := range posts {
		if posts[i].fold == fold {
			f.Extract(&posts[i].post, m.known)
			z[i] = m.logit(&f)
		}
	}
}

// platt fits the slope and shift of logistic calibration to held-out logits
// (Platt, 1999), by Newton's method; both classes weigh the same.
func platt(posts []mention, z []float64) (slope, shift float64) {
	slope = 1
	var n [2]float64
	for i := range posts {
		n[b2i(posts[i].about)] += float64(b2i(posts[i].twoSided()))
	}
	for range 20 {
		var ga, gb, haa, hab, hbb float64
		for i := range posts {
			if !posts[i].twoSided() {
				continue
			}
			p, y := about.Logistic(slope*z[i]+shift), b2i(posts[i].about)
			e, v := (p-float64(y))/n[y], (p*(1-p)+1e-9)/n[y]
			ga, gb = ga+e*z[i], gb+e
			haa, hab, hbb = haa+v*z[i]*z[i], hab+v*z[i], hbb+v
		}
		det := haa*hbb - hab*hab
		if det < 1e-12 {
			break
		}
		slope, shift = slope-(ga*hbb-gb*hab)/det, shift-(gb*haa-ga*hab)/det
	}
	return slope, shift
}
