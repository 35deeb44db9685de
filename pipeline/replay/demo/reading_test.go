package demo

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
)

// label is what the writer of a post meant.
type label struct{ outage, stance, fate string }

func readLabels(t *testing.T) map[string]label {
	t.Helper()
	file, err := os.Open("labels.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	labels := map[string]label{}
	scan := bufio.NewScanner(file)
	for scan.Scan() {
		if f := strings.Split(scan.Text(), "\t"); f[0] != "id" {
			labels[f[0]] = label{f[1], f[2], f[3]}
		}
	}
	if scan.Err() != nil || len(labels) < 1850 {
		t.Fatalf("%d labels: %v", len(labels), scan.Err())
	}
	return labels
}

// TestLabelsFitPosts: every post that the decoders let in has a label, and those
// who opted out have none that came in.
func TestLabelsFitPosts(t *testing.T) {
	labels := readLabels(t)
	for _, e := range events(decodeAll(t)) {
		if e.Post == nil {
			continue
		}
		l, ok := labels[e.Post.ID]
		if !ok {
			t.Errorf("no label for %s", e.Post.ID)
		}
		if l.fate == "opted-out" || l.fate == "not-public" {
			t.Errorf("%s came in, although %s: %s", e.Post.ID, l.fate, e.Post.Text)
		}
		if (l.fate == "provider") != (e.Post.AuthorService != "") || (l.fate == "bot") != e.Post.Bot {
			t.Errorf("%s: fate %s, but service %q and bot %v", e.Post.ID, l.fate, e.Post.AuthorService, e.Post.Bot)
		}
	}
}

// TestReading lets the shipped model and linker read the demo, and compares with
// what the writer meant. The demo is tidier than the world; these floors say
// that the parts fit together, not how good they are.
func TestReading(t *testing.T) {
	model, err := classify.Stance()
	if err != nil {
		t.Fatal(err)
	}
	linker := classify.NewLinker(classify.Services(), readOutages(t))
	reader := classify.NewReader(model, linker)
	labels := readLabels(t)

	var linked, wrong, missed, noise, noiseKept int
	confusion := map[[2]hugops.Stance]int{}
	for _, e := range events(decodeAll(t)) {
		if e.Kind != hugops.Created {
			continue
		}
		meant := labels[e.Post.ID]
		reading := reader.Read(*e.Post)
		keep, _ := linker.Relevant(e.Post)
		got := "-"
		if len(reading.Links) > 0 {
			got = reading.Links[0].Outage
		}
		switch {
		case meant.outage == "-":
			noise++
			if keep || got != "-" {
				noiseKept++
			}
			continue
		case got == meant.outage:
			linked++
		case got == "-":
			missed++
		default:
			wrong++
			t.Logf("linked to %s, not %s: %s", got, meant.outage, e.Post.Text)
		}
		if meant.fate == "kept" {
			confusion[[2]hugops.Stance{hugops.Stance(meant.stance), reading.Stance}]++
		}
	}
	f1 := macroF1(confusion)
	t.Logf("linked %d, wrongly %d, missed %d; noise kept %d of %d", linked, wrong, missed, noiseKept, noise)
	t.Logf("stance: macro-F1 %.3f with %s; %v", f1, model.Version(), confusion)
	if wrong > 0 || missed*10 > linked+missed || noiseKept > 2 {
		t.Errorf("linked %d, wrongly %d, missed %d, noise kept %d of %d", linked, wrong, missed, noiseKept, noise)
	}
	if f1 < 0.6 {
		t.Errorf("macro-F1 of the stance is %.3f, want 0.6", f1)
	}
}

// macroF1 is the mean over the three stances of 2·TP / (2·TP + FP + FN).
func macroF1(confusion map[[2]hugops.Stance]int) float64 {
	stances := []hugops.Stance{hugops.Support, hugops.Venting, hugops.Neutral}
	sum := 0.0
	for _, a := range stances {
		errs := 0
		for _, b := range stances {
			if b != a {
				errs += confusion[[2]hugops.Stance{a, b}] + confusion[[2]hugops.Stance{b, a}]
			}
		}
		hits := 2 * confusion[[2]hugops.Stance{a, a}]
		sum += float64(hits) / float64(max(1, hits+errs))
	}
	return sum / 3
}
