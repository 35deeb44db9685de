package main

import (
	"context"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/store"
)

var collectCommand = command{
	name:    "collect",
	summary: "Read a live network and put relevant posts into Kafka",
	text: `Reads the public posts of one Mastodon server and puts those into Kafka that bear
#hugops, or name a service together with words of an outage, or name a service
with an outage open now. --keep all lets every post in. Deletions and edits
always go on.

The account whose token is used filters what hugops sees by its blocks, mutes and
languages: use a fresh one.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf, ff, live := f.machine(), f.filter(), f.mastodon()
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			if *live.server == "" {
				return usagef("no source: give --mastodon-server HOST (or use \"hugops replay\" for files)")
			}
			return using(mf, in.log, func(m *machine) error { return collectLive(ctx, m, ff, live, in) })
		}
	},
}

func collectLive(ctx context.Context, m *machine, ff filterFlags, live mastodonFlags, in *invocation) error {
	s, err := m.openStore(ctx)
	if err != nil {
		return err
	}
	addrs, err := m.brokers(ctx)
	if err != nil {
		return err
	}
	known, err := s.Outages(ctx)
	if err != nil {
		return err
	}
	b, err := newBrain(known)
	if err != nil {
		return err
	}
	door, err := ff.door(m.names, known)
	if err != nil {
		return err
	}
	src, err := live.source(door, in)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.follow(ctx, s, false, in.log) })
	g.Go(func() error { return runCollector(ctx, addrs, []pipeline.Source{src}, ff, b, s, in.log) })
	return g.Wait()
}

func runCollector(ctx context.Context, brokers []string, sources []pipeline.Source, ff filterFlags, b *brain, s *store.Store, log *slog.Logger) error {
	filter, err := ff.relevance(b)
	if err != nil {
		return err
	}
	c := pipeline.NewCollector(pipeline.CollectorConfig{
		Brokers: brokers, Sources: sources, Relevance: filter, Coverage: s, Log: log,
	})
	return c.Run(ctx)
}
