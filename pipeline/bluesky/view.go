package bluesky

import (
	"sync/atomic"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/live"
)

// view follows the time of the stream and keeps the ledger: what was seen as it
// happened, what was read afterwards, and what is missing. The network has posts
// many times a second, so two frames in a row that lie far apart have a hole
// between them, whatever the host says.
type view struct {
	sight *live.Sight
	// hole is the longest time between two frames; late is how far behind a
	// stream may be and still count as live.
	hole, late time.Duration
	skew       time.Duration // by how much this machine's clock is ahead

	last    time.Time // of the latest frame
	told    time.Time // up to here the ledger knows
	partial atomic.Bool
}

// resume begins where an earlier process stopped.
func (v *view) resume(at time.Time) { v.last, v.told = at, at }

// plausible reports whether a frame's time is not in the future: one that is must
// not become a cursor, for a host begins at its present then.
func (v *view) plausible(at, now time.Time) bool {
	return !at.IsZero() && !at.After(now.Add(v.hole-v.skew))
}

// frame takes the time of a commit, in the order of the stream, and returns how
// much is missing before it; why says what that would be, and sure that the host
// said itself that something is. A host that was away itself brings afterwards
// what it missed, under the time at which it saw it: then the commit was made
// just after the one before it, and nothing is missing. Now is this machine's
// clock, which the ledger goes by.
func (v *view) frame(at, made, now time.Time, why hugops.CoverageState, sure bool) (missing time.Duration) {
	jump, late := at.Sub(v.last), made.Sub(v.last).Abs() <= v.hole
	if !v.last.IsZero() && (jump > v.hole && !late || sure && jump > 0) {
		missing = at.Sub(v.last)
		v.tell(v.local(v.last))
		v.sight.Learn(v.local(v.last), v.local(at), why)
		v.told = at
	}
	if at.After(v.last) {
		v.last = at
	}
	if now.Sub(v.local(v.last)) > v.late {
		v.sight.Set(hugops.CoverageGap) // it reads, but the past
		return missing
	}
	state := hugops.CoverageLive
	if v.partial.Load() {
		state = hugops.CoverageSample
	}
	blind := v.sight.Now().Blind()
	v.sight.Set(state)
	if blind {
		v.tell(now)
	}
	v.told = v.last
	return missing
}

// tell says that everything up to a time was read after all.
func (v *view) tell(to time.Time) {
	if v.told.IsZero() {
		return
	}
	from, state := v.local(v.told), hugops.CoverageLive
	if to.Sub(from) > v.late {
		state = hugops.CoverageReplay
	}
	v.sight.Learn(from, to, state)
}

// local is a time of the network by this machine's clock.
func (v *view) local(at time.Time) time.Time { return at.Add(v.skew) }
