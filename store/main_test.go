package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/store/chdb"
)

// engine is the one ClickHouse of the test process; each test has a database of
// its own in it.
var engine struct {
	*chdb.Engine
	err error
}

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path, err := chdb.Find()
	if err == nil {
		engine.Engine, err = chdb.Open(path, dir)
	}
	engine.err = err
	code := m.Run()
	if engine.Engine != nil {
		if err := engine.Close(); err != nil {
			panic(err)
		}
	}
	return code
}

var databases atomic.Int64

// config is that of a fresh database, of which every answer is computed anew.
func config(t testing.TB) Config {
	t.Helper()
	if errors.Is(engine.err, chdb.ErrMissing) {
		t.Skip(engine.err)
	}
	if engine.err != nil {
		t.Fatal(engine.err)
	}
	return Config{Transport: engine.Engine, Database: fmt.Sprintf("test_%d", databases.Add(1)), Stale: -1, Errors: blurredErrors}
}

// open returns a store on c's database, with its tables.
func open(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.server.Exec(context.Background(), "DROP DATABASE IF EXISTS "+quoteName(c.Database))
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fresh returns a store on a database of its own.
func fresh(t testing.TB) *Store {
	t.Helper()
	return open(t, config(t))
}

// failing is a transport that fails the left-th request from now on, either
// before the engine sees it or after the engine has done it.
type failing struct {
	http.RoundTripper
	left   atomic.Int64
	after  bool
	broken atomic.Bool // fails all
}

var errCut = errors.New("the line was cut")

func (f *failing) RoundTrip(r *http.Request) (*http.Response, error) {
	if f.left.Add(-1) != 0 && !f.broken.Load() {
		return f.RoundTripper.RoundTrip(r)
	}
	if f.after {
		if answer, err := f.RoundTripper.RoundTrip(r); err == nil {
			answer.Body.Close()
		}
	}
	if r.Body != nil {
		r.Body.Close()
	}
	return nil, errCut
}

var quiet = slog.New(slog.DiscardHandler)

var (
	begin  = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	later  = begin.Add(48 * time.Hour)
	nimbus = hugops.Outage{ID: "nimbus-1", Service: "nimbus", ServiceName: "Nimbus", Title: "API errors", StartedAt: begin, EndedAt: begin.Add(3 * time.Hour)}
	cirrus = hugops.Outage{ID: "cirrus-1", Service: "cirrus", ServiceName: "Cirrus", Title: "Slow", StartedAt: begin.Add(time.Hour)}
)

// blurredErrors is an error model for tests: right four times in five.
func blurredErrors(model string) hugops.ErrorModel {
	m := hugops.ErrorModel{Model: model, N: [3]int{500, 500, 500},
		Mean: [3][3]float64{{.8, .1, .1}, {.1, .8, .1}, {.1, .1, .8}}}
	for i := range 3 {
		m.Cov[i] = [3][3]float64{{.04, -.02, -.02}, {-.02, .04, -.02}, {-.02, -.02, .04}}
	}
	return m
}

// serve offers the engine over HTTP on loopback.
func serve(t testing.TB) (url string) {
	server := httptest.NewServer(engine.Engine)
	t.Cleanup(server.Close)
	return server.URL
}

// summaries are the first outages of all.
func summaries(ctx context.Context, s *Store, now time.Time, limit int) ([]hugops.Summary, error) {
	page, err := s.OutagePage(ctx, now, hugops.OutageQuery{Limit: limit})
	return page.Summaries, err
}
