package x

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops/pipeline/live"
)

// TestPauses lets each class of errors happen for three hours of virtual time, and
// shows the first pause (never less than what X's documentation asks for) and how
// many attempts are made.
func TestPauses(t *testing.T) {
	cases := []struct {
		name        string
		err         error
		first       time.Duration // the shortest that X asks for
		least, most int           // attempts
	}{
		{"a network error", errors.New("connection reset"), 250 * time.Millisecond, 600, 800},
		{"503", &refusal{Status: 503}, 5 * time.Second, 33, 45},
		{"401", &refusal{Status: 401}, 5 * time.Second, 33, 45},
		{"429", &refusal{Status: 429}, time.Minute, 11, 18},
		{"the connection is taken", &refusal{Status: 429, problem: problem{ConnectionIssue: "TooManyConnections"}}, time.Minute, 9, 17},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				loop := &live.Loop{Source: "test:x", Log: slog.New(slog.DiscardHandler), Backoff: live.NewBackoff(documented.network), Sight: &live.Sight{}}
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
				defer cancel()
				var times []time.Time
				loop.Run(ctx, func(context.Context) error {
					times = append(times, time.Now())
					return documented.of(c.err)
				})
				if n := len(times); n < c.least || n > c.most {
					t.Errorf("%d attempts, want %d to %d", n, c.least, c.most)
				}
				if first := times[1].Sub(times[0]); first < c.first {
					t.Errorf("the first pause is %v, and X asks for %v", first, c.first)
				}
			})
		})
	}
}
