package mastodon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	masto "github.com/mattn/go-mastodon"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

// Source is one live stream of one server. A connection that breaks, stalls or is
// refused for a while is made again for ever, with growing pauses; what was not
// streamed meanwhile is read over REST. It goes on where it was after the process
// ended.
type Source struct {
	cfg    Config
	server *server
	stream stream
	log    *slog.Logger

	stall  time.Duration // longest silence; the server beats each 15 s
	save   time.Duration // the position is written that often at most
	pauses live.Pauses
	settle time.Duration // from a stream's greeting, which comes before it listens itself, to a fill
	rewind time.Duration // of an id, for posts that were on their way
	bounds bounds

	sight  live.Sight
	loop   *live.Loop
	life   context.Context // of Run
	emit   pipeline.Emit
	cursor *live.Cursor[position]
	filled sync.WaitGroup
	turn   baton     // of the one fill
	trying time.Time // of it: since when nothing could be read afterwards

	mu     baton // of what follows, and of the order of emission
	pos    position
	skew   time.Duration // by how much this machine's clock is ahead of the server's
	recent recent
	sees   hugops.CoverageState // while it is connected: live or sample
	why    hugops.CoverageState // nothing came since pos.At
}

// baton is a lock for those who wait for Kafka or a server while they hold it: in
// tests with virtual time, waiting for a sync.Mutex would stop the clock.
type baton chan struct{}

func newBaton() baton   { return make(baton, 1) }
func (b baton) Lock()   { b <- struct{}{} }
func (b baton) Unlock() { <-b }

// bounds are how far a hole is filled, and no further: more than that stays a
// gap.
type bounds struct {
	pages int
	time  time.Duration
}

func newSource(cfg Config, srv *server, st stream) *Source {
	s := &Source{cfg: cfg, server: srv, stream: st, stall: 40 * time.Second, save: 2 * time.Second,
		pauses: live.Pauses{Min: time.Second, Max: 5 * time.Minute},
		settle: time.Second, rewind: time.Minute, bounds: bounds{pages: 500, time: 30 * time.Minute},
		turn: newBaton(), mu: newBaton(), sees: hugops.CoverageLive, why: hugops.CoverageGap}
	s.log = cfg.Log.With("source", s.Name())
	return s
}

// Name is such as "mastodon:mastodon.social/public".
func (s *Source) Name() string { return "mastodon:" + s.server.host + "/" + s.stream.name }

// State implements pipeline.Stater.
func (s *Source) State() hugops.CoverageState { return s.sight.State() }

// Amend implements pipeline.Amender.
func (s *Source) Amend() []pipeline.Amendment { return s.sight.Amend() }

