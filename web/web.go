package web

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// Store is what the site asks for its figures. Times in answers are UTC.
type Store interface {
	// Summaries returns the outages that began by now, newest first, at most limit.
	Summaries(ctx context.Context, now time.Time, limit int) ([]hugops.Summary, error)
	// Detail returns one outage as known at now, or an error wrapping
	// hugops.ErrNotFound.
	Detail(ctx context.Context, id string, now time.Time) (hugops.Detail, error)
	// Series returns the posts of one outage by buckets of whole minutes, or an
	// error wrapping hugops.ErrNotFound.
	Series(ctx context.Context, id string, bucket time.Duration) ([]hugops.Minute, error)
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
	// Errors gives the error model of a stance model for /methodology; nil or a
	// zero answer: the page says that it is not known.
	Errors func(model string) hugops.ErrorModel
	Log    *slog.Logger     // nil: slog.Default()
	Now    func() time.Time // nil: time.Now
}

// site is the handler's state; nothing in it but the gallery changes after New.
type site struct {
	Config
	pages    map[string]*template.Template
	assets   assets
	words    lexicons  // of embeds
	widget   *answer   // widget.js
	types    typefaces // of pictures drawn here
	pictures *gallery  // that were drawn
}

// New parses the templates and returns the site. It opens nothing.
func New(c Config) (http.Handler, error) {
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
	s := &site{Config: c}
	s.Log = c.Log.With("component", "web")
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("web: reading assets: %w", err)
	}
	if s.pages, err = s.parseTemplates(); err != nil {
		return nil, fmt.Errorf("web: parsing templates: %w", err)
	}
	if err = s.loadEmbeds(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return s.routes(), nil
}

// routes is the whole site on one screen.
func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	page := func(pattern string, h action) { mux.Handle(pattern, s.handle(pattern, asPage, h)) }
	api := func(pattern string, h action) { mux.Handle(pattern, s.handle(pattern, asAPI, h)) }
	embed := func(pattern string, h action) { mux.Handle(pattern, s.handle(pattern, asEmbed, h)) }
	plain := func(pattern string, h action) { mux.Handle(pattern, s.handle(pattern, asPlain, h)) }

	page("/{$}", s.home)
	page("/outages/{id}", s.outage)
	page("/methodology", s.methodology)
	page("/sources", s.sources)
	page("/data", s.prose("data"))
	page("/embed", s.embedHelp)
	page("/privacy", s.prose("privacy"))
	page("/", s.noPage)

	api("/api/v1/outages", s.apiOutages)
	api("/api/v1/outages/{id}", s.apiOutage)
	api("/api/v1/outages/{id}/series", s.apiSeries)
	api("/api/v1/outages/{id}/series.csv", s.apiSeriesCSV)
	api("/api/v1/outages/{id}/coverage.csv", s.apiCoverageCSV)
	api("/api/v1/sources", s.apiSources)
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
