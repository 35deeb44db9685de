package mastodon

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/live/livetest"
)

// TestFill lists what a server has when a source comes back after five minutes,
// and what is read of it, is learnt of the past and is said.
func TestFill(t *testing.T) {
	start := time.Date(2026, 11, 2, 11, 55, 0, 0, time.UTC) // the bubble begins at noon
	id := func(after time.Duration) string { return snowflake(start.Add(after), 0) }
	known := position{ID: id(0), At: start}
	flood := func(f *fake) {
		for i := range 300 {
			f.post(id(time.Duration(i+1)*time.Second), fmt.Sprint(i))
		}
	}
	for _, c := range []struct {
		name   string
		pos    position
		server func(f *fake)
		tune   func(s *Source)
		want   []string // the first and the last that came
		count  int
		learnt []hugops.CoverageState
		log    string
	}{
		{name: "nothing was posted", pos: known, learnt: []hugops.CoverageState{"replay"}},
		{name: "the first run ever reads nothing of the past", server: flood},
		{name: "pages, oldest first", pos: known, server: flood, want: []string{"created 0", "created 299"}, count: 300, learnt: []hugops.CoverageState{"replay"}},
		{name: "a post from elsewhere that was on its way", pos: known,
			server: func(f *fake) { f.post(id(-30*time.Second), "late") }, want: []string{"created late"}, count: 1, learnt: []hugops.CoverageState{"replay"}},
		{name: "an edited post", pos: known, server: func(f *fake) {
			f.posts = []string{statusJSON(id(time.Second), "mended", `"edited_at":"2026-11-02T11:59:00Z",`)}
		}, want: []string{"edited mended"}, count: 1, learnt: []hugops.CoverageState{"replay"}},
		{name: "a boost and one who opted out", pos: known, server: func(f *fake) {
			f.posts = []string{statusJSON(id(1*time.Second), "boost", `"reblog":{"id":"1"},`), strings.Replace(statusJSON(id(2*time.Second), "shy", ""), `"indexable":true`, `"indexable":false`, 1)}
		}, want: []string{"withheld"}, count: 1, learnt: []hugops.CoverageState{"replay"}},
		{name: "a post that cannot be read", pos: known, server: func(f *fake) {
			f.posts = []string{statusJSON(id(1*time.Second), "a", ""), strings.Replace(statusJSON(id(2*time.Second), "b", ""), "2026-11-02T12", "noon", 1), statusJSON(id(3*time.Second), "c", "")}
		}, want: []string{"created a", "created c"}, count: 3, learnt: []hugops.CoverageState{"replay"}},
		{name: "503, then well", pos: known, server: func(f *fake) {
			flood(f)
			f.rest = func(n int, w http.ResponseWriter) bool {
				if n%3 != 0 {
					w.WriteHeader(503)
				}
				return n%3 != 0
			}
		}, want: []string{"created 0", "created 299"}, count: 300, learnt: []hugops.CoverageState{"replay"}},
		{name: "closed for a while", pos: known, server: func(f *fake) {
			flood(f)
			f.rest = func(n int, w http.ResponseWriter) bool {
				if n < 5 {
					w.WriteHeader(422)
				}
				return n < 5
			}
		}, want: []string{"created 0", "created 299"}, count: 300, learnt: []hugops.CoverageState{"replay"}},
		{name: "429 of five minutes", pos: known, server: func(f *fake) {
			flood(f)
			f.rest = func(n int, w http.ResponseWriter) bool {
				if n == 2 {
					w.Header().Set("X-RateLimit-Reset", time.Now().Add(5*time.Minute).Format(time.RFC3339Nano))
					w.WriteHeader(429)
				}
				return n == 2
			}
		}, want: []string{"created 0", "created 299"}, count: 300, learnt: []hugops.CoverageState{"replay"}},
		{name: "a page of HTML with 200 is no answer", pos: known, server: func(f *fake) {
			f.rest = func(_ int, w http.ResponseWriter) bool { io.WriteString(w, "<html>"); return true }
		}, learnt: []hugops.CoverageState{"gap"}, log: "no list of posts"},
		{name: "the timeline is closed", pos: known, server: func(f *fake) {
			f.rest = func(_ int, w http.ResponseWriter) bool { w.WriteHeader(422); return true }
		}, learnt: []hugops.CoverageState{"gap"}, log: "status 422"},
		{name: "503 all the time", pos: known, server: func(f *fake) {
			f.rest = func(_ int, w http.ResponseWriter) bool { w.WriteHeader(503); return true }
		}, learnt: []hugops.CoverageState{"gap"}, log: "posts are missing"},
		{name: "more than is read afterwards", pos: known, server: flood, tune: func(s *Source) { s.bounds.pages = 3 },
			want: []string{"created 0", "created 119"}, count: 120, learnt: []hugops.CoverageState{"replay", "gap"}, log: "more is missing"},
		{name: "a server that ignores min_id is asked no more than it must be", pos: known, server: func(f *fake) {
			f.rest = func(_ int, w http.ResponseWriter) bool {
				fmt.Fprintf(w, "[%s]", statusJSON(id(9*time.Second), "same", ""))
				return true
			}
		}, want: []string{"created same"}, count: 1, learnt: []hugops.CoverageState{"replay"}},
		{name: "posts without ids", pos: known, server: func(f *fake) {
			f.rest = func(_ int, w http.ResponseWriter) bool { io.WriteString(w, "[{}]"); return true }
		}, learnt: []hugops.CoverageState{"gap"}, log: "without ids"},
		{name: "a hole that an earlier process did not come to the end of",
			pos: position{ID: id(200 * time.Second), At: start.Add(200 * time.Second), Hole: hole{ID: id(100 * time.Second), Times: []span{{start, start.Add(100 * time.Second), "stalled"}}}}, server: flood,
			want: []string{"created 40", "created 299"}, count: 260, learnt: []hugops.CoverageState{"replay", "replay"}},
		{name: "and of which no more is to be had",
			pos: position{ID: id(200 * time.Second), At: start.Add(200 * time.Second), Hole: hole{ID: id(60 * time.Second), Times: []span{{start, start.Add(100 * time.Second), "stalled"}}}},
			server: func(f *fake) {
				f.rest = func(_ int, w http.ResponseWriter) bool { w.WriteHeader(422); return true }
			}, learnt: []hugops.CoverageState{"replay", "stalled", "gap"}},
		{name: "a part of the stream is a part also afterwards", pos: known,
			server: func(f *fake) { f.about = `"timelines_access":{"live_feeds":{"remote":"disabled"}}`; flood(f) },
			want:   []string{"created 0", "created 299"}, count: 300, learnt: []hugops.CoverageState{"sample"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				srv, log := &fake{scripts: []script{quiet}}, &livetest.Log{}
				if c.server != nil {
					c.server(srv)
				}
				src := srv.sources(t, log, "public")[0]
				src.bounds.time = 6 * time.Minute
				src.remember(t, c.pos)
				if c.tune != nil {
					c.tune(src)
				}
				var got []string
				runFor(t, src, 7*time.Minute, func(it pipeline.Item) { got = append(got, describe(it)) })
				if len(got) != c.count || len(c.want) > 0 && (got[0] != c.want[0] || got[len(got)-1] != c.want[len(c.want)-1]) {
					t.Errorf("got %d: %v", len(got), got)
				}
				if learnt := states(src.Amend()); !slices.Equal(learnt, c.learnt) {
					t.Errorf("learnt %v, want %v", learnt, c.learnt)
				}
				if !strings.Contains(log.String(), c.log) {
					t.Errorf("the log does not say %q:\n%s", c.log, log)
				}
				var pos position
				if err := live.Load(src.stateFile(), &pos); err != nil || len(pos.Hole.Times) > 0 {
					t.Errorf("remembered %+v, %v", pos, err)
				}
			})
		})
	}
}

