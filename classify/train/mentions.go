package train

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/classify/evaluate"
	"github.com/hugops/hugops/classify/internal/about"
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

// aboutFiles are the files of labelled posts: hard ones ("posts"), everyday ones
// ("plain"), and neutral ones of the corpus that were read again for this ("read").
var aboutFiles = []string{"posts", "plain", "read"}

// twoSided reports whether a post is of a set with both classes in one style: only
// those tell the calibration.
func (p *mention) twoSided() bool { return twoSided[p.set] }

var twoSided = map[string]bool{"posts": true, "plain": true, "read": true, "tune": true, "names": true, "doubtful": true}

// Weights of the sets before classes are balanced: those written to tell outages
// from the rest hold both classes in one style; of the others, each holds one.
var aboutWeights = map[string]float64{"posts": 1, "plain": 1, "read": 1, "tune": 1, "corpus": 0.05, "goemotions": 0.3, "isarcasmeval": 0.3, "vader-tweets-groundtruth": 0.3,
	"crisislext26": 0.1, "complaints-x-ci": 0.15, "github-incivility": 0.1, "senti4sd": 0.1}

// written is when the posts were written, as far as a year in them is concerned.
var written = time.Date(2026, 10, 6, 12, 0, 0, 0, time.UTC)

// readTune reads the half of the linking cases that rules are tuned by. A service
// is out if the post is about its outage, that of what it is part of or that of a
// part of it; of the others in such a post the cases say nothing.
func readTune(l *classify.Linker, dir string) (posts []mention, err error) {
	outages, err := readFile(filepath.Join(dir, "outages.tsv"), evaluate.ReadLinkOutages)
	if err != nil {
		return nil, err
	}
	cases, err := readFile(filepath.Join(dir, "posts.tsv"), func(name string, r io.Reader) ([]evaluate.LinkCase, error) {
		return evaluate.ReadLinkCases(name, r, outages)
	})
	if err != nil {
		return nil, err
	}
	service, parents := map[string]string{}, map[string]string{}
	for _, s := range classify.Services().All() {
		parents[s.Slug] = s.Parent
	}
	for i := range outages {
		service[outages[i].ID] = outages[i].Service
	}
	for i := range cases {
		c := &cases[i]
		if c.Split != evaluate.Tune {
			continue
		}
		for _, m := range l.Mentions(&c.Post, c.Services...) {
			is := slices.ContainsFunc(c.Outages, func(id string) bool { return related(parents, m.Service, service[id]) })
			if !is && len(c.Outages) > 0 {
				continue
			}
			posts = append(posts, mention{post: m.Post, about: is, set: "tune", text: c.Post.Text, lang: c.Post.Lang, weight: aboutWeights["tune"]})
		}
	}
	return posts, nil
}

// related reports whether a service is another, a part of it, or has it as a part.
func related(parents map[string]string, a, b string) bool {
	above := func(a, b string) bool {
		for a != "" && a != b {
			a = parents[a]
		}
		return a == b
	}
	return above(a, b) || above(b, a)
}

func readFile[T any](file string, read func(string, io.Reader) (T, error)) (t T, err error) {
	f, err := os.Open(file)
	if err != nil {
		return t, err
	}
	defer f.Close()
	return read(file, f)
}

func readMentions(in Inputs) (posts []mention, err error) {
	l := classify.NewLinker(classify.Services(), nil)
	for _, set := range aboutFiles {
		found, err := readAbout(filepath.Join(in.About, set+".tsv"), set)
		if err != nil {
			return nil, err
		}
		posts = append(posts, found...)
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
	deal(posts)
	return posts, nil
}

// deal deals posts into parts for cross-validation, near-duplicates into one; those
// of sets with one class, which tell no calibration, by their text alone.
func deal(posts []mention) {
	var texts []example
	for i := range posts {
		if p := &posts[i]; p.twoSided() {
			texts = append(texts, example{text: p.text})
		} else {
			p.fold = foldOf(p.text, foldCount)
		}
	}
	parts := folds(texts, foldCount)
	for i := range posts {
		if p := &posts[i]; p.twoSided() {
			p.fold, parts = parts[0], parts[1:]
		}
	}
}

// mentions are the services that a text names and whose label is known.
func mentions(l *classify.Linker, text, lang, set string, label func(service string) (is, known bool), spoken ...string) (out []mention) {
	for _, m := range l.Mentions(&hugops.Post{Text: text, Lang: lang, PostedAt: written}, spoken...) {
		if is, known := label(m.Service); known {
			out = append(out, mention{post: m.Post, about: is, set: set, text: text, lang: lang, weight: aboutWeights[set]})
		}
	}
	return out
}

// readAbout reads posts labelled for the service that they name: columns about (1
// or 0), lang, service and text. Their names of it count, whatever else they could be. A text with two services has a row for each. A
// service that the registry does not know is known by an outage.
func readAbout(file, set string) (posts []mention, err error) {
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
		found := mentions(l, t.get(row, "text"), t.get(row, "lang"), set, func(s string) (bool, bool) { return is == "1", s == service }, service)
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
