package train

import (
	"math"
	"math/rand/v2"

	"github.com/hugops/hugops/classify/internal/linear"
)

// example is one labelled post.
type example struct {
	text    string
	lang    string
	label   int                      // support 0, venting 1, neutral 2
	sarcasm int                      // 1 yes, 0 no, none unknown
	target  int                      // of a post that vents: people 0, company 1, situation 2; else none
	weight  float64                  // of its loss
	set     string                   // where it is from; "" for the corpus
	near    bool                     // about a fault or a service, not of the neighbourhood only
	pair    string                   // the trap of a minimal pair
	trap    bool                     // written to look like another class
	soft    *[linear.Classes]float64 // what the second reader's teacher says, instead of a label; nil if it was not asked
	lacks   [linear.Classes]bool     // classes that its set does not have
}

// options of one training run.
type options struct {
	epochs   int     // at least 2
	rate     float64 // AdaGrad's step
	decay    float64 // of the weights after each epoch
	ownDecay float64 // of the corrections
	augment  bool
	seed     uint64
}

var defaults = options{epochs: 5, rate: 0.15, decay: 0.02, ownDecay: 0.05, augment: true, seed: 1}

// params are the weights of a model before they are made bytes.
type params struct {
	known *linear.Vocabulary
	w     []float32 // bucket*Outputs + output
	bias  [linear.Outputs]float64
	dense [linear.Outputs][linear.Dense]float64
}

func newParams() *params { return &params{w: make([]float32, linear.Outputs*linear.Buckets)} }

// vocabulary is the words that occur often enough to learn their own weights.
func vocabulary(examples []example) *linear.Vocabulary {
	var f linear.Features
	var hashes []uint32
	counts, known := map[uint32]int{}, new(linear.Vocabulary)
	for i := range examples {
		hashes = f.Spelt(hashes[:0], examples[i].text)
		for _, h := range hashes {
			if counts[h]++; counts[h] == leastOften {
				known.Put(h, true)
			}
		}
	}
	return known
}

const (
	leastOften = 2   // times that a word of the vocabulary occurs
	forgotten  = 0.1 // share of the vocabulary that is spelt out in an epoch, so that spelling is learnt from all words
)

// forget returns the vocabulary less a share of its words.
func forget(known *linear.Vocabulary, share float64, rng *rand.Rand) *linear.Vocabulary {
	out := *known
	for i := range out {
		for bit := range 64 {
			if out[i]>>bit&1 != 0 && rng.Float64() < share {
				out[i] &^= 1 << bit
			}
		}
	}
	return &out
}

// learner is the state of AdaGrad (Duchi, Hazan, Singer, 2011): each weight's
// step shrinks with the sum of its squared gradients.
//
// Sets of other kinds of text share the weights of words with the corpus, but
// each has a bias, dense weights and a correction of its weights of its own, so
// that its habits (how long, how kind, whom it addresses) stay with it (Daumé,
// 2007, "Frustratingly easy domain adaptation"). The correction of the corpus is
// part of the model, those of the sets are thrown away.
type learner struct {
	o       options
	shared  weights
	domains map[string]*weights
	known   *linear.Vocabulary // less what is forgotten in this epoch
	f       linear.Features
}

// weights are parameters with their sums of squared gradients.
type weights struct {
	params
	gw     []float32
	gbias  [linear.Outputs]float64
	gdense [linear.Outputs][linear.Dense]float64
}

func newWeights() *weights {
	return &weights{params: *newParams(), gw: make([]float32, linear.Outputs*linear.Buckets)}
}

// fit trains by stochastic gradient descent on the log loss. The same examples,
// options and machine architecture give the same weights: the mean of those after
// each epoch but the first.
func fit(examples []example, o options) *params {
	l := &learner{o: o, shared: *newWeights(), domains: map[string]*weights{}}
	rng := rand.New(rand.NewPCG(o.seed, 0x68756766))
	mean := newParams()
	mean.known = vocabulary(examples)
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	for epoch := range o.epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		l.known = forget(mean.known, forgotten, rng)
		for _, i := range order {
			text := examples[i].text
			if o.augment && epoch > 0 && examples[i].set == "" {
				text = vary(text, rng)
			}
			l.step(text, &examples[i])
		}
		l.shared.shrink(o.decay)
		for _, d := range l.domains {
			d.shrink(o.ownDecay)
		}
		if epoch > 0 {
			l.addTo(mean, 1/float64(o.epochs-1))
		}
	}
	return mean
}

