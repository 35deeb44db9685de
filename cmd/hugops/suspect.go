package main

import (
	"context"
	"log/slog"

	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/pipeline/suspect"
	"github.com/hugops/hugops/store"
)

// runSuspect looks for outages that no provider has told of.
func runSuspect(ctx context.Context, s *store.Store, log *slog.Logger) error {
	services, parents := classify.Services(), map[string]string{}
	for _, service := range services.All() {
		parents[service.Slug] = service.Parent
	}
	w := suspect.Watcher{Store: s, Log: log.With("component", "suspect"),
		Parent: func(slug string) string { return parents[slug] },
		Name: func(slug string) string {
			_, name := services.Lookup(slug)
			return name
		}}
	return w.Run(ctx)
}
