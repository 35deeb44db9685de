package web

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hugops/hugops"
)

// Store is what the site asks for its figures. Times in answers are UTC.
type Store interface {
	// OutagePage returns the outages that are asked for, of those that began by now,
	// newest first.
	OutagePage(ctx context.Context, now time.Time, q hugops.OutageQuery) (hugops.OutagePage, error)
	// Services returns what is known of the outages of each service that has any, by
	// slug.
	Services(ctx context.Context, now time.Time) ([]hugops.ServiceOutages, error)
	// Detail returns one outage as known at now, or an error wrapping
	// hugops.ErrNotFound.
	Detail(ctx context.Context, id string, now time.Time) (hugops.Detail, error)
	// Series returns the posts of one outage by buckets of whole minutes, of those that
	// begin in [from, to); a zero time is no bound. Its errors wrap hugops.ErrNotFound, or
	// hugops.ErrTooMany where there are more than hugops.MaxBuckets.
	Series(ctx context.Context, id string, bucket time.Duration, from, to time.Time) ([]hugops.Minute, error)
	// Workings returns what the index of an outage is made of as known at now, or an
	// error wrapping hugops.ErrNotFound.
	Workings(ctx context.Context, id string, now time.Time) (hugops.Workings, error)
	// Coverage returns what each source saw in each minute of [from, to], in the
	// order of time.
	Coverage(ctx context.Context, from, to time.Time) ([]hugops.Coverage, error)
	// Feeds returns how each status page was seen in [from, to].
	Feeds(ctx context.Context, from, to time.Time) ([]hugops.Feed, error)
	// Ping reports whether the store answers.
	Ping(ctx context.Context) error
}

// Config is what the site is made of. Only Store is required.
type Config struct {
	Store Store
	// Public is the address under which the world sees the site, e.g.
	// "https://hugops.example"; it stands in embeds and links. Empty: the
	// address of the request.
	Public string
	// Metrics writes all metrics in the Prometheus text format; nil: no /metrics.
	Metrics func(io.Writer)
	// Ready says whether this process should get requests; nil: Store.Ping.
	Ready func(context.Context) error
	// Services are the services that people name, by slug; an outage may be of one
	// that is not among them.
	Services []hugops.Service
	// Contact is how people reach whoever runs the site, for /opt-out and /privacy: an
	// e-mail address or an https address. Empty: the pages do not say.
	Contact string
	// Errors is the error model of the stance model, for /methodology; without figures
	// the page says that it is not known.
	Errors hugops.ErrorModel
	// RateLimit is how many requests a minute a client may make to the API; 0: any
	// number. TrustedProxies are whose X-Forwarded-For is believed.
	RateLimit      int
	TrustedProxies []netip.Prefix
	// Keep is for how long an answer may be given again to whoever asks next; 0: each
	// is made anew. Those about outages that are long over may be kept for longer.
	Keep time.Duration
	Log  *slog.Logger     // nil: slog.Default()
	Now  func() time.Time // nil: time.Now
}

// site is the handler's state; only the hub, the clients' quotas and what is kept change after New.
type site struct {
	Config
	pages      map[string]*template.Template
	assets     assets
	known      map[string]hugops.Service // Config.Services by slug
	contact    *contact                  // nil if none is given
	parameters map[string][]string       // of the addresses of the API, by pattern
	limit      *limiter
	hub        *hub
	keeper     keeper
	making     sync.WaitGroup  // answers in the background
	closing    context.Context // done when the site closes
	words      lexicons        // of embeds
	widget     *answer         // widget.js
	types      typefaces       // of pictures drawn here
	pictures   *gallery        // that were drawn
}

// Site answers the requests. Close ends what would otherwise go on: its live streams,
// which last as long as their listeners, and what it makes in the background.
type Site struct {
	http.Handler
	site *site
	stop context.CancelFunc
}

// Close ends the live streams; everything else goes on being answered.
func (s *Site) Close() {
	s.stop()
	s.site.hub.close()
}

// Wait returns when nothing of the site asks the store any more, once it is closed and
// its last request answered.
func (s *Site) Wait() { s.site.making.Wait() }

