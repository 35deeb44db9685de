package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/replay"
	"github.com/hugops/hugops/pipeline/replay/demo"
	"github.com/hugops/hugops/store"
)

var replayCommand = command{
	name:    "replay",
	args:    "FILE…",
	summary: "Put the posts of files into Kafka, at any speed",
	text: `Replays JSON lines, "-" being standard input: Mastodon statuses and stream events,
X v2 tweets (with includes), Jetstream events, and hugops' own posts
{"id","network","author","posted_at","text"}, recognised line by line; gzip too.
What cannot be read goes to the dead letters with its file and line.

How far each file has come is kept under --data, so a replay that was stopped goes
on where it was. It only fills Kafka: "hugops work" or "hugops up" does the rest.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf, ff, rf := f.machine(), f.filter(), f.replay()
		return func(ctx context.Context, in *invocation) error {
			if len(in.args) == 0 && !*rf.demo {
				return usagef("say which FILE to replay, or --demo")
			}
			return using(mf, in.log, func(m *machine) error { return replayOnly(ctx, m, ff, rf, in) })
		}
	},
}

func replayOnly(ctx context.Context, m *machine, ff filterFlags, rf replayFlags, in *invocation) error {
	s, err := m.openStore(ctx)
	if err != nil {
		return err
	}
	addrs, err := m.brokers(ctx)
	if err != nil {
		return err
	}
	files, err := rf.prepare(ctx, m, s, in.args, in)
	if err != nil {
		return err
	}
	b, door, err := ff.start(ctx, m, s)
	if err != nil {
		return err
	}
	sources := files.sources(door)
	g, ctx := errgroup.WithContext(ctx)
	follow, done := context.WithCancel(ctx)
	g.Go(func() error {
		if err := b.follow(follow, s, false, in.log); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		defer done()
		return runCollector(ctx, addrs, sources, ff, b, s, in.log)
	})
	return g.Wait()
}

// replays are the files to replay. They are planned without a door, since the
// door depends on outages that move with them.
type replays []replay.Config

// prepare plans the files and imports the outages that belong to them, moved
// alike: those of --outages as the first file moves.
func (rf replayFlags) prepare(ctx context.Context, m *machine, s *store.Store, files []string, in *invocation) (replays, error) {
	speed, err := parseSpeed(*rf.speed)
	if err != nil {
		return nil, err
	}
	shift, err := replay.ParseShift(*rf.shift)
	if err != nil {
		return nil, usagef("--%s", err)
	}
	var all replays
	for _, file := range files {
		all = append(all, replay.Config{
			Path: file, Speed: speed, Shift: shift, Again: *rf.again, Progress: progress(in.std, in.log.With("file", file), "replaying", file, "bytes"),
		})
	}
	var tl replay.Timeline
	for i := range slices.Backward(all) {
		if tl, err = plan(ctx, &all[i], m, in); err != nil {
			return nil, err
		}
	}
	for _, file := range *rf.outages {
		known, err := readOutages(file)
		if err != nil {
			return nil, err
		}
		if err := putOutages(ctx, s, known, tl); err != nil {
			return nil, err
		}
	}
	if *rf.demo {
		cfg, err := rf.prepareDemo(ctx, m, s, in)
		if err != nil {
			return nil, err
		}
		all = append(all, cfg)
	}
	return all, nil
}

// prepareDemo imports the demo's outages, moved so that the demo's anchor is the
// moment of its first start.
func (rf replayFlags) prepareDemo(ctx context.Context, m *machine, s *store.Store, in *invocation) (replay.Config, error) {
	cfg := replay.Config{Path: "demo", Data: demo.Posts(), Speed: 1, Again: *rf.again}
	var err error
	if cfg.Shift, err = replay.ParseShift(demo.Anchor); err != nil {
		return cfg, err
	}
	tl, err := plan(ctx, &cfg, m, in)
	if err != nil {
		return cfg, err
	}
	known, err := parseOutages("demo", demo.Outages())
	if err != nil {
		return cfg, err
	}
	for i := range known {
		known[i].Demo = true
	}
	return cfg, putOutages(ctx, s, known, tl)
}

// plan completes the configuration and returns the timeline of the replay, which
// is fixed then, also over restarts.
func plan(ctx context.Context, cfg *replay.Config, m *machine, in *invocation) (replay.Timeline, error) {
	start := time.Now()
	cfg.StateDir, cfg.Log, cfg.Now = m.home.path("replay"), in.log, func() time.Time { return start }
	tl, err := replay.New(*cfg).Timeline(ctx)
	cfg.Again = false // the plan has begun it anew
	return tl, err
}

func (r replays) sources(door pipeline.Door) []pipeline.Source {
	var sources []pipeline.Source
	for _, cfg := range r {
		cfg.Door = door
		sources = append(sources, replay.New(cfg))
	}
	return sources
}
