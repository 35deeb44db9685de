package statusfeed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
)

// registry keeps outages in memory, counts what it took, and fails as often as it
// is told. It keeps the ledger, too.
type registry struct {
	mu      sync.Mutex
	fail    int
	took    [][]hugops.Outage
	outages map[string]hugops.Outage
	rows    []hugops.Coverage
}

func (r *registry) Outages(context.Context) ([]hugops.Outage, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []hugops.Outage
	for _, o := range r.outages {
		all = append(all, o)
	}
	return all, nil
}

func (r *registry) PutOutages(_ context.Context, outages []hugops.Outage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail > 0 {
		r.fail--
		return errors.New("the store is down")
	}
	r.took = append(r.took, outages)
	if r.outages == nil {
		r.outages = map[string]hugops.Outage{}
	}
	for _, o := range outages {
		r.outages[o.ID] = o
	}
	return nil
}

func (r *registry) SeeOutages(_ context.Context, seen []hugops.Sighting) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range seen {
		o := r.outages[v.ID]
		if !v.LastSeen.IsZero() {
			o.LastSeen = v.LastSeen
		}
		if !v.EndedAt.IsZero() {
			o.EndedAt = v.EndedAt
		}
		if !v.WithdrawnAt.IsZero() {
			o.WithdrawnAt = v.WithdrawnAt
		}
		r.outages[v.ID] = o
	}
	return nil
}

func (r *registry) PutCoverage(_ context.Context, rows []hugops.Coverage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, rows...)
	return nil
}

// world answers requests from a table of bodies, in virtual time.
type world struct {
	mu     sync.Mutex
	bodies map[string]string // by host and path; "" is 404, "!503" a status
	header http.Header
	asked  []string
	at     []time.Time
	took   time.Duration // of an answer
	busy   map[string]int
	most   int // requests at a time to one host
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.asked, w.at = append(w.asked, r.URL.Host+r.URL.Path), append(w.at, time.Now())
	body := w.bodies[r.URL.Host+r.URL.Path]
	if w.busy == nil {
		w.busy = map[string]int{}
	}
	w.busy[r.URL.Host]++
	w.most = max(w.most, w.busy[r.URL.Host])
	header := w.header.Clone()
	w.mu.Unlock()
	time.Sleep(w.took)
	w.mu.Lock()
	w.busy[r.URL.Host]--
	w.mu.Unlock()
	status := 200
	if code, ok := strings.CutPrefix(body, "!"); ok {
		fmt.Sscan(code, &status)
	} else if body == "" {
		status = 404
	}
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (w *world) set(address, body string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies[address] = body
}

func (w *world) total() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

func (w *world) count(address string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.asked {
		if a == address {
			n++
		}
	}
	return n
}

// inWorld watches pages in virtual time while live goes on.
func inWorld(t *testing.T, w *world, r *registry, pages []Page, live func()) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(10 * 365 * 24 * time.Hour) // a bubble begins in 2000
		watcher := NewWatcher(Config{Pages: pages, Registry: r, Ledger: r, Client: &http.Client{Transport: w}, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- watcher.Run(ctx) }()
		live()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

const beeFeed = "bee.example/api/v2/incidents.json"

var bee = []Page{{Service: "bee", Name: "Bee", URL: "https://bee.example"}}

// beePage is an answer with incidents of these ids, of which "a" began first, "b"
// an hour later, and so on. Those with "+" are open.
func beePage(ids ...string) string {
	var list []string
	for _, id := range ids {
		at := time.Date(2009, 12, 28, int(id[0]-'a'), 0, 0, 0, time.UTC).Format(time.RFC3339)
		name, open := strings.CutSuffix(id, "+")
		ended := `"resolved","resolved_at":"` + at + `"`
		if open {
			ended = `"investigating"`
		}
		list = append(list, fmt.Sprintf(`{"id":%q,"name":%q,"created_at":%q,"status":%s}`, name, name, at, ended))
	}
	return `{"page":{"id":"p"},"incidents":[` + strings.Join(list, ",") + `]}`
}
