// Package train makes the stance model that package classify ships: `hugops
// train`. docs/MODEL.md has the command that gives the shipped bytes.
//
// It owns the inputs (the corpus, the labels and mappings of public sets, which
// are no part of the repository), the learning, the calibration and the error
// model. It knows nothing of posts' ways, servers or outages.
package train

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hugops/hugops/classify/internal/encoder"
)

// Inputs are the places of what a model is made from.
type Inputs struct {
	Corpus   string // folder of labelled posts, .tsv with label, target, sarcasm, lang, text
	Pairs    string // folder of minimal pairs: learnt.tsv, and heldout.tsv, of which nothing is learnt
	Outages  string // folder of labelled posts of outages, for the error model; nothing is learnt from them
	Sets     string // folder of public data sets; "" for none
	Labels   string // folder of labels of posts of those sets, read for their stance
	Taught   string // what the second reader's teacher says of other posts of those sets; "" for nothing
	Exclude  string // labelled posts (a JSON object with text a line) of which nothing may be learnt; "" for none
	About    string // folder of labelled posts that name services, for the linker's models
	Linking  string // folder of linking cases, for the same; nothing is learnt but from those of the part "tune"
	Doubtful string // names that are words, for the same; "" for none
	Encoder  string // file of the second reader, to calibrate beside; "" for none
}

// Defaults are the inputs within the repository, seen from its root.
var Defaults = Inputs{Corpus: "classify/corpus", Pairs: "classify/pairs", Outages: "pipeline/replay/demo/gen/texts",
	Labels: "classify/labels", Taught: "classify/taught.tsv",
	About: "classify/about", Linking: "classify/linking", Doubtful: "classify/testdata/ambiguous.tsv", Encoder: "classify/encoder.model"}

// Run makes a model file. The same inputs give the same bytes on the same
// processor architecture. It tells of each step as it begins.
func Run(ctx context.Context, in Inputs, step func(format string, args ...any)) (*Result, error) {
	d, err := read(in)
	if err != nil {
		return nil, err
	}
	step("%d posts of the corpus, %d others, %d of outages", len(d.own), len(d.others), len(d.outages))
	var second *encoder.Model
	if in.Encoder != "" {
		file, err := os.ReadFile(in.Encoder)
		if err != nil {
			return nil, fmt.Errorf("the second reader: %w", err)
		}
		if second, err = encoder.Load(file); err != nil {
			return nil, fmt.Errorf("%s: %w", in.Encoder, err)
		}
	}
	return train(ctx, d, second, defaults, step)
}

// Words writes the ordinary words of a corpus, for the linker: one a line.
func Words(corpus string) ([]byte, error) {
	posts, err := readCorpus(corpus)
	if err != nil {
		return nil, err
	}
	return []byte(strings.Join(ordinaryWords(posts), "\n") + "\n"), nil
}

// data is all that a model is made from.
type data struct {
	own     []example // the corpus, the pairs that are learnt from, and the posts of public sets read for their stance
	others  []example // public sets by their own labels
	pairs   []example // pairs of which nothing is learnt
	outages []example
	notes   []string
}

func read(in Inputs) (d *data, err error) {
	d = &data{}
	if d.own, err = readCorpus(in.Corpus); err != nil {
		return nil, err
	}
	d.notes = append(d.notes, fmt.Sprintf("classify/corpus: %d posts written for hugops", len(d.own)))
	var learnt, read []example
	if in.Pairs != "" {
		if learnt, err = readPairs(in.Pairs + "/learnt.tsv"); err != nil {
			return nil, err
		}
		if d.pairs, err = readPairs(in.Pairs + "/heldout.tsv"); err != nil {
			return nil, err
		}
		d.notes = append(d.notes, fmt.Sprintf("classify/pairs: %d posts of minimal pairs", len(learnt)))
	}
	if in.Sets != "" {
		if read, d.others, err = readSets(in.Sets, in.Labels, in.Taught); err != nil {
			return nil, err
		}
	}
	d.own = slices.Concat(d.own, learnt, read)
	if in.Exclude != "" {
		posts, err := readPosts(in.Exclude)
		if err != nil {
			return nil, err
		}
		d.own, d.others = without(d.own, posts), without(d.others, posts)
	}
	d.notes = append(d.notes, notesOf(slices.Concat(d.own, d.others))...)
	if d.outages, err = readOutages(in.Outages); err != nil {
		return nil, err
	}
	d.outages = without(without(d.outages, d.own), d.others) // measured only on what it has not seen
	return d, nil
}

// without drops the examples whose text is one of those.
func without(examples, those []example) []example {
	drop := map[string]bool{}
	for i := range those {
		drop[key(those[i].text)] = true
	}
	return slices.DeleteFunc(examples, func(e example) bool { return drop[key(e.text)] })
}