// runFor runs a source in virtual time; what is emitted is acknowledged at once.
func runFor(t *testing.T, src *Source, length time.Duration, take func(pipeline.Item)) {
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	src.Run(ctx, func(_ context.Context, it pipeline.Item) error {
		take(it)
		if it.Ack != nil {
			it.Ack()
		}
		return nil
	})
	synctest.Wait()
}

// TestLearntTimes: what is read afterwards, and what is lost, are told to the
// second.
func TestLearntTimes(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Hour, -24 * time.Hour} { // this machine's clock is so far ahead of the server's
		bubble(t, func(t *testing.T) {
			away := time.Now().Add(-10 * time.Minute)
			srv := &fake{scripts: []script{quiet}}
			srv.rest = func(_ int, w http.ResponseWriter) bool {
				w.Header().Set("Date", time.Now().Add(-ahead).UTC().Format(http.TimeFormat))
				return false
			}
			for i := range 600 {
				srv.post(snowflake(away.Add(time.Duration(i)*time.Second-ahead), 0), "x")
			}
			src := srv.sources(t, io.Discard)[0]
			src.bounds.pages = 5
			src.remember(t, position{ID: snowflake(away.Add(-time.Second-ahead), 0), At: away})
			back := time.Now()
			runFor(t, src, time.Minute, func(pipeline.Item) {})
			read := away.Add(199 * time.Second) // five pages of 40
			want := []pipeline.Amendment{{From: away, To: read, State: "replay"}, {From: read, To: back, State: "gap"}}
			got := src.Amend()
			if len(got) != 2 || !same(got[0], want[0]) || !same(got[1], want[1]) {
				t.Errorf("%v ahead: learnt %v, want %v", ahead, got, want)
			}
		})
	}
}

func same(a, b pipeline.Amendment) bool {
	return a.State == b.State && a.From.Sub(b.From).Abs() < time.Second && a.To.Sub(b.To).Abs() < time.Second
}

