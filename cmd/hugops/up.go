package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sync/errgroup"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/statusfeed"
	"github.com/hugops/hugops/store"
)

var upCommand = command{
	name:    "up",
	summary: "Everything in one process: collect, work, watch and serve",
	text: `Runs all roles in one process, by default with an embedded Kafka and an embedded
ClickHouse engine, all state under --data. It prints the address of the site.
Ctrl-C ends it; starting it again goes on where it was.

Posts come from --mastodon-server, from --bluesky, from --x, from files (--replay, "-" for
standard input) or from the demo (--demo); outages from --status-pages and --outages.

With --until-idle it replays the files, waits until all of it can be queried, and
ends with exit code 0; the site is served only if --listen is given then.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		u := upFlags{machine: f.machine(), filter: f.filter(), web: f.web(), live: f.live(), replay: f.replay()}
		u.files = f.list("replay", "a `file` or folder of posts to replay, \"-\" for standard input (see \"hugops help replay\" for the forms)")
		u.untilIdle = f.Bool("until-idle", false, "end when the files are replayed and everything is queryable")
		u.pages = f.statusPages("")
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			if *u.untilIdle && u.live.any() {
				return fmt.Errorf("%w: %s", errUsage, errLiveIdle)
			}
			if _, _, err := u.web.limits(); err != nil {
				return err
			}
			u.serve = !*u.untilIdle || given(f, "listen")
			return using(u.machine, in.log, func(m *machine) error { return u.run(ctx, m, in) })
		}
	},
}

type upFlags struct {
	machine   machineFlags
	filter    filterFlags
	web       webFlags
	live      liveFlags
	replay    replayFlags
	files     *[]string
	untilIdle *bool
	serve     bool
	pages     func() ([]statusfeed.Page, error)
}

// run starts what everything needs, in order, then all roles side by side; the
// first that fails ends them all.
func (u *upFlags) run(ctx context.Context, m *machine, in *invocation) error {
	if m.other != nil {
		return fmt.Errorf("hugops runs on %s already (process %d): stop it first, or choose another --data", m.home.dir, m.other.PID)
	}
	pages, err := u.pages()
	if err != nil {
		return err
	}
	var ln net.Listener
	if u.serve {
		if ln, err = u.web.open(); err != nil {
			return err
		}
		defer ln.Close()
	}
	s, err := m.openStore(ctx)
	if err != nil {
		return err
	}
	addrs, err := m.brokers(ctx)
	if err != nil {
		return err
	}
	files, err := u.replay.prepare(ctx, m, s, *u.files, in)
	if err != nil {
		return err
	}
	b, door, err := u.filter.start(ctx, m, s)
	if err != nil {
		return err
	}
	live, err := u.live.sources(door, s.Outages, m.home.path("live"), u.filter.kept(b), in)
	if err != nil {
		return err
	}
	return u.runRoles(ctx, roles{addrs: addrs, sources: append(files.sources(door), live...), pages: pages, ln: ln, brain: b, store: s, in: in})
}

// roles is what runRoles starts.
type roles struct {
	addrs   []string
	sources []pipeline.Source
	pages   []statusfeed.Page
	ln      net.Listener
	brain   *brain
	store   *store.Store
	in      *invocation
}

var errIdle = errors.New("everything is queryable")

func (u *upFlags) runRoles(ctx context.Context, r roles) error {
	log := r.in.log
	g, ctx := errgroup.WithContext(ctx)
	if r.ln != nil {
		g.Go(func() error { return serveSite(ctx, r.ln, u.web, r.store, r.in) })
	}
	g.Go(func() error { return r.brain.follow(ctx, r.store, true, log) })
	g.Go(func() error { return runWorker(ctx, r.addrs, r.brain, r.store, log) })
	if len(r.pages) > 0 {
		g.Go(func() error { return runWatcher(ctx, r.pages, r.store, log) })
	}
	if !*u.untilIdle {
		g.Go(func() error { return runSuspect(ctx, r.store, log) })
	}
	g.Go(func() error {
		if len(r.sources) > 0 {
			if err := runCollector(ctx, r.addrs, r.sources, u.filter, r.brain, r.store, log); err != nil {
				return err
			}
		}
		if !*u.untilIdle {
			return nil
		}
		if err := pipeline.WaitIdle(ctx, r.addrs); err != nil {
			return err
		}
		return errIdle
	})
	if err := g.Wait(); !errors.Is(err, errIdle) {
		return err
	}
	return nil
}

// start returns the brain and the door, as the outages known now want them.
func (ff filterFlags) start(ctx context.Context, m *machine, s *store.Store) (*brain, pipeline.Door, error) {
	if _, err := ff.relevance(nil); err != nil {
		return nil, pipeline.Door{}, err
	}
	known, err := s.Outages(ctx)
	if err != nil {
		return nil, pipeline.Door{}, err
	}
	b, err := newBrain(known)
	if err != nil {
		return nil, pipeline.Door{}, err
	}
	door, err := ff.door(m.names, known)
	return b, door, err
}
