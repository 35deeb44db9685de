package web

import (
	"strconv"
	"time"

	"github.com/hugops/hugops"
)

// told is one notice of the company, and how people met the outage before and
// after it. What came after it need not have come of it.
type told struct {
	numbered
	When   string // its time, with its day if that is not the outage's first one
	Answer *reply // nil: another notice of the same minute has it
}

// reply is what came after a notice, in words and as a gauge.
type reply struct {
	Words string
	Gauge *gauge // after, with an open dot for before; nil if there were too few
}

// tell puts the notices and what people answered together.
func tell(updates []numbered, d hugops.Detail, now time.Time) []told {
	by := map[time.Time]hugops.Answer{}
	for _, a := range d.Answers {
		by[a.At.UTC()] = a
	}
	out := make([]told, len(updates))
	for i, u := range updates {
		out[i] = told{numbered: u, When: moment(u.At, d.Outage.StartedAt)}
		if a, ok := by[u.At.UTC()]; ok && (i+1 == len(updates) || !updates[i+1].At.Equal(u.At)) {
			out[i].Answer = newReply(a, now)
		}
	}
	return out
}

func newReply(a hugops.Answer, now time.Time) *reply {
	before, after := newFigure(a.Before, false), newFigure(a.After, false)
	if !before.Enough || !after.Enough {
		words := "Too few people around it to tell"
		if a.To.After(now) {
			words += " so far"
		}
		return &reply{Words: words}
	}
	words := strconv.Itoa(before.Value) + " before, " + strconv.Itoa(after.Value) + " after: "
	if a.To.After(now) {
		words = strconv.Itoa(before.Value) + " before, " + strconv.Itoa(after.Value) + " so far: "
	}
	switch a.Change.Direction() {
	case 1:
		words += "kinder after it"
	case -1:
		words += "less kind after it"
	default:
		words += "cannot tell them apart"
	}
	g := after.Gauge()
	g.HasBefore, g.Before = true, before.Value
	g.Label = "Before it " + strconv.Itoa(before.Value) + ", very likely between " + strconv.Itoa(before.Lower) + " and " + strconv.Itoa(before.Upper) +
		"; after it " + strconv.Itoa(after.Value) + ", very likely between " + strconv.Itoa(after.Lower) + " and " + strconv.Itoa(after.Upper) + "."
	return &reply{words, &g}
}
