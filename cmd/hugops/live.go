package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/bluesky"
)

// liveFlags say which live networks are read.
type liveFlags struct {
	mastodon mastodonFlags
	bluesky  blueskyFlags
	x        xFlags
}

func (f *flags) live() liveFlags { return liveFlags{f.mastodon(), f.bluesky(), f.x()} }

// any reports whether a live network is to be read.
func (lf liveFlags) any() bool {
	return len(*lf.mastodon.servers) > 0 || *lf.bluesky.on || *lf.x.on
}

// sources returns the live sources; they remember in dir how far they are.
// Relevant says which posts will be kept; nil: all.
func (lf liveFlags) sources(door pipeline.Door, outages outagesFunc, dir string, relevant func(*hugops.Post) bool, in *invocation) ([]pipeline.Source, error) {
	var sources []pipeline.Source
	if len(*lf.mastodon.servers) > 0 {
		found, err := lf.mastodon.sources(door, dir, in)
		if err != nil {
			return nil, err
		}
		sources = append(sources, found...)
	}
	if *lf.bluesky.on {
		cfg, err := lf.bluesky.config(in)
		if err != nil {
			return nil, err
		}
		cfg.Door, cfg.StateDir, cfg.Relevant = door, dir, relevant
		sources = append(sources, bluesky.New(cfg))
	}
	if *lf.x.on {
		source, err := lf.x.source(door, outages, dir, in)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// choose narrows the flags to the networks that are named as arguments; without
// arguments they stand as they are.
func (lf liveFlags) choose(networks []string) error {
	for _, n := range networks {
		if n != "mastodon" && n != "bluesky" && n != "x" {
			return usagef("there is no live network %q: mastodon, bluesky or x", n)
		}
	}
	if len(networks) > 0 {
		*lf.bluesky.on = slices.Contains(networks, "bluesky")
		*lf.x.on = slices.Contains(networks, "x")
		if !slices.Contains(networks, "mastodon") {
			*lf.mastodon.servers = nil
		} else if len(*lf.mastodon.servers) == 0 {
			return usagef("say which Mastodon server: --mastodon-server HOST")
		}
	}
	if !lf.any() {
		return usagef("no source: name bluesky or x, or give --mastodon-server HOST (or use \"hugops replay\" for files)")
	}
	return nil
}

// check tries what is to be read, one line a host or stream.
func (lf liveFlags) check(ctx context.Context, d *doctor, in *invocation) {
	lf.mastodon.check(ctx, d, in)
	if *lf.x.on {
		lf.x.check(ctx, d, in)
	}
	if !*lf.bluesky.on {
		return
	}
	cfg, err := lf.bluesky.config(in)
	var checks []bluesky.HostCheck
	if err == nil {
		checks, err = bluesky.Check(ctx, cfg)
	}
	if err != nil {
		d.check("Bluesky", "", errors.New(trimUsage(err)))
	}
	for _, c := range checks {
		how := "uncompressed"
		if c.Compressed {
			how = "compressed"
		}
		d.check("Bluesky", c.Host+" sends the stream, "+how, c.Err)
	}
	if err == nil && cfg.AppView != "" {
		d.check("Bluesky", cfg.AppView+" tells who authors are", bluesky.CheckAppView(ctx, cfg))
	}
}

// blueskyFlags say how Bluesky is read.
type blueskyFlags struct {
	on               *bool
	hosts            *[]string
	wire, dictionary *string
	appView          *string
}

func (f *flags) bluesky() blueskyFlags {
	return blueskyFlags{
		on:         f.Bool("bluesky", false, "read all public posts of Bluesky, from Jetstream; no account is needed"),
		hosts:      f.list("bluesky-host", "a Jetstream `host`, tried in turn; without any, the public ones"),
		wire:       f.String("bluesky-wire", bluesky.WireV2, "the `wire` that the hosts speak: v2 (subscribeEvents) or v1 (/subscribe)"),
		dictionary: f.String("bluesky-dictionary", "", "a `file` with the zstd dictionary of wire v1, which comes with Jetstream's source; without it that wire comes uncompressed. Hosts of wire v2 hand out their own"),
		appView:    f.String("bluesky-appview", bluesky.PublicAppView, "the AppView `host` that is asked for the authors of the posts that are kept: who wants to be shown to people with an account only, is in --opt-out, or is a provider; \"none\" asks nobody, and then none of this is known"),
	}
}

func (bf blueskyFlags) config(in *invocation) (bluesky.Config, error) {
	cfg := bluesky.Config{Hosts: *bf.hosts, Wire: *bf.wire, Log: in.log}
	if *bf.appView != "none" {
		cfg.AppView = *bf.appView
	}
	if *bf.dictionary == "" {
		return cfg, nil
	}
	if *bf.wire != bluesky.WireV1 {
		return cfg, usagef("--bluesky-dictionary is for --bluesky-wire v1: hosts of wire v2 hand out their own")
	}
	var err error
	if cfg.Dictionary, err = os.ReadFile(*bf.dictionary); err != nil {
		return cfg, fmt.Errorf("cannot read the dictionary: %w", err)
	}
	return cfg, nil
}

var errLiveIdle = errors.New("--until-idle ends when all files are replayed, so it cannot go with a live source")
