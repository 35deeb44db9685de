package evaluate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hugops/hugops"
)

// posts makes cases and predictions from a string: "sv" is a post labelled
// support and read as venting.
func posts(t *testing.T, pairs string) (cases []Case, said []Prediction) {
	t.Helper()
	stance := map[byte]hugops.Stance{'s': hugops.Support, 'v': hugops.Venting, 'n': hugops.Neutral}
	for i, p := range strings.Fields(pairs) {
		if stance[p[0]] == "" || stance[p[1]] == "" {
			t.Fatalf("%q is no pair of s, v, n", p)
		}
		cases = append(cases, Case{Line: i + 1, Label: stance[p[0]]})
		said = append(said, Prediction{Stance: stance[p[1]]})
	}
	return cases, said
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestConfusion(t *testing.T) {
	for _, c := range []struct {
		name      string
		posts     string
		precision [3]float64
		recall    [3]float64
		f1        [3]float64
		macro     float64
		accuracy  float64
	}{
		{"all right", "ss vv nn", [3]float64{1, 1, 1}, [3]float64{1, 1, 1}, [3]float64{1, 1, 1}, 1, 1},
		{"all wrong", "sv vn ns", [3]float64{}, [3]float64{}, [3]float64{}, 0, 0},
		{"by hand", "ss ss sv sn vv vn vn nn nn ns", // support 2/3, 2/4; venting 1/2, 1/3; neutral 2/5, 2/3
			[3]float64{2. / 3, 1. / 2, 2. / 5}, [3]float64{1. / 2, 1. / 3, 2. / 3}, [3]float64{4. / 7, 2. / 5, 1. / 2}, (4./7 + 2./5 + 1./2) / 3, .5},
		{"always neutral", "sn vn nn nn", [3]float64{0, 0, .5}, [3]float64{0, 0, 1}, [3]float64{0, 0, 2. / 3}, 2. / 9, .5},
		{"no support among the posts: the mean is of two", "vv vs nn nn", [3]float64{0, 1, 1}, [3]float64{0, .5, 1}, [3]float64{0, 2. / 3, 1}, 5. / 6, .75},
		{"one class", "vv vv", [3]float64{0, 1, 0}, [3]float64{0, 1, 0}, [3]float64{0, 1, 0}, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := NewConfusion(posts(t, c.posts))
			for k, stance := range Stances {
				if !near(m.Precision(k), c.precision[k]) || !near(m.Recall(k), c.recall[k]) || !near(m.F1(k), c.f1[k]) {
					t.Errorf("%s: P %.4f R %.4f F1 %.4f, want %.4f %.4f %.4f", stance, m.Precision(k), m.Recall(k), m.F1(k), c.precision[k], c.recall[k], c.f1[k])
				}
			}
			if !near(m.MacroF1(), c.macro) || !near(m.Accuracy(), c.accuracy) {
				t.Errorf("macro-F1 %.4f accuracy %.4f, want %.4f %.4f", m.MacroF1(), m.Accuracy(), c.macro, c.accuracy)
			}
		})
	}
}

// sure makes a post read as support, venting with the rest of the probability.
func sure(label hugops.Stance, support float64) (Case, Prediction) {
	p := hugops.Probabilities{Support: support, Venting: 1 - support}
	return Case{Label: label}, Prediction{Stance: p.Stance(), Probabilities: p}
}

func TestReliability(t *testing.T) {
	var cases []Case
	var said []Prediction
	for _, p := range []struct {
		label   hugops.Stance
		support float64
	}{
		{hugops.Support, .95}, {hugops.Support, 1}, // the last bin holds 1 too
		{hugops.Support, .9}, {hugops.Venting, .91}, // right 3 of 4, sure .94
		{hugops.Venting, .35}, {hugops.Support, .33}, // venting with .65 and .67: right 1 of 2
	} {
		c, s := sure(p.label, p.support)
		cases, said = append(cases, c), append(said, s)
	}
	said[4].Abstained, said[4].Stance = true, hugops.Neutral // what it abstains from is binned as the rest
	got := Reliability(cases, said)
	want := []Bin{{Low: .6, Posts: 2, Sure: .66, Right: .5}, {Low: .9, Posts: 4, Sure: .94, Right: .75}}
	if len(got) != len(want) {
		t.Fatalf("bins %+v, want %+v", got, want)
	}
	for i := range want {
		if !near(got[i].Low, want[i].Low) || got[i].Posts != want[i].Posts || !near(got[i].Sure, want[i].Sure) || !near(got[i].Right, want[i].Right) {
			t.Errorf("bin %+v, want %+v", got[i], want[i])
		}
	}
	if e := ECE(got); !near(e, (2*.16+4*.19)/6) {
		t.Errorf("ECE %.4f, want (2 × .16 + 4 × .19) / 6", e)
	}
	said[0].Probabilities = hugops.Probabilities{}
	if table := Reliability(cases, said); table != nil || ECE(table) != 0 {
		t.Errorf("a reader without probabilities has the table %+v", table)
	}
}

// crowd makes n posts of which a reader gets about the given share right.
func crowd(n int, right float64, seed uint64) (cases []Case, said []Prediction) {
	labels := rand.New(rand.NewPCG(7, 0))
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range n {
		label := Stances[labels.IntN(3)]
		p := Prediction{Stance: label}
		if r.Float64() > right {
			p.Stance = Stances[r.IntN(3)]
		}
		cases, said = append(cases, Case{Line: i + 1, Label: label}), append(said, p)
	}
	return cases, said
}

