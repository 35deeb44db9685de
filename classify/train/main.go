// Command train makes the stance model that package classify ships (docs/MODEL.md
// has the command that gives the shipped bytes):
//
//	go run ./classify/train                            # from classify/corpus alone
//	go run ./classify/train -sets DIR                  # and from public data sets, see sets.go
//	go run ./classify/train -words classify/ordinary.txt  # only writes the corpus' ordinary words, for the linker
//	go run ./classify/train -measure posts.jsonl       # and measure on labelled posts, which it never learns from
//
// The data sets are not part of the repository; the model's notes name those it
// learnt from. Texts of the -measure file are left out of what it learns from.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/hugops/hugops/classify/internal/linear"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("train", flag.ContinueOnError)
	corpusDir := flags.String("corpus", "classify/corpus", "folder of labelled posts, .tsv with label, lang, text")
	setsDir := flags.String("sets", "", "folder of public data sets to learn from besides")
	outagesDir := flags.String("outages", "pipeline/replay/demo/gen/texts", "folder of labelled posts of outages, for the error model; nothing is learnt from them")
	measure := flags.String("measure", "", "labelled posts to measure on, a JSON object with text and label a line")
	file := flags.String("o", "", "model file to write; empty writes none")
	words := flags.String("words", "", "write the ordinary words of the corpus to this file, and train nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	corpus, err := readCorpus(*corpusDir)
	if err != nil {
		return err
	}
	if *words != "" {
		return os.WriteFile(*words, []byte(strings.Join(ordinaryWords(corpus), "\n")+"\n"), 0o644)
	}
	outages, err := readOutages(*outagesDir)
	if err != nil {
		return err
	}
	var posts, others []example
	if *measure != "" {
		if posts, err = readPosts(*measure); err != nil {
			return err
		}
	}
	notes := []string{fmt.Sprintf("classify/corpus: %d posts written for hugops", len(corpus))}
	if *setsDir != "" {
		if others, err = readSets(*setsDir); err != nil {
			return err
		}
		others = without(others, posts)
		notes = append(notes, notesOf(others)...)
	}
	outages = without(without(outages, corpus), others) // measured only on what it has not seen
	r, err := train(corpus, others, outages, defaults, notes)
	if err != nil {
		return err
	}
	if err := report(out, r, posts); err != nil || *file == "" {
		return err
	}
	return os.WriteFile(*file, r.file, 0o644)
}

// without drops the examples whose text is one of those.
func without(examples, those []example) []example {
	drop := map[string]bool{}
	for i := range those {
		drop[key(those[i].text)] = true
	}
	return slices.DeleteFunc(examples, func(e example) bool { return drop[key(e.text)] })
}

func report(out io.Writer, r *result, posts []example) error {
	m, err := linear.Load(r.file)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %d bytes, calibration ×%.2f %+.2f\n", m.Version(), len(r.file), m.Sharpness, m.Shift)
	measured := append([]domain{{"corpus, held out", r.held}}, r.domains...)
	if len(posts) > 0 {
		measured = append(measured, domain{name: "measured"})
		var f linear.Features
		for i := range posts {
			f.Extract(posts[i].text)
			d := &measured[len(measured)-1]
			d.posts = append(d.posts, prediction{&posts[i], m.Logits(&f), 1})
		}
	}
	for i := range measured {
		measured[i].report(out, m)
	}
	fmt.Fprintf(out, "error model, true class by row: %.3f of %d, in another outage ± %.3f\n", m.Errors.Mean, m.Errors.N, spread(m.Errors))
	return nil
}

// report prints one line of scores, and one of what the model says on average of
// the posts of each class.
func (d *domain) report(out io.Writer, m *linear.Model) {
	var s scores
	var c calibration
	for i := range d.posts {
		p := linear.Softmax(d.posts[i].logits, m.Sharpness, m.Shift)
		s.add(d.posts[i].example.label, p, 1)
		c.add(d.posts[i].example.label, p, d.posts[i].weight)
	}
	fmt.Fprintf(out, "%-24s %s  ECE %.3f\n%24s", d.name, &s, c.error(), "")
	for class := range linear.Classes {
		mo := d.moments(class, m.Sharpness, m.Shift)
		fmt.Fprintf(out, " %s %.2f of %d ", labels[class], mo.mean, mo.n)
	}
	fmt.Fprintln(out)
}
