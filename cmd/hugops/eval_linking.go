package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/classify/evaluate"
)

// evalLinking measures the linker on the cases of a folder: posts.tsv and
// outages.tsv.
func evalLinking(in *invocation, folder string, asJSON, misses bool) error {
	outages, err := readInput(filepath.Join(folder, "outages.tsv"), nil, evaluate.ReadLinkOutages)
	if err != nil {
		return err
	}
	cases, err := readInput(filepath.Join(folder, "posts.tsv"), nil, func(file string, r io.Reader) ([]evaluate.LinkCase, error) {
		return evaluate.ReadLinkCases(file, r, outages)
	})
	if err != nil {
		return err
	}
	linker := classify.NewLinker(classify.Services(), outages)
	answers := make([]evaluate.LinkAnswer, len(cases))
	inParallel(0, len(cases), func(i int) {
		services, links := linker.Link(&cases[i].Post)
		answers[i] = evaluate.LinkAnswer{Services: services, Links: links, Word: linker.HasWordName(cases[i].Post.Text)}
	})
	if misses {
		return printMisses(in.std.out, cases, answers, outages)
	}
	report := evaluate.NewLinkReport(linker.Rules(), cases, answers, outages)
	if asJSON {
		return json.MarshalWrite(in.std.out, report, jsontext.Multiline(true), json.Deterministic(true))
	}
	return report.Print(in.std.out)
}

// printMisses lists the posts of the part for tuning that were read wrong. Those
// of the other parts stay unread, or they would be more of it.
func printMisses(w io.Writer, cases []evaluate.LinkCase, answers []evaluate.LinkAnswer, outages []hugops.Outage) error {
	for _, i := range evaluate.Wrong(cases, answers, outages) {
		c, a := &cases[i], &answers[i]
		if c.Split != evaluate.Tune {
			continue
		}
		var links []string
		for _, k := range a.Links {
			links = append(links, fmt.Sprintf("%s %.2f", k.Outage, k.Probability))
		}
		_, err := fmt.Fprintf(w, "line %d: %q\n    services %v, want %v; outages %v, want %v\n", c.Line, c.Post.Text, a.Services, c.Services, strings.Join(links, ", "), c.Outages)
		if err != nil {
			return err
		}
	}
	return nil
}
