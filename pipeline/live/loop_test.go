package live

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

var discard = slog.New(slog.DiscardHandler)

// TestLoop runs sessions for an hour of virtual time and counts them.
func TestLoop(t *testing.T) {
	bad := errors.New("bad credentials")
	cases := []struct {
		name     string
		session  func(ctx context.Context, l *Loop) error
		min, max int
		want     error
	}{
		{"a server that takes connections and gives nothing is asked less and less",
			func(context.Context, *Loop) error { return io.EOF }, 15, 35, context.DeadlineExceeded},
		{"progress keeps the pauses short",
			func(_ context.Context, l *Loop) error { l.Progress(); return io.EOF }, 2400, 7300, context.DeadlineExceeded},
		{"a class of errors has its own pauses",
			func(context.Context, *Loop) error {
				return Paused(io.EOF, Pauses{Min: 20 * time.Minute, Max: time.Hour})
			}, 2, 4, context.DeadlineExceeded},
		{"a session that lasts", func(ctx context.Context, _ *Loop) error { <-ctx.Done(); return ctx.Err() }, 1, 1, context.DeadlineExceeded},
		{"a silent one", func(ctx context.Context, l *Loop) error {
			ctx, dog := Watch(ctx, 45*time.Second)
			defer dog.Close()
			l.Progress()
			dog.Listen()
			<-ctx.Done()
			return context.Cause(ctx)
		}, 76, 81, context.DeadlineExceeded},
		{"one that cannot go on", func(context.Context, *Loop) error { return Fatal(bad) }, 1, 1, bad},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &Loop{Source: "test:loop", Log: discard, Backoff: NewBackoff(Pauses{Min: time.Second, Max: 5 * time.Minute}), Sight: &Sight{}}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				sessions := 0
				err := l.Run(ctx, func(ctx context.Context) error { sessions++; return c.session(ctx, l) })
				if !errors.Is(err, c.want) {
					t.Errorf("ended with %v, want %v", err, c.want)
				}
				if sessions < c.min || sessions > c.max {
					t.Errorf("%d sessions, want %d to %d", sessions, c.min, c.max)
				}
			})
		})
	}
}

// TestWatchdog: signs of life put silence off, and the reader's own work is none.
func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, dog := Watch(t.Context(), 45*time.Second)
		time.Sleep(time.Hour) // nobody listens yet
		for range 100 {
			dog.Listen()
			time.Sleep(44 * time.Second)
			dog.Rest()
			time.Sleep(time.Hour) // Kafka is slow
		}
		synctest.Wait()
		if ctx.Err() != nil {
			t.Fatalf("ended though it lived: %v", context.Cause(ctx))
		}
		dog.Listen()
		time.Sleep(46 * time.Second)
		synctest.Wait()
		if !errors.Is(context.Cause(ctx), ErrSilent) {
			t.Errorf("silence was not noticed: %v", context.Cause(ctx))
		}
		dog.Close()
	})
}

// TestSight shows that nothing short is overlooked, and that what was learnt is
// told once.
func TestSight(t *testing.T) {
	var s Sight
	state := func(want hugops.CoverageState) {
		t.Helper()
		if got := s.State(); got != want {
			t.Errorf("state %s, want %s", got, want)
		}
	}
	state("gap") // before anything
	s.Set("live")
	state("gap") // it was a gap until just now
	state("live")
	s.Set("stalled")
	s.Set("live")
	state("stalled")
	state("live")
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s.Learn(noon, noon.Add(time.Hour), "replay")
	s.Learn(noon, noon, "clamped") // no time at all
	want := []pipeline.Amendment{{From: noon, To: noon.Add(time.Hour), State: "replay"}}
	if got := s.Amend(); !slices.Equal(got, want) {
		t.Errorf("learnt %v, want %v", got, want)
	}
	if got := s.Amend(); len(got) > 0 {
		t.Errorf("told twice: %v", got)
	}
}
