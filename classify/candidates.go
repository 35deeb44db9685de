package classify

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hugops/hugops"
)

// Candidate is an outage that a post was weighed for, with why it was linked or
// why not.
type Candidate struct {
	hugops.Link
	// Lost is empty for a link, otherwise why it is none.
	Lost string `json:"lost,omitempty"`
}

// Candidates returns all outages in reach that the services named in a post could
// mean, most probable first, for people who ask why a post was linked as it was.
func (l *Linker) Candidates(p *hugops.Post) []Candidate {
	s := scans.Get().(*scan)
	defer scans.Put(s)
	_, links := l.Link(p)
	l.read(s, p)
	var out []Candidate
	for _, k := range links {
		out = append(out, Candidate{Link: k})
	}
	for _, t := range s.found {
		for _, c := range l.losers(s, t) {
			if !slices.ContainsFunc(out, func(o Candidate) bool { return o.Outage == c.Outage }) {
				out = append(out, c)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Probability, a.Probability), cmp.Compare(a.Outage, b.Outage))
	})
	return out
}

// losers are the candidates of a target with what was against them.
func (l *Linker) losers(s *scan, t int32) (out []Candidate) {
	var all []candidate
	total, first := 0.0, -1
	l.candidates(s, t, func(c candidate) {
		total += c.weight
		if all = append(all, c); first < 0 || l.ahead(&c, &all[first]) {
			first = len(all) - 1
		}
	})
	around := s.around(t)
	for i, c := range all {
		c.base = c.share(total)
		why := fmt.Sprintf("below %.2f", LinkThreshold)
		switch {
		case i != first:
			why = "less likely than " + l.outages[all[first].outage].outage.ID
		case around.aside:
			why = "the sentence is about something else"
		case !l.targets[t].unknown && !s.meant(t, &around):
			why = "its outage does not seem to be meant"
		case len(all) > 1 && all[first].weight < total*0.6:
			why = "nothing tells it from its rivals"
		}
		out = append(out, Candidate{Link: l.explain(s, t, c), Lost: why})
	}
	return out
}
