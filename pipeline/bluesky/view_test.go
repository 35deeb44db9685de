package bluesky

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
)

// TestView gives frames, each with its time and with that at which it came, and
// lists what the ledger says then.
func TestView(t *testing.T) {
	clock := func(s string) time.Time {
		at, err := time.Parse(time.DateTime, "2026-11-02 "+s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	// In why, "lost" says that the connection ended before, "late" that the commit
	// was made with the one before it.
	type step struct{ at, now, why, want string }
	cases := []struct {
		name  string
		since string // where the process before stopped
		skew  time.Duration
		steps []step
	}{
		{"live", "", 0, []step{{"12:00:00", "12:00:01", "gap", "live"}, {"12:00:30", "12:00:31", "stalled", "live"}}},
		{"a short interruption", "", 0, []step{{"12:00:00", "12:00:01", "gap", "live"}, {"12:00:10", "12:00:40", "lost clamped", "live 12:00:00-12:00:40 live"}}},
		{"a long one, caught up", "", 0, []step{{"12:00:00", "12:00:00", "gap", "live"}, {"12:00:01", "12:10:00", "lost clamped", "gap"},
			{"12:00:50", "12:10:01", "stalled", "gap"}, {"12:01:45", "12:10:01", "stalled", "gap"}, {"12:02:40", "12:03:00", "stalled", "live 12:00:00-12:03:00 replay"}}},
		{"a process that was away, and posts that are lost", "11:00:00", 0, []step{{"11:40:00", "12:00:00", "clamped", "gap 11:00:00-11:40:00 clamped"},
			{"11:40:30", "12:00:00", "stalled", "gap"}, {"11:41:20", "11:42:00", "stalled", "live 11:40:00-11:42:00 replay"}}},
		{"the last posts before the hole were read late", "11:00:00", 0, []step{{"11:00:40", "12:00:00", "clamped", "gap"},
			{"11:50:00", "12:00:00", "stalled", "gap 11:00:00-11:00:40 live, 11:00:40-11:50:00 stalled"}}},
		{"the host says that something is missing", "11:59:50", 0, []step{{"12:00:00", "12:00:00", "sure clamped", "live 11:59:50-12:00:00 clamped"}}},
		{"the host was away, and brings it afterwards", "", 0, []step{{"12:00:00", "12:00:00", "gap", "live"},
			{"12:05:00", "12:05:00", "lost late clamped", "live 12:00:00-12:05:00 replay"}}},
		{"times out of order, and twice", "", 0, []step{{"12:00:10", "12:00:10", "gap", "live"}, {"12:00:05", "12:00:11", "stalled", "live"}, {"12:00:10", "12:00:12", "stalled", "live"}}},
		{"a clock an hour ahead", "10:59:30", time.Hour, []step{{"11:00:00", "12:00:00", "clamped", "live 11:59:30-12:00:00 live"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var sight live.Sight
			v := &view{sight: &sight, hole: time.Minute, late: time.Minute, skew: c.skew}
			if c.since != "" {
				v.resume(clock(c.since))
			}
			for _, s := range c.steps {
				why := s.why
				if rest, lost := strings.CutPrefix(why, "lost "); lost {
					why = rest
					sight.Set(hugops.CoverageGap)
				}
				why, sure := strings.CutPrefix(why, "sure ")
				made := clock(s.at)
				if rest, late := strings.CutPrefix(why, "late "); late {
					why, made = rest, v.last.Add(time.Second)
				}
				v.frame(clock(s.at), made, clock(s.now), hugops.CoverageState(why), sure)
				got := string(sight.Now())
				for i, a := range sight.Amend() {
					got += strings.Repeat(",", min(i, 1)) + fmt.Sprintf(" %s-%s %s", a.From.Format(time.TimeOnly), a.To.Format(time.TimeOnly), a.State)
				}
				if got != s.want {
					t.Errorf("a frame of %s at %s: %s, want %s", s.at, s.now, got, s.want)
				}
			}
		})
	}
}

// FuzzFrame gives a connection frames of any bytes: none ends it but what the
// protocol says, and what comes of each is valid.
func FuzzFrame(f *testing.F) {
	for _, e := range []event{
		{did: "did:plc:ada", kind: "commit", op: "create", coll: collectionPost, rkey: "3mzdi6xlae22l", rest: record0("t")},
		{did: "did:plc:ada", kind: "commit", op: "update", coll: collectionIntents, rkey: "self", rest: `{"bulkDataset":{"allow":false}}`},
		{did: "did:plc:ada", kind: "account", rest: `{"active":false,"status":"deleted"}`},
	} {
		e.at = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
		f.Add([]byte(e.frame(WireV1, 7)))
		f.Add([]byte(e.frame(WireV2, 7)))
	}
	f.Add([]byte(`{"$type":"error","error":"ConsumerTooSlow"}`))
	f.Add([]byte(`{"$type":"message","payload":{"$type":"x#info","name":"OutdatedCursor"}}`))
	s := New(Config{Door: door})
	s.loop.Backoff = live.NewBackoff(s.pauses)
	s.open()
	emit := func(_ context.Context, it pipeline.Item) error {
		if !it.Withheld && it.Bad == nil {
			if err := it.Event.Validate(); err != nil {
				f.Error(err)
			}
		}
		if it.Ack != nil {
			it.Ack()
		}
		return nil
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &connection{s: s, host: s.hosts[0], ask: ask{by: "now"}, emit: emit}
		err := c.take(t.Context(), message{raw: raw})
		var said *streamError
		if err != nil && !errors.As(err, &said) {
			t.Error(err)
		}
		if s.pos.time().After(time.Now().Add(time.Hour)) {
			t.Errorf("the cursor is in the future: %+v", s.pos)
		}
	})
}
