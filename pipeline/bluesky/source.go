package bluesky

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
)

// Config says which Jetstream hosts are read, and how.
type Config struct {
	// Hosts are tried in turn; none means the public ones of the wire.
	Hosts []string
	// Wire is WireV2, also when it is empty, or WireV1.
	Wire string
	// Dictionary is the zstd dictionary of wire v1; without it that wire comes
	// uncompressed. Hosts of wire v2 hand out their own.
	Dictionary []byte
	// StateDir is the folder of the position in the stream and of those who opted
	// out; "" remembers them while the process lasts.
	StateDir string
	// AppView is the host that is asked for the authors of posts ([PublicAppView]),
	// of whom the stream tells the DID alone; "" asks nobody: then it is not known
	// who wants to be shown to people with an account only, nor any handle.
	AppView string
	// Relevant says of which posts the authors are asked for; nil: of all.
	Relevant func(*hugops.Post) bool
	Door     pipeline.Door
	Log      *slog.Logger
}

// Source is the live stream of all public posts, edits and deletions of Bluesky.
// It reads one host at a time, and another when that one fails; it resumes where
// it was, also after the process ended. It never gives up.
type Source struct {
	cfg     Config
	hosts   []host
	appView string // the AppView's address, "" for none
	err     error  // in the configuration; Run returns it
	own     dictionary
	door    pipeline.Door // with those who declared that they opt out

	silence time.Duration // longest time without a frame or a ping; hosts ping each 30 s
	quiet   time.Duration // longest time without a frame that is no ping
	rewind  time.Duration // of a cursor by time
	save    time.Duration // the position is written that often at most
	pauses  live.Pauses
	ask     live.Pauses // of the AppView
	limited live.Pauses // of the AppView when asked too often; its limits are on five minutes
	refused live.Pauses // of hosts that do not want us: that seldom changes soon
	comparison
	client *http.Client

	sight   live.Sight
	loop    *live.Loop
	view    view
	cursor  *live.Cursor[position]
	intents *intents
	posts   atomic.Int64 // new ones read, for the comparison

	// of the running connection's goroutine
	at  int // the host in use
	pos position

	hostMu sync.Mutex
	now    host // of the open connection

	dictMu sync.Mutex
	dicts  map[string]dictionary
}

// New returns the source; it touches nothing before Run.
func New(cfg Config) *Source {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Wire == "" {
		cfg.Wire = WireV2
	}
	s := &Source{cfg: cfg, silence: 40 * time.Second, quiet: 2 * time.Minute, rewind: 5 * time.Second, save: 2 * time.Second,
		pauses:     live.Pauses{Min: 500 * time.Millisecond, Max: time.Minute},
		ask:        live.Pauses{Min: time.Second, Max: time.Minute},
		limited:    live.Pauses{Min: 30 * time.Second, Max: 5 * time.Minute},
		refused:    live.Pauses{Min: 5 * time.Second, Max: 10 * time.Minute},
		comparison: comparison{every: time.Hour, length: time.Minute, enough: 100},
		client:     &http.Client{Transport: live.NewTransport(), CheckRedirect: refuseRedirect},
		dicts:      make(map[string]dictionary)}
	s.cfg.Log = cfg.Log.With("source", s.Name())
	s.view.sight, s.view.hole, s.view.late = &s.sight, time.Minute, time.Minute
	s.hosts, s.err = parseHosts(cfg.Hosts, cfg.Wire)
	if cfg.Wire == WireV1 && cfg.Dictionary != nil && s.err == nil {
		if _, s.err = dictionaryID(cfg.Dictionary); s.err == nil {
			s.own = dictionary{cfg.Dictionary, "true"}
		}
	}
	if cfg.AppView != "" && s.err == nil {
		s.appView, s.err = parseBase(cfg.AppView, PublicAppView)
	}
	s.loop = &live.Loop{Source: s.Name(), Log: s.cfg.Log, Sight: &s.sight}
	return s
}

// Name is "bluesky:jetstream", whichever host is read.
func (s *Source) Name() string { return "bluesky:jetstream" }

// State implements pipeline.Stater.
func (s *Source) State() hugops.CoverageState { return s.sight.State() }

// Amend implements pipeline.Amender.
func (s *Source) Amend() []pipeline.Amendment { return s.sight.Amend() }

// Run reads the stream until ctx is done.
func (s *Source) Run(ctx context.Context, emit pipeline.Emit) error {
	if s.err != nil {
		return s.err
	}
	s.loop.Backoff = live.NewBackoff(s.pauses)
	s.open()
	defer s.cursor.Close()
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { s.compareAlways(ctx) })
	defer beside.Wait()
	defer cancel()
	if s.appView != "" {
		a := newAuthors(s, s.appView, emit)
		beside.Go(func() { a.run(ctx) })
		emit = a.emit
	}
	return s.loop.Run(ctx, func(ctx context.Context) error { return s.session(ctx, emit) })
}

// open reads what is remembered.
func (s *Source) open() {
	file := func(name string) string {
		if s.cfg.StateDir == "" {
			return ""
		}
		return filepath.Join(s.cfg.StateDir, name)
	}
	s.intents = openIntents(file("bluesky-opted-out.json"), s.cfg.Door.Pseudonyms, s.cfg.Log)
	s.door = s.cfg.Door
	s.door.OptedOut = func(network hugops.Network, did string) bool {
		return s.cfg.Door.OptedOut != nil && s.cfg.Door.OptedOut(network, did) || s.intents.optedOut(did)
	}
	s.cursor = live.OpenCursor[position](file("bluesky.json"), s.save, s.cfg.Log)
	s.cursor.Before = s.intents.save
	s.pos = s.cursor.Position()
	s.at = max(0, slices.IndexFunc(s.hosts, func(h host) bool { return h.name == s.pos.Host }))
	if at := s.pos.time(); !at.IsZero() {
		s.view.resume(at)
	}
}
