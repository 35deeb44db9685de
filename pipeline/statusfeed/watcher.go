package statusfeed

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

const (
	pollOpen   = time.Minute     // while an incident is open
	pollQuiet  = 5 * time.Minute // otherwise
	pollFailed = time.Minute     // after the first error, doubling
	pollMax    = 30 * time.Minute
	pollLimit  = 30 * time.Second // for one request
)

// OutageSink takes outages, new and known ones alike.
type OutageSink interface {
	PutOutages(ctx context.Context, outages []hugops.Outage) error
}

// Page is one status page.
type Page struct {
	Service string // slug
	Name    string // what people call the service
	// URL is the page's address ("https://www.githubstatus.com"), of which
	// /api/v2/incidents.json is read, or the address of such a file.
	URL string
}

// Config says which pages are watched.
type Config struct {
	Pages []Page
	Sink  OutageSink
	Log   *slog.Logger
	// Client fetches; nil is one that dials public addresses only.
	Client *http.Client
}

// Watcher polls status pages, each by itself.
type Watcher struct {
	cfg    Config
	client *http.Client
}

// NewWatcher returns the watcher; it touches nothing before Run.
func NewWatcher(cfg Config) *Watcher {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	client := publicClient()
	if cfg.Client != nil {
		copied := *cfg.Client
		client = &copied
	}
	client.CheckRedirect = sameHost
	return &Watcher{cfg: cfg, client: client}
}

// Run polls until ctx is done. A page that fails is tried again, ever more
// seldom; it never stops the others. A page whose address is not https ends Run
// before anything is asked.
func (w *Watcher) Run(ctx context.Context) error {
	var feeds []*feed
	for _, page := range w.cfg.Pages {
		address, err := feedURL(page.URL)
		if err != nil {
			return fmt.Errorf("status page of %s: %w", page.Name, err)
		}
		feeds = append(feeds, &feed{page: page, url: address, client: w.client, sink: w.cfg.Sink,
			log: w.cfg.Log.With("page", page.URL)})
	}
	var all sync.WaitGroup
	for _, f := range feeds {
		all.Go(func() { f.run(ctx) })
	}
	all.Wait()
	<-ctx.Done()
	return ctx.Err()
}

// feedURL returns the address to poll.
func feedURL(page string) (string, error) {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", fmt.Errorf("%q is no https address", page)
	}
	if !strings.HasSuffix(u.Path, ".json") {
		u.Path = strings.TrimRight(u.Path, "/") + "/api/v2/incidents.json"
	}
	return u.String(), nil
}

// feed is the state of one page.
type feed struct {
	page   Page
	url    string
	client *http.Client
	sink   OutageSink
	log    *slog.Logger

	etag, modified string // of what the sink has
	open           bool   // an incident is
	failures       int
	retryAfter     time.Duration // what the server asked for, with its last error
}

func (f *feed) run(ctx context.Context) {
	for f.sleep(ctx, f.firstDelay()); ctx.Err() == nil; f.sleep(ctx, f.delay()) {
		result := "ok"
		changed, err := f.poll(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			result = "error"
			f.failures++
			f.log.Warn("the status page could not be read", "error", err, "failures", f.failures)
		default:
			f.failures = 0
			if !changed {
				result = "unchanged"
			}
		}
		metrics.GetOrCreateCounter("hugops_statusfeed_polls_total{page=" + strconv.Quote(f.page.URL) +
			",result=" + strconv.Quote(result) + "}").Inc()
	}
}

// firstDelay spreads the pages of a start over two seconds.
func (f *feed) firstDelay() time.Duration { return rand.N(2 * time.Second) }

// delay is the time to the next poll, give or take a tenth.
func (f *feed) delay() time.Duration {
	delay := pollQuiet
	switch {
	case f.failures > 0:
		delay = min(pollFailed<<min(f.failures-1, 10), pollMax)
		delay = max(delay, min(f.retryAfter, pollMax))
	case f.open:
		delay = pollOpen
	}
	return delay*9/10 + rand.N(delay/5)
}

func (f *feed) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// poll reads the page once and hands its outages on. What the sink did not take
// is fetched again, because only then the validators are remembered.
func (f *feed) poll(ctx context.Context) (changed bool, err error) {
	f.retryAfter = 0
	answer, err := f.fetch(ctx)
	if err != nil || answer == nil {
		return false, err
	}
	lookup := func(string) (slug, name string) { return f.page.Service, f.page.Name }
	outages, parseErr := parseStatuspage(answer.body, f.page.Name, lookup)
	f.open = false
	for i := range outages {
		outages[i].Source = f.page.URL
		f.open = f.open || outages[i].OpenAt(time.Now())
	}
	if len(outages) > 0 {
		if err := f.sink.PutOutages(ctx, outages); err != nil {
			return false, fmt.Errorf("store outages: %w", err)
		}
	}
	if parseErr != nil {
		return false, parseErr
	}
	f.etag, f.modified = answer.etag, answer.modified
	return true, nil
}
