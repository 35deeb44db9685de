package web

import (
	"slices"
	"strconv"
	"time"

	"github.com/hugops/hugops"
)

// seen is one stretch of time in which a network was seen in one way.
type seen struct {
	From, To time.Time // To is exclusive
	State    hugops.CoverageState
}

// strip is what one network let us see during an outage, without holes: a minute
// that nobody recorded counts as not seen, except where late rows or a replay
// explain it.
type strip struct {
	Network hugops.Network
	Spans   []seen
}

// grace is how many unrecorded minutes are put down to a row that is late; longer
// holes mean that nobody looked.
const grace = 3

// rank orders the states, from 1; of several sources of a network the best one
// counts. It is 0 for what is no state.
func rank(s hugops.CoverageState) int {
	if i := slices.Index(hugops.CoverageStates, s); i >= 0 {
		return len(hugops.CoverageStates) - i
	}
	return 0
}

// strips folds coverage by steps of whole minutes into one strip a network, in the
// order of hugops.Networks, over the minutes of [from, to). Networks without a row
// have no strip.
func strips(rows []hugops.Coverage, step time.Duration, from, to time.Time) []strip {
	from, to = from.UTC().Truncate(time.Minute), to.UTC()
	wide := max(int(step/time.Minute), 1)
	n := int(to.Sub(from)+time.Minute-1) / int(time.Minute)
	if n <= 0 {
		return nil
	}
	minutes := map[hugops.Network][]hugops.CoverageState{}
	for _, row := range rows {
		i := int(row.At.Sub(from) / time.Minute)
		first, end := max(i, 0), min(i+wide, n)
		if first >= end || rank(row.State) == 0 {
			continue
		}
		m := minutes[row.Network]
		if m == nil {
			m = make([]hugops.CoverageState, n)
			minutes[row.Network] = m
		}
		for k := first; k < end; k++ {
			if rank(row.State) > rank(m[k]) {
				m[k] = row.State
			}
		}
	}
	var out []strip
	for _, network := range hugops.Networks {
		if m := minutes[network]; m != nil {
			fill(m)
			out = append(out, strip{network, spans(m, from, to)})
		}
	}
	return out
}

// fill puts a state into every minute that has none.
func fill(m []hugops.CoverageState) {
	for i := 0; i < len(m); {
		if m[i] != "" {
			i++
			continue
		}
		end := i
		for end < len(m) && m[end] == "" {
			end++
		}
		state := between(m, i, end)
		for ; i < end; i++ {
			m[i] = state
		}
	}
}

// between is the state of the unrecorded minutes [i, end). A replay writes rows
// only for minutes with posts, so what lies beside a replay is replayed too.
func between(m []hugops.CoverageState, i, end int) hugops.CoverageState {
	var before, after hugops.CoverageState
	if i > 0 {
		before = m[i-1]
	}
	if end < len(m) {
		after = m[end]
	}
	replayed := func(s hugops.CoverageState) bool { return s == hugops.CoverageReplay || s == "" }
	switch {
	case replayed(before) && replayed(after):
		return hugops.CoverageReplay
	case end-i > grace:
		return hugops.CoverageGap
	case before == "":
		return after
	}
	return before
}

func spans(m []hugops.CoverageState, from, to time.Time) []seen {
	var out []seen
	for i, state := range m {
		at := from.Add(time.Duration(i) * time.Minute)
		end := at.Add(time.Minute)
		if end.After(to) {
			end = to
		}
		if k := len(out) - 1; k >= 0 && out[k].State == state {
			out[k].To = end
		} else {
			out = append(out, seen{at, end, state})
		}
	}
	return out
}

// gaps are the stretches that were not seen, whatever the reason.
func (s strip) gaps() []seen {
	var out []seen
	for _, p := range s.Spans {
		if !p.State.Blind() {
			continue
		}
		if k := len(out) - 1; k >= 0 && out[k].To.Equal(p.From) {
			out[k].To = p.To
		} else {
			out = append(out, seen{p.From, p.To, hugops.CoverageGap})
		}
	}
	return out
}

// blind reports whether the network was never seen.
func (s strip) blind() bool {
	return !slices.ContainsFunc(s.Spans, func(p seen) bool { return !p.State.Blind() })
}

