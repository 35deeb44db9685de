package x

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/live/livetest"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// board is where a test keeps the outages that are known.
type board struct {
	mu    sync.Mutex
	known []hugops.Outage
}

func (b *board) set(known ...hugops.Outage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = known
}

func (b *board) Outages(context.Context) ([]hugops.Outage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.known), nil
}

// outage opened so long ago.
func outage(id, service string, ago time.Duration) hugops.Outage {
	return hugops.Outage{ID: id, Service: service, ServiceName: service, StartedAt: time.Now().Add(-ago)}
}

func namedOnly(o hugops.Outage) Terms { return Terms{Names: []string{o.Service}} }

// quick makes a source's times those of the fake.
func quick(s *Source) {
	s.silence, s.quiet, s.save, s.settle, s.overlap = 2*time.Second, time.Second, 5*time.Millisecond, 30*time.Millisecond, 30*time.Millisecond
	s.waited, s.tick, s.effect = 10*time.Millisecond, 10*time.Millisecond, 20*time.Millisecond
	p := live.Pauses{Min: time.Millisecond, Max: 8 * time.Millisecond}
	s.pauses = pauses{p, p, p, p, 30 * time.Millisecond}
	s.connects, s.api.pace = throttle{most: 1 << 30}, throttle{most: 1 << 30}
	s.jobs = jobTimes{every: time.Hour, retry: 20 * time.Millisecond, poll: 10 * time.Millisecond, patience: patience}
}

// reader is a source under test, and what it emits.
type reader struct {
	*Source
	t     *testing.T
	board *board
	items chan pipeline.Item
	log   *livetest.Log
	stop  func()
	came  []string // by wants
	// early are items that came while the test waited for something else.
	early []pipeline.Item
	slow  bool // nothing is taken but by next
}

func config(f *fakeX, b *board) Config {
	return Config{Token: goodToken, BaseURL: f.URL, BudgetDay: 1000, Prices: DefaultPrices, Outages: b.Outages, Terms: namedOnly, Door: door}
}

// start runs a source on the fake.
func start(t *testing.T, f *fakeX, tune func(*Source), known ...hugops.Outage) *reader {
	t.Helper()
	return startWith(t, f, config(f, &board{}), tune, known...)
}

func startWith(t *testing.T, f *fakeX, cfg Config, tune func(*Source), known ...hugops.Outage) *reader {
	t.Helper()
	r := &reader{t: t, board: &board{}, log: &livetest.Log{}}
	r.board.set(known...)
	cfg.Outages, cfg.Log = r.board.Outages, r.log.Logger()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Source = s
	quick(s)
	if tune != nil {
		tune(s)
	}
	r.items, r.stop = livetest.Run(t, s)
	t.Cleanup(func() {
		r.stop()
		if strings.Contains(r.log.String(), goodToken) || strings.Contains(r.log.String(), "secret") {
			t.Errorf("a secret is in the log:\n%s", r.log)
		}
	})
	return r
}

// next returns the next item and acknowledges it.
func (r *reader) next() pipeline.Item {
	r.t.Helper()
	if len(r.early) > 0 {
		it := r.early[0]
		r.early = r.early[1:]
		return it
	}
	select {
	case it := <-r.items:
		if it.Source != "x:stream" || it.Event.Post != nil && it.Event.Post.Source != it.Source {
			r.t.Errorf("source %q", it.Source)
		}
		if it.Ack != nil {
			it.Ack()
		}
		return it
	case <-time.After(patience):
		r.t.Fatalf("nothing came\n%s", r.log)
		return pipeline.Item{}
	}
}

// wants reads items until each of the wanted ones came, in order; duplicates of
// what came before may stand between.
func (r *reader) wants(want ...string) {
	r.t.Helper()
	for _, w := range want {
		for {
			got := describe(r.next())
			if strings.HasPrefix(got, w) {
				r.came = append(r.came, got)
				break
			}
			if !slices.Contains(r.came, got) {
				r.t.Fatalf("got %.200q, want %q\n%s", got, w, r.log)
			}
		}
	}
}

// until waits for something to become true.
func (r *reader) until(what string, is func() bool) {
	r.t.Helper()
	items := r.items
	if r.slow {
		items = nil
	}
	for end := time.Now().Add(patience); !is(); {
		select {
		case it := <-items:
			if it.Ack != nil {
				it.Ack()
			}
			r.early = append(r.early, it)
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(end) {
			r.t.Fatalf("not so: %s; the state is %s\n%s", what, r.sight.Now(), r.log)
		}
	}
}

func (r *reader) says(text string) {
	r.t.Helper()
	r.until("the log says "+text, func() bool { return strings.Contains(r.log.String(), text) })
}

func (r *reader) is(state hugops.CoverageState) {
	r.t.Helper()
	r.until("the state is "+string(state), func() bool { return r.sight.Now() == state })
}

// learns waits until the ledger of a time is put right, and returns how.
func (r *reader) learns() pipeline.Amendment {
	r.t.Helper()
	var learnt []pipeline.Amendment
	r.until("something is learnt", func() bool {
		learnt = append(learnt, r.Amend()...)
		return len(learnt) > 0
	})
	return learnt[0]
}

func describe(it pipeline.Item) string {
	e := it.Event
	switch {
	case it.Withheld:
		return "withheld"
	case it.Bad != nil:
		return "bad: " + it.Bad.Err.Error()
	case e.Post != nil:
		return string(e.Kind) + " " + e.Post.Text
	}
	return string(e.Kind) + " " + e.ID
}
