package statusfeed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

const (
	pollOpen   = time.Minute     // while an incident is open
	pollQuiet  = 5 * time.Minute // otherwise
	pollFailed = time.Minute     // after the first error, doubling
	pollMax    = 30 * time.Minute
	pollLimit  = 30 * time.Second // for one request
)

// Registry keeps outages.
type Registry interface {
	// Outages returns all that are known, without Raw.
	Outages(ctx context.Context) ([]hugops.Outage, error)
	// PutOutages takes outages, new and known ones alike.
	PutOutages(ctx context.Context, outages []hugops.Outage) error
	// SeeOutages notes what was seen of outages that it has.
	SeeOutages(ctx context.Context, seen []hugops.Sighting) error
}

// Config says which pages are watched.
type Config struct {
	Pages    []Page
	Registry Registry
	// Ledger takes a row for each time that a page was asked; nil keeps none.
	Ledger pipeline.CoverageSink
	Log    *slog.Logger
	// Client fetches; nil is one that dials public addresses only.
	Client *http.Client
}

// Watcher polls status pages, each by itself.
type Watcher struct {
	cfg     Config
	fetcher *fetcher
	ledger  *ledger
}

// NewWatcher returns the watcher; it touches nothing before Run.
func NewWatcher(cfg Config) *Watcher {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Watcher{cfg: cfg, fetcher: newFetcher(safeClient(cfg.Client)), ledger: &ledger{sink: cfg.Ledger, log: cfg.Log}}
}

// safeClient is a copy of the client, or a new one that dials public addresses
// only; it follows no redirect to another host.
func safeClient(given *http.Client) *http.Client {
	client := publicClient()
	if given != nil {
		copied := *given
		client = &copied
	}
	client.CheckRedirect = sameHost
	return client
}

// Run polls until ctx is done. A page that fails is tried again, ever more
// seldom; it never stops the others. A page whose address is not https, or whose
// kind is not known, ends Run before anything is asked.
func (w *Watcher) Run(ctx context.Context) error {
	watches, err := w.watches()
	if err != nil {
		return err
	}
	var known []hugops.Outage
	for attempt := 0; ; attempt++ {
		if known, err = w.cfg.Registry.Outages(ctx); err == nil {
			break
		}
		w.cfg.Log.Warn("the known outages could not be read, will try again", "error", err)
		if err := pipeline.Sleep(ctx, min(time.Second<<min(attempt, 10), pollFailed)); err != nil {
			return err
		}
	}
	for _, p := range watches {
		p.recall(known)
	}
	known = nil
	stop := w.ledger.run(ctx)
	defer stop()
	var all sync.WaitGroup
	for _, p := range watches {
		all.Go(func() { p.run(ctx, spread(len(watches))) })
	}
	all.Wait()
	<-ctx.Done()
	return ctx.Err()
}

// watches are the pages, each with a name of its own in the ledger: a second
// page of one service is told by its address. A page that is given for two
// services is the first one's.
func (w *Watcher) watches() ([]*watch, error) {
	var all []*watch
	taken, whose := map[string]bool{}, map[string]string{}
	for _, page := range w.cfg.Pages {
		k, err := kindOf(page.Kind)
		if err != nil {
			return nil, fmt.Errorf("status page of %s: %w", page.Name, err)
		}
		addresses, err := k.addresses(page.URL)
		if err != nil {
			return nil, fmt.Errorf("status page of %s: %w", page.Name, err)
		}
		if first, twice := whose[addresses[0]]; twice {
			w.cfg.Log.Warn("a status page is followed for another service already", "page", page.URL, "service", page.Service, "followed_for", first)
			continue
		}
		whose[addresses[0]] = page.Service
		name := FeedName(page.Service)
		if taken[name] {
			u, _ := url.Parse(page.URL)
			name = FeedName(strings.TrimRight(u.Host+u.Path, "/"))
		}
		taken[name] = true
		all = append(all, newWatch(page, k, name, addresses, w))
	}
	return all, nil
}

// spread is the time over which the first polls of so many pages are spread: ten
// a second, two seconds at least.
func spread(pages int) time.Duration {
	return max(2*time.Second, time.Duration(pages)*100*time.Millisecond)
}

// run polls one page until ctx is done.
func (p *watch) run(ctx context.Context, within time.Duration) {
	for err := pipeline.Sleep(ctx, rand.N(within)); err == nil; err = pipeline.Sleep(ctx, p.delay()) {
		o := p.round(ctx, time.Now())
		if ctx.Err() != nil {
			return
		}
		if p.failures++; !o.failed {
			p.failures = 0
		}
		if o.err != nil {
			p.log.Warn("the status page could not be read", "error", o.err, "failures", p.failures)
		}
		p.w.ledger.note(p, o, time.Now())
	}
}

// delay is the time to the next poll, give or take a tenth, and never less than
// the server asked for.
func (p *watch) delay() time.Duration {
	delay := pollQuiet
	switch {
	case p.failures > 0:
		delay = min(pollFailed<<min(p.failures-1, 10), pollMax)
	case p.open:
		delay = pollOpen
	}
	delay = delay*9/10 + rand.N(delay/5)
	if asked := min(p.retryAfter, pollMax); asked > delay {
		delay = asked + rand.N(asked/10+1)
	}
	return delay
}

// waitFor is what a server asked for with its error, 0 for nothing.
func waitFor(err error) time.Duration {
	if status := (*errStatus)(nil); errors.As(err, &status) {
		return status.retryAfter
	}
	return 0
}
