package x

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
)

// planner knows which services are read, and since when.
type planner struct {
	mu    sync.Mutex // one reconciliation at a time
	book  rulebook
	file  string
	log   *slog.Logger
	first bool // the rules are in order for the first time

	sinceMu sync.Mutex
	since   map[string]time.Time // from when on a service is read, by look-back or stream

	now atomic.Pointer[planned]
}

// planned is what the rules at X are now.
type planned struct {
	subjects []*subject
	sample   int  // percent of the posts that the rules of outages let through
	partial  bool // they let a part through, or some are missing
}

func (p *planner) open(file string, a *api, log *slog.Logger) {
	p.file, p.log, p.book.api = file, log, a
	p.since = make(map[string]time.Time)
	if file != "" {
		if err := live.Load(file, &p.since); err != nil {
			log.Error("hugops does not know how far it has looked back for the outages open now: it looks back once more", "error", err)
			p.since = make(map[string]time.Time)
		}
	}
}

// current is what the rules are; before the first reconciliation, nothing.
func (p *planner) current() *planned {
	if now := p.now.Load(); now != nil {
		return now
	}
	return &planned{sample: 100}
}

// ready reconciles unless that was done since the program started.
func (p *planner) ready(reconcile func() error) error {
	p.mu.Lock()
	first := p.first
	p.mu.Unlock()
	if first {
		return nil
	}
	return reconcile()
}

// reads reports whether a service was read since a time at the latest.
func (p *planner) reads(service string, from time.Time) bool {
	p.sinceMu.Lock()
	defer p.sinceMu.Unlock()
	since, ok := p.since[service]
	return ok && !since.After(from.Add(time.Minute))
}

// read notes from when on services are read, and forgets all others.
func (p *planner) read(service string, from time.Time) {
	p.sinceMu.Lock()
	defer p.sinceMu.Unlock()
	p.since[service] = from
	p.saveSince()
}

func (p *planner) forgetAllBut(subjects []*subject) {
	p.sinceMu.Lock()
	defer p.sinceMu.Unlock()
	before := len(p.since)
	maps.DeleteFunc(p.since, func(service string, _ time.Time) bool {
		return !slices.ContainsFunc(subjects, func(s *subject) bool { return s.service == service })
	})
	if len(p.since) < before {
		p.saveSince()
	}
}

func (p *planner) saveSince() {
	if p.file == "" {
		return
	}
	if err := live.Save(p.file, p.since); err != nil {
		p.log.Error("how far hugops looked back cannot be written: after a restart it looks back again, and pays again", "error", err)
	}
}

// followOutages keeps the rules at the outages that are open.
func (s *Source) followOutages(ctx context.Context) {
	for pipeline.Sleep(ctx, s.tick) == nil {
		if err := s.plan.ready(func() error { return errNotReady }); err != nil {
			continue // the session does it first, and deals with the refusals
		}
		if err := s.reconcile(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Error("the rules of X's stream are not what they should be; trying again", "error", err)
		}
	}
}

var errNotReady = errors.New("the rules were not in order yet")

// reconcile makes X's rules those of the outages in reach now. Where the forecast
// exceeds what is left, they let a part through.
func (s *Source) reconcile(ctx context.Context) error {
	p := &s.plan
	p.mu.Lock()
	defer p.mu.Unlock()
	known, err := s.cfg.Outages(ctx)
	if err != nil {
		return fmt.Errorf("reading the known outages: %w", err)
	}
	now, was := time.Now(), p.current()
	subjects, beyond := plan(known, s.cfg.Terms, s.limits, now)
	fresh := s.newcomers(ctx, subjects, now)
	for _, gone := range was.subjects {
		if !slices.ContainsFunc(subjects, func(t *subject) bool { return t.service == gone.service }) {
			s.rates.end(gone.service)
			s.showForecast(gone, 0)
		}
	}
	sample := s.chooseSample(subjects, was.sample, now)
	removed, added, err := p.book.reconcile(ctx, rulesOf(subjects, sample))
	if removed+added > 0 {
		s.cfg.Log.Info("the rules of X's stream have changed", "services", len(subjects)-1, "added", added, "removed", removed, "sample", sample)
	}
	var refused rulesError
	if errors.As(err, &refused) {
		s.cfg.Log.Error("X refuses rules: what they would bring is not seen", "error", err)
	} else if err != nil {
		return err
	}
	if len(beyond) > 0 {
		s.cfg.Log.Warn("more outages are open than X takes rules: the oldest are not read", "services", len(beyond))
	}
	partial := sample < 100 || len(beyond)+len(p.book.refuse) > 0
	p.now.Store(&planned{subjects, sample, partial})
	p.first = true
	s.view.setPartial(partial)
	p.forgetAllBut(subjects)
	for _, f := range fresh {
		s.lookBack(f, now)
	}
	return nil
}

