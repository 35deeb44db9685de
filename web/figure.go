package web

import (
	"strconv"

	"github.com/hugops/hugops"
)

// figure is an index as the pages say and draw it, rounded to whole points.
type figure struct {
	Enough              bool
	Value, Lower, Upper int
	Sided, Support      int
	Venting, Others     int // Others wrote, but took no side
	Verdict             verdict
	Sure                string
	Say                 string // the lead sentence
	Label               string // for screen readers
	Ended               bool
	Pending             bool // not counted yet: nothing else is known
}

func newFigure(ix hugops.Index, ended bool) figure {
	f := figure{
		Enough: ix.Enough && ix.Sided >= hugops.MinAuthors,
		Sided:  ix.Sided, Support: ix.Support, Venting: ix.Venting,
		Others: max(ix.Authors-ix.Sided, 0), Ended: ended,
	}
	if f.Pending = ix.Pending; f.Pending {
		return f.pend()
	}
	if !f.Enough {
		return f.wait()
	}
	f.Value, f.Lower, f.Upper = whole(ix.Value), whole(ix.Lower), whole(ix.Upper)
	f.Lower, f.Upper = min(f.Lower, f.Value), max(f.Upper, f.Value)
	f.Verdict = verdictOf(f.Lower, f.Upper, ended)
	f.Sure = sureness(f.Upper - f.Lower)
	f.Say = sentence(f.Value, f.Lower, f.Upper, f.Sided, f.Support)
	f.Label = "Empathy index " + strconv.Itoa(f.Value) + " of 100. Very likely between " +
		strconv.Itoa(f.Lower) + " and " + strconv.Itoa(f.Upper) + "."
	return f
}

// wait is the figure of an outage with too few people.
func (f figure) wait() figure {
	f.Verdict.Long = "Too early to say."
	who := people(f.Sided)
	if f.Sided == 0 {
		who = "Nobody"
	}
	f.Say = who + " took a side so far; we give a number from " + strconv.Itoa(hugops.MinAuthors) + "."
	if f.Ended {
		f.Verdict.Long = "Too few people to say."
		f.Say = who + " took a side; we give a number from " + strconv.Itoa(hugops.MinAuthors) + "."
	}
	f.Verdict.Short = waiting(f.Sided, f.Ended)
	f.Label = strconv.Itoa(f.Sided) + " of the " + strconv.Itoa(hugops.MinAuthors) + " people we need."
	return f
}

// pend is the figure of an outage whose posts are being counted: the server has
// just started.
func (f figure) pend() figure {
	f.Enough = false
	f.Verdict.Long, f.Verdict.Short = "Being counted.", "Being counted"
	f.Say = "We are counting the posts of this outage; its figures come in a moment."
	f.Label = "Being counted."
	return f
}

// Range is the interval as labels write it: "66–78".
func (f figure) Range() string { return strconv.Itoa(f.Lower) + "–" + strconv.Itoa(f.Upper) }

// Low reports whether venting clearly outweighs: then the way to help is offered.
func (f figure) Low() bool { return f.Enough && f.Upper < 50 }

// Need is how many people are missing before there is a number.
func (f figure) Need() int { return max(hugops.MinAuthors-f.Sided, 0) }

// gauge is the geometry of a figure in percent of its width and in marks. A gauge
// is an SVG without a viewBox: x in percent, y in pixels; pathLength makes a row
// of marks out of one line, so it fits any width without script or style.
type gauge struct {
	figure
	May, Vent  int     // marks between the arms, and past the upper one
	Mid        float64 // where a merged label stands
	Merged     bool    // bounds nearer than 12 points share one label
	Narrow     bool    // arms so near that their curl must shrink
	Have, Left float64 // below 30: percent filled, marks still to come
	HasBefore  bool    // an open dot stands at Before
	Before     int
}

func (f figure) Gauge() gauge {
	g := gauge{figure: f, May: f.Upper - f.Lower, Vent: 100 - f.Upper, Mid: float64(f.Lower+f.Upper) / 2}
	g.Merged, g.Narrow = g.May < 12, g.May < 7
	have := min(f.Sided, hugops.MinAuthors)
	g.Have, g.Left = round1(100*float64(have)/hugops.MinAuthors), float64(hugops.MinAuthors-have)
	return g
}

// Half halves a number of marks, for gauges that draw one mark for two people.
func (g gauge) Half(n int) float64 { return float64(n) / 2 }
