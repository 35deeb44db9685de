package mastodon

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live/livetest"
)

// sources returns the sources of a fake without a socket, with their real
// deadlines.
func (f *fake) sources(t *testing.T, log io.Writer, streams ...string) []*Source {
	t.Helper()
	f.t = t
	sources, err := New(Config{Servers: []ServerConfig{{"pond.example", testToken}}, Streams: streams, Door: door,
		Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		s.server.base = f
	}
	return sources
}

func beat(say func(string), gone <-chan struct{}) {
	for {
		say(":thump\n\n")
		select {
		case <-time.After(15 * time.Second):
		case <-gone:
			return
		}
	}
}

// quiet is a stream on which nobody posts.
func quiet(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { beat(say, gone) }

// refusal is an answer that is no stream.
func refusal(code int, header ...string) script {
	return func(w http.ResponseWriter, _ func(string), _ <-chan struct{}) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// bubble runs a test in virtual time, from the day before the tests' posts on.
func bubble(t *testing.T, test func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)))
		test(t)
	})
}

// TestTime runs a source with its real deadlines for a stretch of virtual time.
func TestTime(t *testing.T) {
	cases := []struct {
		name     string
		connects []script
		emit     time.Duration // how long each event is held
		run      time.Duration
		events   []string
		min, max int                    // connections
		past     []hugops.CoverageState // learnt of the time that is past
		now      hugops.CoverageState   // at the end
	}{
		{name: "heartbeats alone keep a stream open for a day", connects: []script{quiet},
			run: 24 * time.Hour, min: 1, max: 1, now: "live"},
		{name: "half-open: another connection within 45 s",
			connects: []script{func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(":)\n"); <-gone }, quiet},
			run:      45 * time.Second, min: 2, max: 2, past: []hugops.CoverageState{"replay"}, now: "live"},
		{name: "Kafka is down for an hour: that is not the server's silence",
			connects: []script{func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) {
				say(update("1", "one") + update("2", "two"))
				beat(say, gone)
			}},
			emit: time.Hour, run: 3 * time.Hour, events: []string{"created one", "created two"}, min: 1, max: 1},
		{name: "a server that greets and closes is asked less and less",
			connects: []script{func(_ http.ResponseWriter, say func(string), _ <-chan struct{}) { say(":)\n") }},
			run:      time.Hour, min: 15, max: 35},
		{name: "a server that sends one post and closes is asked once a second at most",
			connects: []script{func(_ http.ResponseWriter, say func(string), _ <-chan struct{}) { say(update("1", "one")) }},
			run:      10 * time.Second, events: []string{"created one"}, min: 6, max: 21},
		{name: "503 for an hour is asked less and less", connects: []script{refusal(503)}, run: time.Hour, min: 15, max: 35, now: "gap"},
		{name: "Retry-After is obeyed", connects: []script{refusal(429, "Retry-After", "600"), quiet}, run: 599 * time.Second, min: 1, max: 1, now: "gap"},
		{name: "and not longer", connects: []script{refusal(429, "Retry-After", "600"), quiet}, run: 601 * time.Second, min: 2, max: 2, now: "live"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				srv := &fake{scripts: c.connects}
				src := srv.sources(t, io.Discard)[0]
				ctx, cancel := context.WithTimeout(t.Context(), c.run)
				defer cancel()
				var events []string
				err := src.Run(ctx, func(_ context.Context, it pipeline.Item) error {
					events = append(events, describe(it))
					time.Sleep(c.emit)
					return nil
				})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Run ended with %v", err)
				}
				if streams, _ := srv.asked(); len(streams) < c.min || len(streams) > c.max {
					t.Errorf("%d connections, want %d to %d", len(streams), c.min, c.max)
				}
				if len(events) < len(c.events) || !slices.Equal(events[:len(c.events)], c.events) {
					t.Errorf("got %v, want %v", events, c.events)
				}
				if past := states(src.Amend()); c.past != nil && !slices.Equal(past, c.past) {
					t.Errorf("learnt %v, want %v", past, c.past)
				}
				if src.State(); c.now != "" && src.State() != c.now {
					t.Errorf("at the end it is %s, want %s", src.State(), c.now)
				}
				synctest.Wait()
			})
		})
	}
}

// TestStreamsOfOneServer: when it is down they knock together, and not each for
// itself; when it is back all come in at once.
func TestStreamsOfOneServer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		back := time.Now().Add(time.Hour)
		srv := &fake{scripts: []script{func(w http.ResponseWriter, say func(string), gone <-chan struct{}) {
			if time.Now().Before(back) {
				refusal(503)(w, say, gone)
				return
			}
			beat(say, gone)
		}}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		sources := srv.sources(t, io.Discard, "public", "hashtag:a", "hashtag:b", "hashtag:c")
		for _, s := range sources {
			go s.Run(ctx, func(context.Context, pipeline.Item) error { return nil })
		}
		time.Sleep(time.Hour)
		if streams, _ := srv.asked(); len(streams) < 15 || len(streams) > 35 {
			t.Errorf("%d connections were tried in an hour", len(streams))
		}
		time.Sleep(8 * time.Minute)
		for _, s := range sources {
			if s.sight.Now() != hugops.CoverageLive {
				t.Errorf("%s is %s", s.Name(), s.sight.Now())
			}
		}
		cancel()
		synctest.Wait()
	})
}

// TestRateLimit: pages are asked for within what the server's headers allow, by its
// clock, which is an hour behind here; the streams of a server share it.
func TestRateLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const period, allowed = 15 * time.Minute, 30
		began, used := time.Now(), 0
		srv := &fake{scripts: []script{quiet}}
		srv.rest = func(_ int, w http.ResponseWriter) bool {
			if time.Since(began) >= period {
				began, used = began.Add(period), 0
			}
			used++
			theirs := time.Now().Add(-time.Hour)
			w.Header().Set("Date", theirs.UTC().Format(http.TimeFormat))
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("X-RateLimit-Reset", began.Add(period-time.Hour).UTC().Format(time.RFC3339Nano))
			if used > allowed {
				t.Errorf("request %d of a period", used)
				w.WriteHeader(429)
				return true
			}
			if left := allowed - used; left > 0 {
				w.Header().Set("X-RateLimit-Remaining", string(rune('0'+left/10))+string(rune('0'+left%10)))
			}
			return false
		}
		log := &livetest.Log{}
		sources := srv.sources(t, log, "public", "hashtag:a")
		start := time.Now()
		for i := range 700 {
			srv.post(snowflake(start.Add(time.Duration(i)*time.Millisecond), 0), "hi")
		}
		ctx, cancel := context.WithCancel(t.Context())
		var posts atomic.Int64
		for _, s := range sources {
			s.remember(t, position{ID: snowflake(start, 0), At: start.Add(-time.Minute)})
			go s.Run(ctx, func(context.Context, pipeline.Item) error {
				posts.Add(1)
				return nil
			})
		}
		time.Sleep(29 * time.Minute)
		for _, s := range sources {
			if past := states(s.Amend()); !slices.Equal(past, []hugops.CoverageState{"replay"}) {
				t.Errorf("%s learnt %v", s.Name(), past)
			}
		}
		if posts.Load() != 2*700 {
			t.Errorf("%d posts were read", posts.Load())
		}
		if strings.Contains(log.String(), "missing") {
			t.Errorf("the log:\n%s", log)
		}
		cancel()
		synctest.Wait()
	})
}
