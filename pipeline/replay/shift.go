package replay

import (
	"fmt"
	"time"

	"github.com/hugops/hugops"
)

// Shift says which moment of the input becomes now. The zero Shift moves
// nothing.
type Shift struct {
	kind shiftKind
	at   time.Time
}

type shiftKind int

const (
	shiftNone shiftKind = iota
	shiftStart
	shiftEnd
	shiftAnchor
)

// The shifts: none, the input's earliest time becomes now, its latest does.
var (
	ShiftNone  = Shift{}
	ShiftStart = Shift{kind: shiftStart}
	ShiftEnd   = Shift{kind: shiftEnd}
)

// ShiftAnchor lets at become now.
func ShiftAnchor(at time.Time) Shift { return Shift{kind: shiftAnchor, at: at.UTC()} }

// ParseShift reads "", "none", "start", "end" or an RFC 3339 time.
func ParseShift(s string) (Shift, error) {
	switch s {
	case "", "none":
		return ShiftNone, nil
	case "start":
		return ShiftStart, nil
	case "end":
		return ShiftEnd, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return Shift{}, fmt.Errorf("shift %q is none of none, start, end and a time such as 2026-11-02T14:00:00Z", s)
	}
	return ShiftAnchor(at), nil
}

// String is what ParseShift reads.
func (s Shift) String() string {
	switch s.kind {
	case shiftStart:
		return "start"
	case shiftEnd:
		return "end"
	case shiftAnchor:
		return s.at.Format(time.RFC3339Nano)
	}
	return "none"
}

// Timeline maps the times of an input to the times at which it is replayed. The
// zero Timeline leaves all as they are.
type Timeline struct {
	// Anchor is the moment of the input that becomes Now; zero without a shift.
	Anchor time.Time `json:"anchor,omitzero"`
	Now    time.Time `json:"now,omitzero"`
	// Speed is how fast time runs after the anchor; 0 means 1.
	Speed float64 `json:"speed,omitempty"`
}

// Shifted reports whether the timeline moves anything.
func (tl Timeline) Shifted() bool { return !tl.Anchor.IsZero() }

// Move returns the replayed time of t: before the anchor all times move by the
// same amount, after it they come closer together by the speed, so that a post
// carries the moment at which it is replayed. A zero time stays zero.
func (tl Timeline) Move(t time.Time) time.Time {
	if t.IsZero() || !tl.Shifted() {
		return t
	}
	after := t.Sub(tl.Anchor)
	if after > 0 {
		after = scale(after, tl.Speed)
	}
	return tl.Now.Add(after).UTC()
}

// MoveOutage returns the outage with all its times moved, for outages that
// belong to a shifted replay.
func (tl Timeline) MoveOutage(o hugops.Outage) hugops.Outage {
	o.StartedAt, o.EndedAt = tl.Move(o.StartedAt), tl.Move(o.EndedAt)
	updates := make([]hugops.Update, len(o.Updates))
	for i, u := range o.Updates {
		u.At = tl.Move(u.At)
		updates[i] = u
	}
	if o.Updates != nil {
		o.Updates = updates
	}
	return o
}

// moveEvent moves an event in place.
func (tl Timeline) moveEvent(e *hugops.Event) {
	if !tl.Shifted() {
		return
	}
	e.At = tl.Move(e.At)
	if p := e.Post; p != nil {
		p.PostedAt, p.EditedAt = tl.Move(p.PostedAt), tl.Move(p.EditedAt)
	}
}

// scale divides a duration by a speed; 0 means 1.
func scale(d time.Duration, speed float64) time.Duration {
	if speed == 0 || speed == 1 {
		return d
	}
	return time.Duration(float64(d) / speed)
}