// lostSince is when the network went out of reach, if it has not come back.
func (s strip) lostSince() (time.Time, bool) {
	gaps, end := s.gaps(), s.Spans[len(s.Spans)-1].To
	if len(gaps) == 0 || !gaps[len(gaps)-1].To.Equal(end) {
		return time.Time{}, false
	}
	return gaps[len(gaps)-1].From, true
}

// words says how the network was seen: "seen live", "not seen 12:18–12:31".
func (s strip) words() string {
	if s.blind() {
		return "not seen"
	}
	best, gap := "", time.Duration(0)
	for _, p := range s.Spans {
		if p.State.Blind() {
			gap += p.To.Sub(p.From)
		}
		switch p.State {
		case hugops.CoverageSample:
			best = "a sample"
		case hugops.CoverageReplay:
			if best == "" {
				best = "replayed"
			}
		case hugops.CoverageLive:
			if best == "" {
				best = "seen live"
			}
		}
	}
	gaps := s.gaps()
	if len(gaps) == 0 {
		return best
	}
	missed := "not seen " + stretch(gaps[0])
	if len(gaps) > 1 {
		missed = "not seen " + strconv.Itoa(len(gaps)) + " times, " + span(gap)
	}
	if best == "seen live" || best == "replayed" {
		return missed
	}
	return best + "; " + missed
}

func stretch(p seen) string { return clock(p.From) + "–" + clock(p.To) }

// unseen merges the gaps of all networks that were seen at some time. Where one
// network is missing, the figures are not those of its neighbours in time, so
// no line is drawn there. A network that was never seen changes nothing.
func unseen(all []strip) []seen {
	var out []seen
	for _, s := range all {
		if !s.blind() {
			out = append(out, s.gaps()...)
		}
	}
	slices.SortFunc(out, func(a, b seen) int { return a.From.Compare(b.From) })
	merged := out[:0]
	for _, g := range out {
		if k := len(merged) - 1; k >= 0 && !g.From.After(merged[k].To) {
			if g.To.After(merged[k].To) {
				merged[k].To = g.To
			}
			continue
		}
		merged = append(merged, g)
	}
	return merged
}

// dark are the stretches in which no network at all was seen.
func dark(all []strip) []seen {
	if len(all) == 0 {
		return nil
	}
	out := all[0].gaps()
	for _, s := range all[1:] {
		var both []seen
		for _, a := range out {
			for _, b := range s.gaps() {
				from, to := later(a.From, b.From), earlier(a.To, b.To)
				if from.Before(to) {
					both = append(both, seen{from, to, hugops.CoverageGap})
				}
			}
		}
		out = both
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// inside reports whether t lies in one of the stretches.
func inside(t time.Time, stretches []seen) bool {
	return slices.ContainsFunc(stretches, func(p seen) bool { return !t.Before(p.From) && t.Before(p.To) })
}

// apart reports whether one of the stretches lies, wholly or in part, between a
// and b: then no line may join them.
func apart(a, b time.Time, stretches []seen) bool {
	return slices.ContainsFunc(stretches, func(p seen) bool { return p.From.Before(b) && p.To.After(a) })
}

// notice is said above the figures while networks are out of reach.
type notice struct{ Lead, Rest string }

// lost says which networks are out of reach now; nil when none is.
func lost(all []strip, now time.Time) *notice {
	var gone, left []string
	var since time.Time
	for _, s := range all {
		if at, is := s.lostSince(); is && !s.blind() {
			gone, since = append(gone, s.Network.Name()), later(since, at)
		} else if !is {
			left = append(left, s.Network.Name())
		}
	}
	if len(gone) == 0 {
		return nil
	}
	have := " has"
	if len(gone) > 1 {
		have = " have"
	}
	n := &notice{
		Lead: list(gone) + have + " been out of our reach since " + moment(since, now) + " UTC.",
		Rest: "Figures since then rest on " + list(left) + " alone. We do not fill the gap by guessing.",
	}
	if len(left) == 0 {
		n.Lead = "No network has been in our reach since " + moment(since, now) + " UTC."
		n.Rest = "The figures below are those of that time. We do not fill the gap by guessing."
	}
	return n
}
