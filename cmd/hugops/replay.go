package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/replay"
	"github.com/hugops/hugops/pipeline/replay/demo"
	"github.com/hugops/hugops/pipeline/statusfeed"
	"github.com/hugops/hugops/store"
)

var replayCommand = command{
	name:    "replay",
	args:    "FILE…",
	summary: "Put the posts of files into Kafka, at any speed",
	text: `Replays files, the files of a folder, or standard input ("-"). Their form is found
by looking at them, gzip and zstd are unpacked on the way:

- JSON lines, recognised line by line: Mastodon statuses and stream events, X v2
  tweets and pages of them (twarc), Jetstream events, 4CAT's NDJSON of X and
  Bluesky, hugops' own posts {"id","network","author","posted_at","text"}
- CSV of 4CAT or twarc-csv; --network says whose posts they are where neither the
  columns nor the ids nor the addresses do
- the outbox.json of a Mastodon archive

Boosts, posts that are not public and accounts that opted out are left out. What
cannot be read goes to the dead letters with its file and line. docs/IMPORT.md has
an example of each form.

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
type replays []replayed

// replayed is one file, or the files of a folder.
type replayed struct {
	folder string // empty for a file
	files  []replay.Config
}

// prepare plans the files and imports the outages that belong to them, moved
// alike: those of --outages as the first file moves.
func (rf replayFlags) prepare(ctx context.Context, m *machine, s *store.Store, paths []string, in *invocation) (replays, error) {
	template, err := rf.template()
	if err != nil {
		return nil, err
	}
	var all replays
	for _, path := range paths {
		r, err := expand(path, template, in)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	var tl replay.Timeline
	for _, r := range slices.Backward(all) {
		for i := range slices.Backward(r.files) {
			if tl, err = plan(ctx, &r.files[i], m, in); err != nil {
				return nil, err
			}
		}
	}
	for _, file := range *rf.outages {
		known, err := readOutages(file, statusfeed.FileOptions{Find: pageOf})
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
		all = append(all, replayed{files: []replay.Config{cfg}})
	}
	return all, nil
}

// template is what the flags say of every file.
func (rf replayFlags) template() (cfg replay.Config, err error) {
	cfg = replay.Config{Again: *rf.again, Network: hugops.Network(strings.ToLower(*rf.network))}
	if cfg.Network != "" && !cfg.Network.Valid() {
		return cfg, usagef("--network %q is none of x, mastodon, bluesky", *rf.network)
	}
	if cfg.Speed, err = parseSpeed(*rf.speed); err != nil {
		return cfg, err
	}
	if cfg.Shift, err = replay.ParseShift(*rf.shift); err != nil {
		return cfg, usagef("--%s", err)
	}
	return cfg, nil
}

// expand finds the files of a path, and warns of those in a folder that it leaves
// out.
func expand(path string, template replay.Config, in *invocation) (replayed, error) {
	r := replayed{}
	files := []string{path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if template.Shift == replay.ShiftStart || template.Shift == replay.ShiftEnd {
			return r, usagef("--shift %s needs one file: give the folder %s a time", template.Shift, path)
		}
		var skipped []error
		r.folder = path
		if files, skipped, err = replay.FilesIn(path, template.Network); err != nil {
			return r, err
		}
		for _, why := range skipped {
			in.log.Warn("left out of the replay", "reason", why)
		}
		if len(files) == 0 {
			return r, fmt.Errorf("no file in %s can be replayed", path)
		}
	}
	for _, file := range files {
		cfg := template
		cfg.Path, cfg.Progress = file, progress(in.std, in.log.With("file", file), "replaying", file, "bytes")
		r.files = append(r.files, cfg)
	}
	return r, nil
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
	known, err := parseOutages("demo", demo.Outages(), statusfeed.FileOptions{Find: pageOf})
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
	for _, one := range r {
		for i := range one.files {
			one.files[i].Door = door
		}
		if one.folder != "" {
			sources = append(sources, replay.NewFolder(one.folder, one.files))
			continue
		}
		sources = append(sources, replay.New(one.files[0]))
	}
	return sources
}