// New parses the templates and returns the site. It opens nothing.
func New(c Config) (*Site, error) {
	if c.Store == nil {
		return nil, fmt.Errorf("web: Config.Store is missing: give the site something to ask")
	}
	if c.Public != "" {
		u, err := url.Parse(c.Public)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" {
			return nil, fmt.Errorf("web: public address %q is no http(s) address of a host without a path: give one like https://hugops.example", c.Public)
		}
		c.Public = u.Scheme + "://" + u.Host
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Ready == nil {
		c.Ready = c.Store.Ping
	}
	s := &site{Config: c, known: map[string]hugops.Service{}}
	for _, one := range c.Services {
		s.known[one.Slug] = one
	}
	s.Log = c.Log.With("component", "web")
	var err error
	if s.contact, err = readContact(c.Contact); err != nil {
		return nil, err
	}
	if s.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("web: reading assets: %w", err)
	}
	if s.pages, err = s.parseTemplates(); err != nil {
		return nil, fmt.Errorf("web: parsing templates: %w", err)
	}
	if err = s.loadEmbeds(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if s.parameters, err = queryParameters(openAPIDocument); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if c.RateLimit < 0 {
		return nil, fmt.Errorf("web: a rate limit of %d is none: give a number of requests a minute, or 0 for no limit", c.RateLimit)
	}
	s.limit = &limiter{perMinute: c.RateLimit, trusted: c.TrustedProxies, now: c.Now, warn: func(proxy netip.Addr) {
		s.Log.Warn("requests come by a proxy that is not trusted: all who use it share one rate limit; name it in --trusted-proxies", "proxy", proxy)
	}}
	s.keeper.live = c.Keep
	s.hub = newHub(s.states, s.Log)
	s.hub.changed = s.keeper.changed
	closing, stop := context.WithCancel(context.Background())
	s.closing = closing
	return &Site{s.routes(), s, stop}, nil
}

// routes is the whole site on one screen.
func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	page := func(pattern string, h action, reads ...string) {
		mux.Handle(pattern, s.handle(pattern, asPage, h, reads...))
	}
	api := func(pattern string, h action) {
		mux.Handle(pattern, s.handle(pattern, asAPI, s.documentedOnly(pattern, h)))
	}
	embed := func(pattern string, h action) {
		mux.Handle(pattern, s.handle(pattern, asEmbed, h, "show", "theme", "lang"))
	}
	plain := func(pattern string, h action) { mux.Handle(pattern, s.handle(pattern, asPlain, h)) }

	page("/{$}", s.home, "q", "days", "network", "after")
	page("/outages/{id}", s.outage)
	page("/services/{slug}", s.service, "q", "days", "network", "after")
	page("/methodology", s.methodology)
	page("/sources", s.sources)
	page("/data", s.prose("data"))
	page("/embed", s.embedHelp, "outage", "service", "show", "theme", "lang", "size")
	page("/privacy", s.prose("privacy"))
	page("/problems/{name}", s.problemPage)
	page("/opt-out", s.prose("opt-out"))
	page("/", s.noPage)

	api("/api/v1/outages", s.apiOutages)
	api("/api/v1/outages/{id}", s.apiOutage)
	api("/api/v1/outages/{id}/index", s.apiWorkings)
	api("/api/v1/outages/{id}/series", s.apiSeries)
	api("/api/v1/outages/{id}/series.csv", s.apiSeriesCSV)
	api("/api/v1/outages/{id}/coverage.csv", s.apiCoverageCSV)
	api("/api/v1/services", s.apiServices)
	api("/api/v1/services/{slug}", s.apiService)
	api("/api/v1/sources", s.apiSources)
	api("/api/v1/openapi.json", s.openAPI)
	mux.Handle("/api/v1/live", s.stream("/api/v1/live", s.liveAll))
	mux.Handle("/api/v1/outages/{id}/live", s.stream("/api/v1/outages/{id}/live", s.liveOne))
	api("/api/", s.noPage)

	embed("/embed/{id}", s.frameOutage)
	embed("/embed/service/{slug}", s.frameService)
	api("/widget.js", s.widgetScript) // a module or an integrity check needs CORS
	api("/widget/{id}", s.widgetOutage)
	api("/widget/service/{slug}", s.widgetService)
	api("/oembed", s.oembed)
	plain("/outages.atom", s.outagesFeed)
	plain("/outages/{id}/updates.atom", s.outageFeed)
	plain("/badge/{file}", s.badgeOutage)
	plain("/badge/service/{file}", s.badgeService)
	plain("/card/{file}", s.card)
	plain("/assets/{file}", s.asset)
	plain("/favicon.ico", s.favicon)

	plain("/healthz", s.healthz)
	plain("/readyz", s.readyz)
	plain("/metrics", s.metrics)
	return mux
}
