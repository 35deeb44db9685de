package train

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/classify/evaluate"
	"github.com/hugops/hugops/classify/internal/plain"
)

// Weights of the sets that tell names of services from the words that they are.
// Names that are no words stand in for those that are.
var nameWeights = map[string]float64{"names": 1, "tune": 1, "doubtful": 1, "posts": 0.5, "plain": 0.5, "read": 0.3, "corpus": 0.05, "ordinary": 0.2}

// ordinaryNames are the names that the public sets have as mere words, in lower
// case: those that mostly are words, and these; but for the second ones.
var (
	ordinaryNames = strings.Fields("teams zoom notion spectrum outlook slack canvas orange apple")
	oddNames      = strings.Fields("tinder copilot yt visa vivo kraken anaconda x")
)

// readNames reads names that are ordinary words and, for the other side, those of
// services that are no words.
func readNames(in Inputs) (out []mention, err error) {
	l := classify.NewLinker(classify.Services(), nil)
	for _, set := range append([]string{"names"}, aboutFiles...) {
		found, err := readNamed(l, filepath.Join(in.About, set+".tsv"), set)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	for _, more := range []func() ([]mention, error){
		func() ([]mention, error) { return readTuneNames(l, in.Linking) },
		func() ([]mention, error) { return readDoubtful(l, in.Doubtful) },
		func() ([]mention, error) { return readCorpusNames(l, in.Corpus) },
		func() ([]mention, error) { return readOrdinaryNames(l, in.Sets) },
	} {
		found, err := more()
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	deal(out)
	return out, nil
}

// readNamed reads posts labelled for the service that they speak of; in "names",
// those of service "-" speak of none, whatever they seem to name. A post of "posts"
// that is about no outage may do so too: its names that are words are left out.
func readNamed(l *classify.Linker, file, set string) (out []mention, err error) {
	t, err := readTable(file, nil)
	if err != nil {
		return nil, err
	}
	for _, row := range t.rows {
		service := t.get(row, "service")
		sure := set != "posts" || t.get(row, "about") == "1"
		post := &hugops.Post{Text: t.get(row, "text"), Lang: t.get(row, "lang"), PostedAt: written}
		out = append(out, placed(l, post, set, func(n *classify.Name) (is, known bool) {
			if !n.Word {
				return true, true
			}
			return n.Service == service, n.Service == service && sure || service == "-"
		})...)
	}
	return out, nil
}

// readCorpusNames reads the names of the corpus that are no words.
func readCorpusNames(l *classify.Linker, dir string) (out []mention, err error) {
	corpus, err := readCorpus(dir)
	if err != nil {
		return nil, err
	}
	for i := range corpus {
		post := &hugops.Post{Text: corpus[i].text, Lang: corpus[i].lang, PostedAt: written}
		out = append(out, placed(l, post, "corpus", func(n *classify.Name) (is, known bool) { return true, !n.Word })...)
	}
	return out, nil
}

// placed are the names of a post whose label is known.
func placed(l *classify.Linker, p *hugops.Post, set string, label func(n *classify.Name) (is, known bool)) (out []mention) {
	for _, n := range l.Names(p) {
		if is, known := label(&n); known {
			out = append(out, mention{post: n.Post, about: is, set: set, text: p.Text, lang: p.Lang, weight: nameWeights[set]})
		}
	}
	return out
}

// readTuneNames reads the names of the part of the linking cases that rules are tuned by.
func readTuneNames(l *classify.Linker, dir string) (out []mention, err error) {
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
	for i := range cases {
		if c := &cases[i]; c.Split == evaluate.Tune {
			out = append(out, placed(l, &c.Post, "tune", func(n *classify.Name) (bool, bool) { return slices.Contains(c.Services, n.Service), true })...)
		}
	}
	return out, nil
}

// readDoubtful reads the cases of an odd number of a file of names that are words:
// language, slugs and text. Those of an even number are held out.
func readDoubtful(l *classify.Linker, file string) (out []mention, err error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 3 || line[0] == '#' {
			continue
		}
		if n++; n%2 == 0 {
			continue
		}
		out = append(out, placed(l, &hugops.Post{Text: f[2], Lang: strings.Trim(f[0], "-"), PostedAt: written}, "doubtful", func(n *classify.Name) (bool, bool) {
			return slices.Contains(strings.Split(f[1], ","), n.Service), true
		})...)
	}
	return out, nil
}

// mostOf is how many of one name the public sets may give.
const mostOf = 200

// readOrdinaryNames reads the words of public sets that are names elsewhere.
func readOrdinaryNames(l *classify.Linker, dir string) (out []mention, err error) {
	if dir == "" {
		return nil, nil
	}
	seen := map[string]int{}
	word := func(n *classify.Name) (is, known bool) {
		if !n.Word || n.Capital || slices.Contains(oddNames, n.Text) || !n.Common && !slices.Contains(ordinaryNames, n.Text) {
			return false, false
		}
		seen[n.Text]++
		return false, seen[n.Text] <= mostOf
	}
	for _, s := range sets {
		if s.name == "lexicon-vader" {
			continue
		}
		for _, file := range s.files {
			t, err := readTable(filepath.Join(dir, s.name, file), s.header)
			if err != nil {
				return nil, err
			}
			for _, row := range t.rows {
				post := &hugops.Post{Text: plain.Text(t.get(row, s.text())), Lang: "en", PostedAt: written}
				out = append(out, placed(l, post, "ordinary", word)...)
			}
		}
	}
	return out, nil
}
