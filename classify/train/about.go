package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/classify/internal/about"
	"github.com/hugops/hugops/classify/internal/linear"
	"github.com/hugops/hugops/classify/internal/plain"
)

// mention is a post that names a service, and whether it is about its outage.
type mention struct {
	post   about.Post
	about  bool
	set    string // where it is from
	text   string
	lang   string
	weight float64
	fold   int
}

// AboutResult is a model that tells whether a post which names a service is about
// its outage, with what held-out posts say of it.
type AboutResult struct {
	File   []byte
	scores []aboutScore
	header about.Header
}

// aboutScore is what cross-validation says of the posts of one set.
type aboutScore struct {
	set                   string
	posts, about          int
	recall, specificity   float64 // of the model
	srecall, sspecificity float64 // of the same model learnt from the signs alone
}

// About makes the file classify/about.model. The same inputs give the same bytes
// on the same processor architecture.
func About(ctx context.Context, in Inputs, step func(format string, args ...any)) (*AboutResult, error) {
	posts, err := readMentions(in)
	if err != nil {
		return nil, err
	}
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
	r := &AboutResult{header: about.Header{Notes: aboutNotes(posts), Bias: m.bias, Dense: m.dense}}
	h := &r.header
	h.Slope, h.Shift = platt(posts, held)
	r.scores = aboutScores(posts, held, signs)
	r.File, err = about.Marshal(*h, m.known, m.hashed)
	return r, err
}

// Weights of the sets before classes are balanced: those written to tell outages
// from the rest hold both classes in one style; of the others, each holds one.
var aboutWeights = map[string]float64{"about": 1, "tune": 1, "corpus": 0.05, "goemotions": 0.3, "isarcasmeval": 0.3, "vader-tweets-groundtruth": 0.3}

func readMentions(in Inputs) (posts []mention, err error) {
	l := classify.NewLinker(classify.Services(), nil)
	if posts, err = readAbout(in.About); err != nil {
		return nil, err
	}
	tune, err := readTune(l, in.Linking)
	if err != nil {
		return nil, err
	}
	corpus, err := readCorpus(in.Corpus)
	if err != nil {
		return nil, err
	}
	posts = append(posts, tune...)
	for i := range corpus {
		if e := &corpus[i]; e.label != neutral {
			posts = append(posts, mentions(l, e.text, e.lang, "corpus", func(string) (bool, bool) { return true, true })...)
		}
	}
	if in.Sets != "" {
		others, err := readOrdinary(l, in.Sets)
		if err != nil {
			return nil, err
		}
		posts = append(posts, others...)
	}
	texts := make([]example, len(posts))
	for i := range posts {
		texts[i].text = posts[i].text
	}
	for i, k := range folds(texts, foldCount) {
		posts[i].fold = k
	}
	return posts, nil
}

// mentions are the services that a text names and whose label is known.
func mentions(l *classify.Linker, text, lang, set string, label func(service string) (is, known bool)) (out []mention) {
	for _, m := range l.Mentions(&hugops.Post{Text: text, Lang: lang, PostedAt: written}) {
		if is, known := label(m.Service); known {
			out = append(out, mention{post: m.Post, about: is, set: set, text: text, lang: lang, weight: aboutWeights[set]})
		}
	}
	return out
}

// readAbout reads posts labelled for the service that they name: columns about (1
// or 0), lang, service and text. A text with two services has a row for each. A
// service that the registry does not know is known by an outage.
func readAbout(file string) (posts []mention, err error) {
	t, err := readTable(file, nil)
	if err != nil {
		return nil, err
	}
	var unknown []hugops.Outage
	for _, row := range t.rows {
		if s := t.get(row, "service"); !slices.ContainsFunc(classify.Services().All(), func(k classify.Service) bool { return k.Slug == s }) {
			unknown = append(unknown, hugops.Outage{ID: s, Service: s, StartedAt: written})
		}
	}
	l := classify.NewLinker(classify.Services(), unknown)
	for n, row := range t.rows {
		is, service := t.get(row, "about"), t.get(row, "service")
		if is != "0" && is != "1" {
			return nil, fmt.Errorf("%s, row %d: about is %q, want 1 or 0", file, n+1, is)
		}
		found := mentions(l, t.get(row, "text"), t.get(row, "lang"), "about", func(s string) (bool, bool) { return is == "1", s == service })
		posts = append(posts, found...)
	}
	return posts, nil
}

// readOrdinary reads the posts of public sets that name a service on an ordinary
// day: none of them is taken to be about an outage.
func readOrdinary(l *classify.Linker, dir string) (posts []mention, err error) {
	for _, s := range sets {
		if _, ok := aboutWeights[s.name]; !ok {
			continue
		}
		for _, file := range s.files {
			t, err := readTable(filepath.Join(dir, s.name, file), s.header)
			if err != nil {
				return nil, err
			}
			for _, row := range t.rows {
				text := plain.Text(t.get(row, s.text()))
				posts = append(posts, mentions(l, text, "en", s.name, func(string) (bool, bool) { return false, true })...)
			}
		}
	}
	return posts, nil
}

// balance scales the weights of both classes to the same sum, the number of posts.
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
	aboutEpochs = 8
	aboutRate   = 0.2
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

// twoSided reports whether a post is of a set with both classes in one style: only
// those tell the calibration.
func (p *mention) twoSided() bool { return p.set == "about" || p.set == "tune" }

// platt fits the slope and shift of logistic calibration to held-out logits
// (Platt, 1999), by Newton's method.
func platt(posts []mention, z []float64) (slope, shift float64) {
	slope = 1
	for range 20 {
		var ga, gb, haa, hab, hbb float64
		for i := range posts {
			if !posts[i].twoSided() {
				continue
			}
			p := about.Logistic(slope*z[i] + shift)
			e, v := p-float64(b2i(posts[i].about)), p*(1-p)+1e-9
			ga, gb = ga+e*z[i], gb+e
			haa, hab, hbb = haa+v*z[i]*z[i], hab+v*z[i], hbb+v
		}
		det := haa*hbb - hab*hab
		if det < 1e-9 {
			break
		}
		slope, shift = slope-(ga*hbb-gb*hab)/det, shift-(gb*haa-ga*hab)/det
	}
	return slope, shift
}