// Run reads the stream until ctx is done, or until the server says that the
// token is not good enough or the stream is switched off.
func (s *Source) Run(outer context.Context, emit pipeline.Emit) error {
	s.emit = emit
	s.cursor = live.OpenCursor[position](s.stateFile(), s.save, s.log)
	s.pos = s.cursor.Position()
	s.loop = &live.Loop{Source: s.Name(), Log: s.log, Backoff: live.NewBackoff(s.pauses), Sight: &s.sight}
	defer s.cursor.Close()
	ctx, fail := context.WithCancelCause(outer)
	s.life = ctx
	defer s.filled.Wait()
	defer fail(nil)
	events, err := s.open(ctx, s.server.client(&transport{src: s, ctx: ctx, fail: fail}))
	if err != nil {
		return err
	}
	// The library blocks on what nobody takes, so this ends only when it has.
	for range events {
	}
	if err := outer.Err(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// open starts the library's loop of connections.
func (s *Source) open(ctx context.Context, client *masto.Client) (<-chan masto.Event, error) {
	if s.stream.tag != "" {
		return client.StreamingHashtag(ctx, s.stream.tag, false)
	}
	return client.StreamingPublic(ctx, s.stream.local)
}

// permit looks whether the server lets the stream through: all, a part or
// nothing.
func (s *Source) permit(ctx context.Context, a *about) error {
	state, note, ok := a.of(s.stream).sees(s.stream.local)
	if !ok {
		// Some roles see it all the same, and an empty stream looks like a quiet one.
		page, _, err := s.server.timeline(ctx, s.stream, "", 1)
		if err == nil && len(page) == 0 || err != nil && !passing(err) {
			return fmt.Errorf("%s has switched off the feeds that the stream %s carries (timelines_access: disabled): read another stream or another server",
				s.server.host, s.stream.name)
		}
		if state = hugops.CoverageLive; err != nil {
			state = hugops.CoverageSample // the server is in trouble, and nobody knows
		}
	}
	s.mu.Lock()
	changed := s.sees != state
	s.sees = state
	s.mu.Unlock()
	if changed && note != "" {
		s.log.Warn("the server lets a part of the stream through", "part", note)
	}
	return nil
}

// opened is told that the stream is open, and by how much this machine's clock is
// ahead; ctx ends with it.
func (s *Source) opened(ctx context.Context, skew time.Duration) {
	now := time.Now()
	s.mu.Lock()
	s.skew = skew
	s.sight.Set(s.sees)
	if !s.pos.At.IsZero() {
		s.pos.Hole = s.pos.Hole.widen(s.pos.ID, span{From: s.pos.At, To: now, Why: s.why})
	}
	s.why = hugops.CoverageGap
	s.pos.At = now
	s.cursor.Passed(s.pos)
	s.mu.Unlock()
	s.loop.Opened()
	s.filled.Go(func() {
		s.turn.Lock()
		defer s.turn.Unlock()
		select {
		case <-time.After(s.settle):
			s.fill(ctx)
		case <-ctx.Done():
		}
	})
}

// closed is told why a connection ended or was not made.
func (s *Source) closed(err error) {
	if errors.Is(err, live.ErrSilent) {
		s.mu.Lock()
		s.why = hugops.CoverageStalled
		s.mu.Unlock()
	}
	s.loop.Ended(&redacted{err, s.server})
}

// heard is told that all that was sent up to a time was dealt with, if it was only
// heartbeats.
func (s *Source) heard(at time.Time) {
	s.put("", nil, func(p *position) { p.At = later(at, p.At) })
}

// deliver decodes one event and emits what is in it.
func (s *Source) deliver(e serverEvent) error {
	var dec wire.Decoded
	var id string
	err := wire.TooLong(e.length)
	if e.length <= wire.MaxBytes {
		dec, id, err = decodeEvent(e.name, e.data, s.server.host, s.cfg.Door)
	}
	raw := e.data
	if e.length > wire.MaxBytes {
		raw = raw[:wire.PrefixBytes]
	}
	_, err = s.put(id, s.items(dec, raw, "event "+e.name, err), func(p *position) {
		if at := idTime(id); !at.IsZero() {
			p.At = later(earlier(at.Add(s.skew), time.Now()), p.At)
		}
	})
	return err
}

// items is what came of one event or post.
func (s *Source) items(dec wire.Decoded, raw []byte, where string, err error) []pipeline.Item {
	wire.CountSkips(s.Name(), dec.Skips)
	var items []pipeline.Item
	for range dec.Withheld() {
		items = append(items, pipeline.Item{Withheld: true})
	}
	for _, event := range dec.Events {
		if event.At.IsZero() {
			event.At = time.Now().UTC() // the stream does not say when a deletion was
		}
		if event.Post != nil {
			event.Post.Source = s.Name()
		}
		items = append(items, pipeline.Item{Event: event})
	}
	if err != nil {
		items = append(items, pipeline.Item{Bad: &pipeline.BadInput{
			Raw: append([]byte(nil), raw...), Err: err, Position: s.Name() + " " + where}})
	}
	return items
}

// put emits what came of a post with a local id, or of something else; the last
// item carries the position. A post that came before is left out, but not its
// edit. The stream and a fill take turns here, so that what is acknowledged is in
// order. Move may be nil. It returns how many items were emitted.
func (s *Source) put(id string, items []pipeline.Item, move func(*position)) (emitted int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recent.known[id] && len(items) == 1 && (items[0].Withheld || items[0].Event.Kind == hugops.Created) {
		items = nil
	}
	s.recent.add(id)
	s.pos.ID = newer(id, s.pos.ID)
	if move != nil {
		move(&s.pos)
	}
	if len(items) == 0 {
		s.cursor.Passed(s.pos)
		return 0, nil
	}
	items[len(items)-1].Ack = s.cursor.Emitted(s.pos)
	for _, it := range items {
		it.Source = s.Name()
		if err := s.emit(s.life, it); err != nil {
			return 0, err
		}
	}
	return len(items), nil
}
