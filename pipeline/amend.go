package pipeline

import (
	"time"

	"github.com/hugops/hugops"
)

// maxAmend is how far back minutes are amended. Networks that keep their past
// keep about a day and a half of it.
const maxAmend = 7 * 24 * time.Hour

// pastMinute is what a live source counted in a minute, so that an amendment
// does not take the counts away, and what was amended of it.
type pastMinute struct {
	tallyCount
	amended hugops.CoverageState
}

// remember keeps the counts of a minute of a source that may amend it.
func (t *tally) remember(minute int64, n tallyCount) {
	if t.recent == nil {
		return
	}
	p := t.past(minute)
	p.tallyCount = n
	oldest := minute - int64(maxAmend/time.Second)
	for at := range t.recent {
		if at < oldest {
			delete(t.recent, at)
		}
	}
}

func (t *tally) past(minute int64) *pastMinute {
	p := t.recent[minute]
	if p == nil {
		p = &pastMinute{}
		t.recent[minute] = p
	}
	return p
}

// until is the end of the amendment. States are asked for now and then: one from
// just before the end may count for the minute that began just after it.
func (a Amendment) until(current bool) time.Time {
	if current && !a.State.Blind() {
		return a.To.Add(2 * coverageTick)
	}
	return a.To
}

// amendRows gives the rows of the minutes that the source thinks otherwise of
// now. The minute that it is in takes the word as its state so far.
func (t *tally) amendRows(amendments []Amendment) []hugops.Coverage {
	var rows []hugops.Coverage
	for _, a := range amendments {
		current := t.minute.Unix()
		first := max(a.From.Unix(), current-int64(maxAmend/time.Second)) / 60 * 60
		for at := first; at <= current && time.Unix(at, 0).Before(a.until(at == current)); at += 60 {
			if at == first && t.recent[at] == nil && at != current && a.From.Unix() > at {
				continue // the process before this one counted its beginning
			}
			p := t.past(at)
			p.amended = a.State.Worse(p.amended)
			if at == current {
				t.worst = p.amended
				continue
			}
			rows = append(rows, t.row(tallyKey{t.network, at}, &p.tallyCount, p.amended))
		}
	}
	return rows
}
