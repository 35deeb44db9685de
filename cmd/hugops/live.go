package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/bluesky"
	"github.com/hugops/hugops/pipeline/mastodon"
)

// liveFlags say which live networks are read.
type liveFlags struct {
	mastodon mastodonFlags
	bluesky  blueskyFlags
	x        xFlags
}

func (f *flags) live() liveFlags { return liveFlags{f.mastodon(), f.bluesky(), f.x()} }

// any reports whether a live network is to be read.
func (lf liveFlags) any() bool { return *lf.mastodon.server != "" || *lf.bluesky.on || *lf.x.on }

// sources returns the live sources; they remember in dir how far they are.
func (lf liveFlags) sources(door pipeline.Door, outages outagesFunc, dir string, in *invocation) ([]pipeline.Source, error) {
	var sources []pipeline.Source
	if *lf.mastodon.server != "" {
		cfg, err := lf.mastodon.config(in)
		if err != nil {
			return nil, err
		}
		cfg.Door = door
		sources = append(sources, mastodon.New(cfg))
	}
	if *lf.bluesky.on {
		cfg, err := lf.bluesky.config(in)
		if err != nil {
			return nil, err
		}
		cfg.Door, cfg.StateDir = door, dir
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
			*lf.mastodon.server = ""
		} else if *lf.mastodon.server == "" {
			return usagef("say which Mastodon server: --mastodon-server HOST")
		}
	}
	if !lf.any() {
		return usagef("no source: name bluesky or x, or give --mastodon-server HOST (or use \"hugops replay\" for files)")
	}
	return nil
}

// check tries what is to be read, one line a host.
func (lf liveFlags) check(ctx context.Context, d *doctor, in *invocation) {
	if *lf.mastodon.server != "" {
		d.check("Mastodon", *lf.mastodon.server+" accepts the token", lf.mastodon.check(ctx, in))
	}
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
}

// mastodonFlags say which Mastodon server to read.
type mastodonFlags struct{ server, tokenFile, stream *string }

func (f *flags) mastodon() mastodonFlags {
	return mastodonFlags{
		server:    f.String("mastodon-server", "", "the `host` of a Mastodon server to read"),
		tokenFile: f.String("mastodon-token-file", "", "a `file` with a user token of an account there (Preferences → Development, scope read:statuses)"),
		stream:    f.String("mastodon-stream", "public", "the `stream` to read: public, public:local or hashtag:NAME"),
	}
}

func (mf mastodonFlags) config(in *invocation) (mastodon.Config, error) {
	token, err := secret(*mf.tokenFile, in.env["HUGOPS_MASTODON_TOKEN"])
	if err != nil {
		return mastodon.Config{}, fmt.Errorf("cannot read the Mastodon token: %w", err)
	}
	if token == "" {
		return mastodon.Config{}, usagef("%s needs a user token: make one under Preferences → Development with the scope read:statuses, and give it by --mastodon-token-file", *mf.server)
	}
	return mastodon.Config{Server: *mf.server, Token: token, Stream: *mf.stream, Log: in.log}, nil
}

func (mf mastodonFlags) check(ctx context.Context, in *invocation) error {
	cfg, err := mf.config(in)
	if err != nil {
		return errors.New(trimUsage(err))
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return mastodon.Check(ctx, cfg)
}

// blueskyFlags say how Bluesky is read.
type blueskyFlags struct {
	on               *bool
	hosts            *[]string
	wire, dictionary *string
}

func (f *flags) bluesky() blueskyFlags {
	return blueskyFlags{
		on:         f.Bool("bluesky", false, "read all public posts of Bluesky, from Jetstream; no account is needed"),
		hosts:      f.list("bluesky-host", "a Jetstream `host`, tried in turn; without any, the public ones"),
		wire:       f.String("bluesky-wire", bluesky.WireV2, "the `wire` that the hosts speak: v2 (subscribeEvents) or v1 (/subscribe)"),
		dictionary: f.String("bluesky-dictionary", "", "a `file` with the zstd dictionary of wire v1, which comes with Jetstream's source; without it that wire comes uncompressed. Hosts of wire v2 hand out their own"),
	}
}

func (bf blueskyFlags) config(in *invocation) (bluesky.Config, error) {
	cfg := bluesky.Config{Hosts: *bf.hosts, Wire: *bf.wire, Log: in.log}
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
