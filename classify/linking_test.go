package classify

import (
	"os"
	"testing"

	"github.com/hugops/hugops/classify/evaluate"
)

// linkFloors are what the linker may not fall below on classify/linking, part by
// part, in the order of the report's measures: services (precision, recall),
// right outage, no link where none belongs, links (precision, recall). The parts
// "test" and "fresh" were never tuned by; their floors stand a little under what
// was measured (docs/LINKING.md).
var linkFloors = map[string][6]float64{
	evaluate.Tune:  {0.98, 0.96, 0.96, 0.98, 0.97, 0.95},
	evaluate.Test:  {0.96, 0.94, 0.88, 0.96, 0.96, 0.88},
	evaluate.Fresh: {0.96, 0.91, 0.84, 0.96, 0.96, 0.84},
}

func TestLinkingCases(t *testing.T) {
	open := func(file string) *os.File {
		f, err := os.Open("linking/" + file)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	outages, err := evaluate.ReadLinkOutages("outages.tsv", open("outages.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	cases, err := evaluate.ReadLinkCases("posts.tsv", open("posts.tsv"), outages)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLinker(Services(), outages)
	answers := make([]evaluate.LinkAnswer, len(cases))
	words := 0
	for i := range cases {
		answers[i].Services, answers[i].Links = l.Link(&cases[i].Post)
		if answers[i].Word = l.HasWordName(cases[i].Post.Text); answers[i].Word {
			words++
		}
	}
	if len(outages) < 40 || len(cases) < 1500 || words < 400 {
		t.Errorf("%d outages, %d posts, %d of them with a name that is a word: want at least 40, 1,500 and 400", len(outages), len(cases), words)
	}
	report := evaluate.NewLinkReport(l.Rules(), cases, answers, outages)
	for _, set := range report.Sets {
		floors, ok := linkFloors[set.Name]
		for m, floor := range floors {
			if ok && set.Scores[m].Value < floor {
				t.Errorf("%s: %s %.3f, want at least %.3f", set.Name, report.Measures[m], set.Scores[m].Value, floor)
			}
		}
	}
}
