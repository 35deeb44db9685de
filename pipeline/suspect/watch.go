package suspect

import (
	"context"
	"log/slog"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

// Store has the posts and the outages.
type Store interface {
	// Crowds returns how many people say at now that a service is in trouble.
	Crowds(ctx context.Context, now time.Time) ([]hugops.Crowd, error)
	// Usual returns what a Usual is made of.
	Usual(ctx context.Context, now time.Time) (map[string]int, error)
	Outages(ctx context.Context) ([]hugops.Outage, error)
	PutOutages(ctx context.Context, outages []hugops.Outage) error
}

const (
	every      = 30 * time.Second
	usualEvery = time.Hour
)

var (
	opened    = metrics.NewCounter(`hugops_suspected_total{what="opened"}`)
	confirmed = metrics.NewCounter(`hugops_suspected_total{what="confirmed"}`)
	faded     = metrics.NewCounter(`hugops_suspected_total{what="faded"}`)
)

// Watcher looks for crowds every half minute.
type Watcher struct {
	Store  Store
	Parent func(slug string) string
	Name   func(slug string) string
	Log    *slog.Logger
}

// Run looks until ctx is done.
func (w *Watcher) Run(ctx context.Context) error {
	var usual Usual
	var asked time.Time
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		now := time.Now().UTC()
		var err error
		if now.Sub(asked) > usualEvery {
			if usual, err = w.Store.Usual(ctx, now); err == nil {
				asked = now
			}
		}
		if err == nil {
			err = w.look(ctx, now, usual)
		}
		if err != nil && ctx.Err() == nil {
			w.Log.Warn("cannot look for outages that nobody has told of; trying again", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *Watcher) look(ctx context.Context, now time.Time, usual Usual) error {
	crowds, err := w.Store.Crowds(ctx, now)
	if err != nil {
		return err
	}
	outages, err := w.Store.Outages(ctx)
	if err != nil {
		return err
	}
	changed := Decide(now, crowds, usual, outages, w.Parent, w.Name)
	if len(changed) == 0 {
		return nil
	}
	if err := w.Store.PutOutages(ctx, changed); err != nil {
		return err
	}
	for _, o := range changed {
		switch {
		case o.MergedInto != "":
			confirmed.Inc()
			w.Log.Info("the provider confirms a suspected outage", "outage", o.ID, "is", o.MergedInto)
		case !o.EndedAt.IsZero():
			faded.Inc()
			w.Log.Info("a suspected outage has faded", "outage", o.ID)
		default:
			opened.Inc()
			w.Log.Warn("an outage is suspected that nobody has told of", "outage", o.ID)
		}
	}
	return nil
}
