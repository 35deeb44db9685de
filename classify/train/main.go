// Command train makes the stance model that package classify ships:
//
//	go run ./classify/train                            # from classify/corpus alone
//	go run ./classify/train -sets DIR                  # and from public data sets, see sets.go
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
	measure := flags.String("measure", "", "labelled posts to measure on, a JSON object with text and label a line")
	file := flags.String("o", "", "model file to write; empty writes none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	corpus, err := readCorpus(*corpusDir)
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
	r, err := train(corpus, others, defaults, notes)
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
	fmt.Fprintf(out, "held out   %s\n", &r.accuracy)
	fmt.Fprintf(out, "error model, true class by row: %.3f of %d\n", m.Errors.Mean, m.Errors.N)
	if len(posts) == 0 {
		return nil
	}
	var all scores
	var truth [linear.Classes][linear.Classes]float64
	var n [linear.Classes]float64
	for _, e := range posts {
		p := m.Probabilities(e.text)
		all.add(e.label, p, 1)
		n[e.label]++
		for k := range p {
			truth[e.label][k] += p[k]
		}
	}
	for c := range truth {
		for k := range truth[c] {
			truth[c][k] /= max(n[c], 1)
		}
	}
	fmt.Fprintf(out, "measured   %s\n", &all)
	fmt.Fprintf(out, "mean probabilities there: %.3f of %.0f\n", truth, n)
	return nil
}