func TestIntervals(t *testing.T) {
	cases, good := crowd(400, .8, 1)
	_, bad := crowd(400, .5, 2)
	readers := []Reader{{Name: "hugops", Predictions: good}, {Name: "peer", Predictions: bad}, {Name: "twin", Predictions: good}}
	report := NewReport("m", cases, readers)
	if again := NewReport("m", cases, readers); fmt.Sprint(again.Readers[0].MacroF1, *again.Readers[1].Behind) != fmt.Sprint(report.Readers[0].MacroF1, *report.Readers[1].Behind) {
		t.Error("a second run gives another interval")
	}
	for _, one := range report.Readers {
		for _, i := range []Interval{one.MacroF1, one.Classes[0].F1, one.Classes[1].F1, one.Classes[2].F1} {
			// F1 over 400 posts has a standard error of about .02 to .04
			if !(i.Low < i.Value && i.Value < i.High) || i.High-i.Low < .05 || i.High-i.Low > .2 {
				t.Errorf("%s: %+v does not hold its value, or is too narrow or wide", one.Name, i)
			}
		}
	}
	behind := report.Readers[1].Behind
	if want := report.Readers[0].MacroF1.Value - report.Readers[1].MacroF1.Value; !near(behind.Value, want) || behind.Low <= 0 || behind.High <= behind.Value {
		t.Errorf("hugops is ahead of the worse reader by %+v, want %.3f and surely above 0", *behind, want)
	}
	if twin := *report.Readers[2].Behind; twin != (Interval{}) {
		t.Errorf("ahead of its twin by %+v: the draws are not the same for both", twin)
	}
	if report.Readers[0].Behind != nil {
		t.Error("hugops is ahead of itself")
	}
}

// TestIntervalIsThePercentile takes the numbers 0 to 999: 2.5 % lie below 25, and
// as many above 974.
func TestIntervalIsThePercentile(t *testing.T) {
	var v []float64
	for i := range Resamples {
		v = append(v, float64((i*7)%Resamples))
	}
	if got := interval(500, v); got != (Interval{500, 25, 974}) {
		t.Errorf("%+v, want 25 to 974", got)
	}
}

func TestGroups(t *testing.T) {
	var cases []Case
	var said []Prediction
	add := func(n int, network string, label, as hugops.Stance) {
		for range n {
			cases, said = append(cases, Case{Network: network, Label: label}), append(said, Prediction{Stance: as})
		}
	}
	add(15, "x", hugops.Support, hugops.Support)
	add(15, "x", hugops.Venting, hugops.Neutral)
	add(40, "mastodon", hugops.Neutral, hugops.Neutral)
	add(5, "bluesky", hugops.Support, hugops.Venting)
	add(6, "", hugops.Venting, hugops.Venting)
	network := func(i int) string { return cases[i].Network }
	got := ""
	for _, g := range groups(cases, said, network) {
		got += fmt.Sprintf("%s %d few=%t macro %.2f accuracy %.2f %v\n", g.Name, g.Posts, g.Few, g.MacroF1, g.Accuracy, g.Labelled)
	}
	want := `mastodon 40 few=false macro 1.00 accuracy 1.00 [0 0 40]
x 30 few=false macro 0.50 accuracy 0.50 [15 15 0]
(others) 11 few=true macro 0.35 accuracy 0.55 [5 6 0]
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	add(30, "", hugops.Venting, hugops.Venting)
	last := groups(cases, said, network)
	if g := last[len(last)-1]; g.Name != "bluesky" || !g.Few || g.F1[1] != nil || *g.F1[0] != 0 {
		t.Errorf("a single small group keeps its name: %+v", g)
	}
	if !slices.ContainsFunc(last, func(g Group) bool { return g.Name == groupNone && g.Posts == 36 }) {
		t.Errorf("posts without a network have no group: %+v", last)
	}
}

func TestAbstained(t *testing.T) {
	cases, said := posts(t, "ss vn vn nn nv")
	said[1].Abstained, said[3].Abstained = true, true
	one := NewReport("m", cases, []Reader{{Name: "hugops", Predictions: said}}).Readers[0]
	if one.Abstained != 2 || !near(one.Accuracy, 2./5) || !near(one.Decided, 1./3) {
		t.Errorf("abstained %d, accuracy %.3f, without abstained ones %.3f; want 2, 2/5, 1/3", one.Abstained, one.Accuracy, one.Decided)
	}
}

func TestScorePairs(t *testing.T) {
	s, v, n := hugops.Support, hugops.Venting, hugops.Neutral
	pairs := []Pair{
		{Trap: "thanks", Label: [2]hugops.Stance{s, v}},
		{Trap: "again", Label: [2]hugops.Stance{n, v}},
		{Trap: "thanks", Label: [2]hugops.Stance{v, s}},
	}
	said := [][2]Prediction{{{Stance: s}, {Stance: v}}, {{Stance: n}, {Stance: n}}, {{Stance: s}, {Stance: v}}}
	got := ScorePairs("hugops", pairs, said)
	want := PairsReport{Reader: "hugops", All: PairScore{"", 3, .5, 1. / 3}, Traps: []PairScore{{"thanks", 2, .5, .5}, {"again", 1, .5, 0}}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
