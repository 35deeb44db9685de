package bluesky

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

var (
	errQuiet     = errors.New("stalled: the host is there, but sends nothing")
	errNumbering = errors.New("the host's numbers are not those of last time: the cursor goes by time")
)

// streamError is what a host says before it ends a connection.
type streamError struct{ host, name, message string }

func (e *streamError) Error() string {
	return fmt.Sprintf("%s ended the stream: %s %s", e.host, e.name, e.message)
}

// collections are what is asked for.
var collections = []string{collectionPost, collectionIntents}

// session is one connection. When it came to nothing, the next one goes to
// another host.
func (s *Source) session(ctx context.Context, emit pipeline.Emit) error {
	h := s.hosts[s.at]
	c := &connection{s: s, host: h, ask: s.pos.ask(h, s.rewind), emit: emit}
	err := c.run(ctx)
	switch {
	case errors.Is(err, errTooOld), errors.Is(err, errNumbering):
		s.pos.Seq = 0 // the time remains
	case errors.Is(err, errDictionary):
		s.dropDictionary(ctx, h)
	case !c.progress, errors.Is(err, errQuiet):
		s.at = (s.at + 1) % len(s.hosts)
	}
	return err
}

// connection is what one session knows.
type connection struct {
	s    *Source
	host host
	ask  ask
	emit pipeline.Emit

	began    bool      // a commit with a time came
	outdated bool      // the host said that the cursor is too old
	progress bool      // it came further than the connection before
	heard    time.Time // when the last frame was dealt with
}

func (c *connection) run(outer context.Context) error {
	s := c.s
	ctx, dog := live.Watch(outer, s.silence)
	defer dog.Close()
	onPing := func() {
		dog.Listen()
		if !c.heard.IsZero() && time.Since(c.heard) > s.quiet {
			dog.End(errQuiet)
		}
	}
	dog.Listen()
	sock, header, err := s.dial(ctx, c.host, c.ask.cursor, collections, onPing)
	if err != nil {
		s.loop.Obey(header, time.Now())
		return because(ctx, err)
	}
	defer sock.close()
	s.view.skew = s.skew(ctx, c.host, header)
	dog.Rest()
	s.loop.Opened("host", c.host.name, "from", c.ask.by, "compressed", sock.decoder != nil)
	s.setHost(c.host)
	defer s.setHost(host{})
	return c.read(ctx, outer, sock, dog)
}

// read takes frame after frame. What Kafka takes its time for is not the host's
// silence, but nothing is seen meanwhile either.
func (c *connection) read(ctx, outer context.Context, sock *socket, dog *live.Watchdog) error {
	stalled := time.AfterFunc(c.s.view.hole, func() { c.s.sight.Set(hugops.CoverageStalled) })
	defer stalled.Stop()
	c.heard = time.Now()
	for {
		dog.Listen()
		m, err := sock.next(ctx)
		dog.Rest()
		if err != nil {
			return because(ctx, err)
		}
		stalled.Reset(c.s.view.hole)
		if err := c.take(outer, m); err != nil {
			return err
		}
		c.heard = time.Now()
	}
}

// because is why a connection ended.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// take deals with one frame. Its error ends the connection; what cannot be read
// goes to the dead letters, and the stream goes on.
func (c *connection) take(ctx context.Context, m message) error {
	var f frame
	var dec wire.Decoded
	err := m.err
	if err == nil {
		f, err = parse(m.raw)
	}
	if err == nil {
		switch f.kind() {
		case "error":
			return &streamError{c.host.name, f.Error, f.Message}
		case "info":
			c.outdated = c.outdated || f.Name == "OutdatedCursor"
			c.s.cfg.Log.Info("the host says", "host", c.host.name, "name", f.Name, "message", f.Message)
			return nil
		}
		if err := c.follow(&f); err != nil {
			return err
		}
		if f.isNewPost() {
			c.s.posts.Add(1)
		}
		err = c.decode(&f, &dec)
	}
	return c.deliver(ctx, dec, m.raw, err)
}

// decode is frame.decode, and the declarations of those who opt out.
func (c *connection) decode(f *frame, dec *wire.Decoded) error {
	if change := f.change(); f.kind() == "commit" && change.Collection == collectionIntents {
		if err := f.checkDID(); err != nil {
			return err
		}
		dec.Skip(wire.SkipOther)
		return c.s.intents.declare(f.DID, change)
	}
	return f.decode(dec, c.s.door)
}

// follow moves the position to a frame, and keeps the ledger.
func (c *connection) follow(f *frame) error {
	s, at, now := c.s, f.at(), time.Now()
	if !s.view.plausible(at, now) {
		return nil // the next one tells the time
	}
	why := hugops.CoverageStalled
	if !c.began {
		if c.ask.by == "number" && c.renumbered(f, at) {
			return errNumbering
		}
		if why = hugops.CoverageClamped; c.ask.by == "now" {
			why = hugops.CoverageGap
		}
	}
	if f.kind() == "commit" {
		made, _ := TIDTime(f.change().Rev)
		if missing := s.view.frame(at, made, now, why, c.outdated); missing > 0 {
			s.loop.Count("holes")
			s.cfg.Log.Warn("posts are missing", "host", c.host.name, "why", why, "from", at.Add(-missing), "to", at)
		}
		c.began, c.outdated = true, false
	}
	if s.pos.Host == c.host.name && f.Seq > s.pos.Seq || at.After(s.pos.time()) {
		c.progress = true
		s.loop.Progress()
	}
	s.pos = position{c.host.name, f.Seq, max(s.pos.TimeUS, at.UnixMicro())}
	return nil
}

// renumbered reports whether the first frame shows that the host's numbers are
// not those of last time. The one that was asked for is the last one read, unless
// the host has thrown it away since.
func (c *connection) renumbered(f *frame, at time.Time) bool {
	last := c.s.pos.time()
	return f.Seq < c.ask.cursor || f.Seq == c.ask.cursor && !at.Equal(last) || at.Sub(last) > c.s.view.hole
}

// deliver emits what came of a frame. The last item carries the position.
func (c *connection) deliver(ctx context.Context, dec wire.Decoded, raw []byte, err error) error {
	s := c.s
	wire.CountSkips(s.Name(), dec.Skips)
	var items []pipeline.Item
	for range dec.Withheld() {
		items = append(items, pipeline.Item{Withheld: true})
	}
	for _, event := range dec.Events {
		if event.At.IsZero() {
			event.At = time.Now().UTC()
		}
		if event.Post != nil {
			event.Post.Source = s.Name()
		}
		items = append(items, pipeline.Item{Event: event})
	}
	if err != nil {
		items = append(items, pipeline.Item{Bad: &pipeline.BadInput{
			Raw: append([]byte(nil), raw...), Err: err, Position: fmt.Sprintf("%s frame %d", c.host.name, s.pos.Seq)}})
	}
	if len(items) == 0 {
		s.cursor.Passed(s.pos)
		return nil
	}
	items[len(items)-1].Ack = s.cursor.Emitted(s.pos)
	for _, it := range items {
		it.Source = s.Name()
		if err := c.emit(ctx, it); err != nil {
			return err
		}
	}
	return nil
}
