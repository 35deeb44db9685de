package replay

import (
	"testing"
	"time"

	"github.com/hugops/hugops"
)

func TestParseShift(t *testing.T) {
	for _, s := range []string{"none", "start", "end", "2026-11-02T14:00:00Z"} {
		shift, err := ParseShift(s)
		if err != nil || shift.String() != s {
			t.Errorf("%q became %q, %v", s, shift, err)
		}
	}
	if shift, err := ParseShift(""); err != nil || shift != ShiftNone {
		t.Errorf("nothing became %q, %v", shift, err)
	}
	if _, err := ParseShift("yesterday"); err == nil {
		t.Error("yesterday is no shift")
	}
}

// TestMoveOutage moves an outage around an anchor at sixty times the speed: what
// was before keeps its distances, an hour after it becomes a minute.
func TestMoveOutage(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	tl := Timeline{Anchor: noon, Now: now, Speed: 60}
	o := hugops.Outage{StartedAt: noon.Add(-time.Hour), EndedAt: noon.Add(time.Hour),
		Updates: []hugops.Update{{At: noon}, {At: noon.Add(30 * time.Minute)}}}
	moved := tl.MoveOutage(o)
	for _, c := range []struct{ got, want time.Time }{
		{moved.StartedAt, now.Add(-time.Hour)},
		{moved.EndedAt, now.Add(time.Minute)},
		{moved.Updates[0].At, now},
		{moved.Updates[1].At, now.Add(30 * time.Second)},
		{o.Updates[1].At, noon.Add(30 * time.Minute)}, // the original is untouched
		{tl.MoveOutage(hugops.Outage{StartedAt: noon}).EndedAt, time.Time{}},
		{Timeline{}.Move(noon), noon},
	} {
		if !c.got.Equal(c.want) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}