// newcomers returns the subjects that were not read yet, or not from as early on,
// and begins to measure those that are new.
func (s *Source) newcomers(ctx context.Context, subjects []*subject, now time.Time) (fresh []*subject) {
	asking := true // until X does not answer: the stream must not wait for that
	for _, t := range subjects {
		if !s.rates.has(t.service) {
			perMinute := 0.0
			if asking {
				var err error
				if perMinute, err = s.volume(ctx, t, now); err != nil && ctx.Err() == nil {
					s.cfg.Log.Warn("X does not say how many posts there are; the stream will tell", "service", t.service, "error", err)
				}
				asking = err == nil
			}
			s.rates.begin(t.service, perMinute, now)
		}
		if t.service != standing && !s.plan.reads(t.service, t.from()) && !s.holes.looksBack(t.service) {
			fresh = append(fresh, t)
		}
	}
	return fresh
}

// volume asks X how many posts a minute a subject has had in the last quarter of
// an hour. That costs a little, and brings no content.
func (s *Source) volume(ctx context.Context, t *subject, now time.Time) (perMinute float64, err error) {
	const span = rateMinutes * time.Minute
	for _, q := range t.queries {
		if s.budget.left() < s.budget.item() {
			return perMinute, errBudget
		}
		if err := s.api.pace.wait(ctx, s.cfg.Log); err != nil {
			return perMinute, err
		}
		var answer struct {
			Meta struct {
				Total int `json:"total_tweet_count"`
			} `json:"meta"`
		}
		query := url.Values{"query": {q}, "granularity": {"minute"}, "start_time": {s.api.at(now.Add(-span))}}
		if err := s.budget.pay(countPrice); err != nil {
			return perMinute, err
		}
		if err := s.api.call(ctx, http.MethodGet, "/2/tweets/counts/recent", query, nil, &answer); err != nil {
			return perMinute, err
		}
		perMinute += float64(answer.Meta.Total) / span.Minutes()
	}
	return perMinute, nil
}

// chooseSample forecasts what each subject will cost, and says which part of the
// posts is to be let through so that it can be paid.
func (s *Source) chooseSample(subjects []*subject, sample int, now time.Time) int {
	var total, always money
	for _, t := range subjects {
		minutes := t.remaining(now, hugops.ReachAfter).Minutes()
		cost := money(s.rates.perMinute(t.service, now) * minutes * float64(s.budget.item()))
		s.showForecast(t, cost)
		if t.service == standing {
			always += cost
		} else {
			total += cost
		}
	}
	left := s.budget.left()
	chosen := sampleFor(total, max(0, left-always), sample)
	if chosen != sample {
		s.cfg.Log.Warn("the forecast and the budget of X decide which part of the posts is read",
			"forecast", total+always, "left", left, "percent", chosen, "before", sample)
	}
	return chosen
}

// showForecast shows on /metrics what an outage will cost; a service with several
// open ones parts it among them.
func (s *Source) showForecast(t *subject, cost money) {
	for _, o := range t.outages {
		metrics.GetOrCreateGauge(fmt.Sprintf(`hugops_x_forecast_dollars{outage=%q}`, o.ID), nil).Set(cost.dollars() / float64(len(t.outages)))
	}
}
