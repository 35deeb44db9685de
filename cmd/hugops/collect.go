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
	args:    "[mastodon] [bluesky] [x]",
	summary: "Read live networks and put relevant posts into Kafka",
	text: `Reads the public posts of Mastodon servers, of Bluesky and of X, and puts those
into Kafka that bear #hugops, or name a service together with words of an
outage, or name a service with an outage open now. --keep all lets every post in.
Deletions and edits always go on. Without an argument it reads what the flags name.

Mastodon: every --mastodon-stream of every --mastodon-server. What a server did not
stream, in between or since the last run, is read over REST within its rate limits,
up to 20,000 posts; what is more stays a gap. The token goes to the server and to
hosts of its own domain, by https, and nowhere else. The account whose token is used
filters what hugops sees by its blocks, mutes and languages: use a fresh one. Most
accounts of Mastodon have never allowed to be found (indexable) and are left out.

Bluesky needs no account. Where the stream breaks off it goes on by a cursor, also
after a restart and on another host; what the hosts no longer have is written down
as not seen. Posts of people who declare org.user-intents against bulk datasets or
public archives are left out, from that declaration on; so are those of people who
ask apps not to show their account to the logged out: an AppView tells who does.

X is read for money, within a budget (--x-budget-day, --x-budget-month), and needs
the Bearer Token of an app that nobody else uses. Its rules follow the outages that
are open; gaps, and the time before an outage was known, are read by searches;
where the forecast exceeds the budget a part of the posts is read; and before the
budget is spent it stops. Posts that are deleted at X are deleted here, twice a day.

With --check nothing is collected: each host and its rights are tried, and what is
wrong is said with what to do. Exit code 1 if anything is.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf, ff, live := f.machine(), f.filter(), f.live()
		check := f.Bool("check", false, "only try the hosts and the rights, and say what is wrong")
		return func(ctx context.Context, in *invocation) error {
			if err := live.choose(in.args); err != nil {
				return err
			}
			if *check {
				d := &doctor{out: in.std.out}
				live.check(ctx, d, in)
				return d.verdict()
			}
			return using(mf, in.log, func(m *machine) error { return collectLive(ctx, m, ff, live, in) })
		}
	},
}

func collectLive(ctx context.Context, m *machine, ff filterFlags, live liveFlags, in *invocation) error {
	s, err := m.openStore(ctx)
	if err != nil {
		return err
	}
	addrs, err := m.brokers(ctx)
	if err != nil {
		return err
	}
	b, door, err := ff.start(ctx, m, s)
	if err != nil {
		return err
	}
	sources, err := live.sources(door, s.Outages, m.home.path("live"), ff.kept(b), in)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.follow(ctx, s, false, in.log) })
	g.Go(func() error { return runCollector(ctx, addrs, sources, ff, b, s, in.log) })
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
