package evaluate

import (
	"cmp"
	"slices"
)

// Reader is a named reader of stance with its prediction for each case.
type Reader struct {
	Name        string
	Note        string // what a user should know of it, "" for nothing
	Predictions []Prediction
}

// Report is everything that "hugops eval" prints. Scores are shares from 0 to 1.
type Report struct {
	Model  string         `json:"model"`
	Posts  int            `json:"posts"`
	Labels map[string]int `json:"labels"`
	// Resamples are the draws behind each interval.
	Resamples int `json:"resamples"`
	// Readers begins with hugops.
	Readers []ReaderReport `json:"readers"`
	// Pairs are the minimal pairs, if there were any.
	Pairs []PairsReport `json:"pairs,omitempty"`
}

// ReaderReport is what was measured of one reader.
type ReaderReport struct {
	Name      string        `json:"name"`
	Note      string        `json:"note,omitempty"`
	MacroF1   Interval      `json:"macro_f1"`
	Accuracy  float64       `json:"accuracy"`
	Classes   []ClassReport `json:"classes"`
	Confusion Confusion     `json:"confusion"` // rows: label; columns: said
	// Behind is the macro-F1 of hugops less this reader's; nil for hugops itself.
	Behind *Interval `json:"behind,omitempty"`
	// ECE and Reliability are nil for a reader without probabilities.
	ECE         *float64 `json:"ece,omitempty"`
	Reliability []Bin    `json:"reliability,omitempty"`
	// Abstained is the number of posts on which it took no side, Decided the
	// accuracy on the others.
	Abstained int     `json:"abstained"`
	Decided   float64 `json:"accuracy_without_abstained"`
	Languages []Group `json:"languages"`
	Networks  []Group `json:"networks"`
	Sets      []Group `json:"sets"`
}

// ClassReport is what was measured of one stance.
type ClassReport struct {
	Stance    string   `json:"stance"`
	Posts     int      `json:"posts"`
	Precision float64  `json:"precision"`
	Recall    float64  `json:"recall"`
	F1        Interval `json:"f1"`
}

// NewReport measures the readers, the first of which is hugops; every reader has
// one prediction for each case, and there is at least one case. Languages are
// those that the file gives, or else those that hugops read the posts in.
func NewReport(model string, cases []Case, readers []Reader) *Report {
	r := &Report{Model: model, Posts: len(cases), Labels: map[string]int{}, Resamples: Resamples}
	for i := range cases {
		r.Labels[string(cases[i].Label)]++
	}
	draws := bootstrap(cases, readers)
	for i := range readers {
		one := measure(cases, readers[i], readers[0].Predictions)
		one.MacroF1 = interval(one.Confusion.MacroF1(), draws.macro[i])
		for k := range one.Classes {
			one.Classes[k].F1 = interval(one.Confusion.F1(k), draws.f1[i][k])
		}
		if i > 0 {
			d := difference(r.Readers[0].MacroF1.Value-one.MacroF1.Value, draws.macro[0], draws.macro[i])
			one.Behind = &d
		}
		r.Readers = append(r.Readers, one)
	}
	return r
}

// measure does all but the intervals.
func measure(cases []Case, reader Reader, languages []Prediction) ReaderReport {
	said := reader.Predictions
	c := NewConfusion(cases, said)
	out := ReaderReport{Name: reader.Name, Note: reader.Note, Confusion: c, Accuracy: c.Accuracy()}
	for k, stance := range Stances {
		out.Classes = append(out.Classes, ClassReport{Stance: string(stance), Posts: c.Labelled(k), Precision: c.Precision(k), Recall: c.Recall(k)})
	}
	if out.Reliability = Reliability(cases, said); out.Reliability != nil {
		e := ECE(out.Reliability)
		out.ECE = &e
	}
	right := 0
	for i := range cases {
		switch {
		case said[i].Abstained:
			out.Abstained++
		case said[i].Stance == cases[i].Label:
			right++
		}
	}
	out.Decided = ratio(right, len(cases)-out.Abstained)
	out.Languages = groups(cases, said, func(i int) string { return cmp.Or(cases[i].Lang, languages[i].Lang) })
	out.Networks = groups(cases, said, func(i int) string { return cases[i].Network })
	out.Sets = groups(cases, said, func(i int) string { return cases[i].Set })
	return out
}

// FewPosts is the number below which the posts of a group are counted together
// with those of other small groups.
const FewPosts = 20

// Group is what was measured on a part of the posts.
type Group struct {
	Name  string `json:"name"`
	Posts int    `json:"posts"`
	// Few says that there are under FewPosts even so: its scores say little.
	Few      bool         `json:"few,omitempty"`
	MacroF1  float64      `json:"macro_f1"`
	Accuracy float64      `json:"accuracy"`
	Labelled [classes]int `json:"labelled"` // by stance
	F1       []*float64   `json:"f1"`       // by stance, null for one without posts
	ECE      *float64     `json:"ece,omitempty"`
}

// The names of groups that no post gives.
const (
	groupOthers = "(others)"
	groupNone   = "(not given)"
)

// groups measures the posts by name, largest group first. Groups under FewPosts
// are counted together as others, which come last.
func groups(cases []Case, predictions []Prediction, name func(i int) string) (out []Group) {
	members := map[string][]int{}
	for i := range cases {
		n := cmp.Or(name(i), groupNone)
		members[n] = append(members[n], i)
	}
	var others []int
	small := 0
	for n, m := range members {
		if len(m) < FewPosts {
			small++
			others = append(others, m...)
			continue
		}
		out = append(out, newGroup(n, cases, predictions, m))
	}
	slices.SortFunc(out, func(a, b Group) int { return cmp.Or(b.Posts-a.Posts, cmp.Compare(a.Name, b.Name)) })
	if small == 1 { // nothing to hide behind "others"
		only := ""
		for n, m := range members {
			if len(m) < FewPosts {
				only = n
			}
		}
		out = append(out, newGroup(only, cases, predictions, others))
	} else if small > 1 {
		slices.Sort(others)
		out = append(out, newGroup(groupOthers, cases, predictions, others))
	}
	return out
}

func newGroup(name string, cases []Case, predictions []Prediction, members []int) Group {
	theirs, said := make([]Case, len(members)), make([]Prediction, len(members))
	for k, i := range members {
		theirs[k], said[k] = cases[i], predictions[i]
	}
	c := NewConfusion(theirs, said)
	g := Group{Name: name, Posts: len(members), Few: len(members) < FewPosts, MacroF1: c.MacroF1(), Accuracy: c.Accuracy()}
	for k := range Stances {
		g.Labelled[k] = c.Labelled(k)
		var score *float64
		if g.Labelled[k] > 0 {
			f := c.F1(k)
			score = &f
		}
		g.F1 = append(g.F1, score)
	}
	if table := Reliability(theirs, said); table != nil {
		e := ECE(table)
		g.ECE = &e
	}
	return g
}