// TestStreamBeforeFill: the stream is open before the past is asked for, so that
// a post of the moment between the two is in one of them, and counted once.
func TestStreamBeforeFill(t *testing.T) {
	bubble(t, func(t *testing.T) {
		now := time.Now()
		between := snowflake(now.Add(-time.Second), 0)
		var order []string
		srv := &fake{}
		srv.scripts = []script{func(w http.ResponseWriter, say func(string), gone <-chan struct{}) {
			order = append(order, "stream")
			say(update(between, "between"))
			srv.post(between, "between")
			beat(say, gone)
		}}
		srv.rest = func(int, http.ResponseWriter) bool { order = append(order, "page"); return false }
		src := srv.sources(t, io.Discard)[0]
		src.remember(t, position{ID: snowflake(now.Add(-time.Minute), 0), At: now.Add(-time.Minute)})
		var got []string
		runFor(t, src, time.Minute, func(it pipeline.Item) { got = append(got, describe(it)) })
		if len(order) < 2 || order[0] != "stream" || !slices.Equal(got, []string{"created between"}) {
			t.Errorf("asked for %v, got %v", order, got)
		}
	})
}

// TestPositionWaitsForKafka: what is not acknowledged is read again by the next
// process, and a hole that is not read to its end is still one.
func TestPositionWaitsForKafka(t *testing.T) {
	bubble(t, func(t *testing.T) {
		away := time.Now().Add(-time.Minute)
		srv := &fake{scripts: []script{quiet}}
		for i := range 10 {
			srv.post(snowflake(away.Add(time.Duration(i)*time.Second), 1), fmt.Sprint(i))
		}
		dir := t.TempDir()
		process := func(ack bool) (got int) {
			src := srv.sources(t, io.Discard)[0]
			src.cfg.StateDir = dir
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			src.Run(ctx, func(_ context.Context, it pipeline.Item) error {
				if got++; ack {
					it.Ack()
				}
				return nil
			})
			return got
		}
		first := srv.sources(t, io.Discard)[0]
		first.cfg.StateDir = dir
		first.remember(t, position{ID: snowflake(away, 0), At: away})
		for i, ack := range []bool{false, false, true} {
			if got := process(ack); got != 10 {
				t.Errorf("process %d got %d posts", i, got)
			}
		}
		src := srv.sources(t, io.Discard)[0]
		src.rewind, src.cfg.StateDir = 0, dir
		runFor(t, src, time.Minute, func(it pipeline.Item) { t.Errorf("again: %s", describe(it)) })
	})
}

// TestGivingUp: where the timelines are closed and the stream breaks off every
// minute, the ledger is told after the time that a fill has, and not never.
func TestGivingUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		srv := &fake{scripts: []script{func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) {
			minute, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			go func() {
				select {
				case <-gone:
					cancel()
				case <-minute.Done():
				}
			}()
			beat(say, minute.Done())
		}}}
		srv.rest = func(_ int, w http.ResponseWriter) bool { w.WriteHeader(422); return true }
		src := srv.sources(t, io.Discard)[0]
		src.remember(t, position{ID: "1", At: time.Now().Add(-time.Minute)})
		runFor(t, src, 29*time.Minute, func(pipeline.Item) {})
		if learnt := src.Amend(); len(learnt) != 0 {
			t.Errorf("learnt %v", learnt)
		}
		src = srv.sources(t, io.Discard)[0]
		src.remember(t, position{ID: "1", At: time.Now().Add(-time.Minute)})
		runFor(t, src, 32*time.Minute, func(pipeline.Item) {})
		learnt := src.Amend()
		for _, a := range learnt {
			if a.State != hugops.CoverageGap || a.To.Sub(a.From) > time.Minute {
				t.Errorf("learnt %v", a)
			}
		}
		if len(learnt) < 20 {
			t.Errorf("learnt of %d times", len(learnt))
		}
	})
}

// TestDamagedPosition: a source that forgets is better than one that stops.
func TestDamagedPosition(t *testing.T) {
	bubble(t, func(t *testing.T) {
		srv, log := &fake{scripts: []script{quiet}}, &livetest.Log{}
		src := srv.sources(t, log)[0]
		src.cfg.StateDir = t.TempDir()
		if err := os.WriteFile(src.stateFile(), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		runFor(t, src, time.Minute, func(pipeline.Item) {})
		if src.sight.Now() != hugops.CoverageLive || !strings.Contains(log.String(), "damaged") {
			t.Errorf("it is %s; the log:\n%s", src.sight.Now(), log)
		}
	})
}

func TestIDs(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for id, want := range map[string]time.Time{
		snowflake(at, 7): at, "99999": {}, "01KCZX8R5W3ZJ8Q0D4B6T2M9NE": {}, "": {}, "-5": {}, "99999999999999999999999": {},
	} {
		if got := idTime(id); !got.Equal(want) {
			t.Errorf("%q is of %v", id, got)
		}
		if got := idTime(rewound(id, time.Minute)); !want.IsZero() && !got.Equal(want.Add(-time.Minute)) {
			t.Errorf("%q rewound is of %v", id, got)
		}
	}
	if compareIDs("9", "10") >= 0 || compareIDs("0", "1") >= 0 || compareIDs("", "0") >= 0 || compareIDs("01B", "01A") <= 0 {
		t.Error("ids are not in order")
	}
}
