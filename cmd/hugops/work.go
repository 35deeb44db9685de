package main

import (
	"context"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/store"
)

var workCommand = command{
	name:    "work",
	summary: "Read posts from Kafka, classify and link them, write them to ClickHouse",
	text: `The worker. It commits an offset in Kafka only after ClickHouse has the rows, so
it may be killed at any time and loses nothing, and any range of Kafka may be
replayed without changing a figure. What cannot be read goes to the topic
hugops.dead-letters with the reason. Run as many as the topic has partitions (8).`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf := f.machine()
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			return using(mf, in.log, func(m *machine) error {
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
				g, ctx := errgroup.WithContext(ctx)
				g.Go(func() error { return b.follow(ctx, s, true, in.log) })
				g.Go(func() error { return runWorker(ctx, addrs, b, s, in.log) })
				return g.Wait()
			})
		}
	},
}

func runWorker(ctx context.Context, brokers []string, b *brain, s *store.Store, log *slog.Logger) error {
	w := pipeline.NewWorker(pipeline.WorkerConfig{Brokers: brokers, Reader: b, Sink: sink{b, s}, Log: log})
	return w.Run(ctx)
}