// addTo adds the model of now, times a factor, to a mean: averaged weights swing
// less with the last examples seen (Polyak and Juditsky, 1992).
func (l *learner) addTo(mean *params, factor float64) {
	own := l.domain("")
	for i := range mean.w {
		mean.w[i] += float32(factor) * (own.w[i] + l.shared.w[i])
	}
	for k := range mean.bias {
		mean.bias[k] += factor * own.bias[k]
		for d := range mean.dense[k] {
			mean.dense[k][d] += factor * own.dense[k][d]
		}
	}
}

func (l *learner) domain(set string) *weights {
	d := l.domains[set]
	if d == nil {
		d = newWeights()
		l.domains[set] = d
	}
	return d
}

// step makes one step down the gradient of one example. Of a set that lacks a
// class nothing is learnt about that class.
func (l *learner) step(text string, e *example) {
	own := l.domain(e.set)
	l.f.Extract(text, l.known)
	z := own.logits(&l.f)
	wv, cv := linear.Norm(len(l.f.Words)), linear.Norm(len(l.f.Chars))
	for k := range z {
		z[k] += wv*l.shared.sum(l.f.Words, k) + cv*l.shared.sum(l.f.Chars, k)
	}
	for k, g := range gradient(&z, e) {
		if g == 0 {
			continue
		}
		g *= e.weight
		for _, w := range []*weights{&l.shared, own} {
			w.descend(l.f.Words, k, g*wv, l.o.rate)
			w.descend(l.f.Chars, k, g*cv, l.o.rate)
		}
		own.descendDense(&l.f, k, g, l.o.rate)
	}
}

// gradient is that of the log losses of what is known of an example: its stance,
// whether it is sarcasm, and whom it blames.
func gradient(z *linear.Logits, e *example) (g linear.Logits) {
	stance := [linear.Classes]float64(z[:])
	for k := range stance {
		if e.lacks[k] {
			stance[k] = math.Inf(-1)
		}
	}
	if e.label >= 0 {
		for k, p := range linear.Softmax(stance, 1, [linear.Classes]float64{}) {
			g[k] = p
			if e.soft != nil {
				g[k] -= e.soft[k]
			}
		}
		if e.soft == nil {
			g[e.label]--
		}
	}
	if e.sarcasm >= 0 {
		g[linear.Sarcasm] = 1/(1+math.Exp(-z[linear.Sarcasm])) - float64(e.sarcasm)
	}
	if e.target >= 0 {
		for k, p := range linear.Softmax([3]float64(z[linear.Target:]), 1, [3]float64{}) {
			g[linear.Target+k] = p
		}
		g[linear.Target+e.target]--
	}
	return g
}

func (w *weights) descend(buckets []uint32, k int, g, rate float64) {
	g2, r := float32(g*g), rate*g
	for _, b := range buckets {
		i := int(b)*linear.Outputs + k
		w.gw[i] += g2
		w.w[i] -= float32(r / math.Sqrt(float64(w.gw[i])+0.02))
	}
}

func (w *weights) descendDense(f *linear.Features, k int, g, rate float64) {
	w.gbias[k] += g * g
	w.bias[k] -= rate * g / math.Sqrt(w.gbias[k]+1)
	for d, v := range f.Dense {
		gd := g * float64(v)
		w.gdense[k][d] += gd * gd
		w.dense[k][d] -= rate * gd / math.Sqrt(w.gdense[k][d]+1)
	}
}

func (w *weights) shrink(decay float64) {
	keep := float32(1 - decay)
	for i := range w.w {
		w.w[i] *= keep
	}
}

// logits of the float weights.
func (p *params) logits(f *linear.Features) (z linear.Logits) {
	wv, cv := linear.Norm(len(f.Words)), linear.Norm(len(f.Chars))
	for k := range z {
		z[k] = p.bias[k] + wv*p.sum(f.Words, k) + cv*p.sum(f.Chars, k)
		for d, v := range f.Dense {
			z[k] += p.dense[k][d] * float64(v)
		}
	}
	return z
}

func (p *params) sum(buckets []uint32, k int) (s float64) {
	for _, b := range buckets {
		s += float64(p.w[int(b)*linear.Outputs+k])
	}
	return s
}
