// Package replay sends posts from a file as if they came from the networks: at
// full speed, in true time or faster, with their own times or moved to now.
//
// It reads lines of JSON, mixed as they come: Mastodon statuses and stream events,
// X v2 objects and pages of them, posts of X and Bluesky as 4CAT keeps them,
// Jetstream events of both wires, and hugops' own posts and events; tables of
// 4CAT and twarc-csv; and the outbox.json of a Mastodon archive. Any of it may be
// compressed by gzip or zstd. It owns the pace, the shift of times and the memory
// of how far it came. It guarantees the order of the file, that a record which
// cannot be read harms no other, that memory stays bounded however long one is,
// and that a replay killed at any moment goes on after the last acknowledged
// record with the same shift, sending at most a little again.
package replay

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/mastodon"
)

// Config says what is replayed, and how.
type Config struct {
	// Path is a file, or "-" for standard input. With Data it is only a name.
	Path string
	// Data is replayed in place of the file Path.
	Data []byte
	// Speed is 0 for as fast as possible, 1 for true time, 60 for sixty times
	// as fast. An item is sent when it is due.
	Speed float64
	// Shift moves all times, so that one moment of the input is now.
	Shift Shift
	// Server is the host of the Mastodon server that the file was recorded
	// from: local ids in deletions belong to it. The default is "replay".
	Server string
	// Network is that of a table which does not tell it itself.
	Network hugops.Network
	// StateDir is where the replay remembers its shift and how far it came;
	// without it (and for standard input) there is no memory.
	StateDir string
	// Again starts from the beginning whatever is remembered.
	Again bool
	Door  pipeline.Door
	Log   *slog.Logger
	// Now says what a shift takes for now; nil is time.Now. The pace is kept by
	// the true clock.
	Now func() time.Time
	// Progress, when set, is told the bytes done and the total (0 = unknown),
	// at most ten times a second and at the end.
	Progress func(done, total int64)

	actor mastodon.Actor // of the archive that the file belongs to
}

// Source replays one input.
type Source struct {
	cfg  Config
	name string

	mu     sync.Mutex
	state  *state // nil until planned
	resume bool   // state was remembered from an earlier run
}

// New returns the source; it touches nothing before Run or Timeline.
func New(cfg Config) *Source {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Server == "" {
		cfg.Server = "replay"
	}
	kind, file := "replay:", filepath.Base(cfg.Path)
	if cfg.Speed == 0 {
		kind = "backfill:"
	}
	if cfg.Path == "-" && cfg.Data == nil {
		file, cfg.StateDir = "stdin", ""
	}
	name := kind + file
	cfg.Log = cfg.Log.With("source", name)
	return &Source{cfg: cfg, name: name}
}

// Name is "replay:", or "backfill:" if it goes as fast as it can, and the file's
// name.
func (s *Source) Name() string { return s.name }

// Timeline returns how the input's times will be moved, so that outages can be
// moved likewise before the replay starts. It is decided once, and kept over
// restarts in StateDir.
func (s *Source) Timeline(ctx context.Context) (Timeline, error) {
	st, err := s.plan(ctx)
	return st.Timeline, err
}

// plan loads or makes the state of this run.
func (s *Source) plan(ctx context.Context) (state, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != nil {
		return *s.state, nil
	}
	if s.cfg.Speed < 0 {
		return state{}, fmt.Errorf("replay %s: speed %v is below 0", s.cfg.Path, s.cfg.Speed)
	}
	if err := s.check(); err != nil {
		return state{}, err
	}
	if s.cfg.StateDir != "" && !s.cfg.Again {
		st, found, err := s.cfg.loadState()
		if err != nil {
			return state{}, err
		}
		if found {
			s.checkWish(st)
			s.state, s.resume = &st, true
			return st, nil
		}
	}
	st, err := s.begin(ctx)
	if err != nil {
		return state{}, err
	}
	s.state = &st
	return st, nil
}

// check opens a file, so that one which cannot be replayed is told before
// anything begins.
func (s *Source) check() error {
	if s.cfg.Path == "-" && s.cfg.Data == nil {
		return nil
	}
	in, err := s.cfg.open(0, 0)
	if err != nil {
		return err
	}
	return in.Close()
}

// checkWish warns when an unfinished replay is asked for another shift.
func (s *Source) checkWish(st state) {
	if st.Shift != s.cfg.Shift.String() || st.Timeline.Shifted() && st.Timeline.Speed != s.cfg.Speed {
		s.cfg.Log.Warn("the replay keeps the shift and speed of its first run; start it again from the beginning to change them",
			"shift", st.Shift, "speed", st.Timeline.Speed)
	}
}

// begin decides the timeline and remembers it.
func (s *Source) begin(ctx context.Context) (state, error) {
	tl, err := s.newTimeline(ctx)
	if err != nil || s.cfg.StateDir == "" {
		return state{Timeline: tl}, err
	}
	st, err := s.cfg.newState(tl)
	if err != nil {
		return state{}, err
	}
	return st, s.cfg.saveState(st, true)
}

func (s *Source) newTimeline(ctx context.Context) (Timeline, error) {
	tl := Timeline{Speed: s.cfg.Speed, Anchor: s.cfg.Shift.at}
	switch s.cfg.Shift.kind {
	case shiftNone:
		return Timeline{}, nil
	case shiftStart, shiftEnd:
		first, last, err := s.bounds(ctx)
		if err != nil {
			return tl, err
		}
		tl.Anchor = last
		if s.cfg.Shift.kind == shiftStart {
			tl.Anchor = first
		}
	}
	tl.Now = s.cfg.Now().UTC()
	return tl, nil
}

// bounds reads the whole input for its earliest and its latest time.
func (s *Source) bounds(ctx context.Context) (first, last time.Time, err error) {
	if s.cfg.Path == "-" && s.cfg.Data == nil {
		return first, last, fmt.Errorf("shift %q needs a file: standard input can be shifted by a time only", s.cfg.Shift)
	}
	in, err := s.cfg.open(0, 0)
	if err != nil {
		return first, last, err
	}
	defer in.Close()
	err = eachRecord(ctx, in, func(r *record) error {
		for i := range r.dec.Events {
			at := r.dec.Events[i].At
			if at.IsZero() {
				continue
			}
			if first.IsZero() || at.Before(first) {
				first = at
			}
			if at.After(last) {
				last = at
			}
		}
		return nil
	})
	if err == nil && first.IsZero() {
		err = fmt.Errorf("shift %q: no %s of %s has a time", s.cfg.Shift, in.unit, s.cfg.Path)
	}
	return first, last, err
}

// Run replays the input and ends with nil after its last record, acknowledged if
// there is a StateDir.
func (s *Source) Run(ctx context.Context, emit pipeline.Emit) error {
	st, err := s.plan(ctx)
	if err != nil {
		return err
	}
	in, err := s.cfg.open(st.Offset, st.Line)
	if err != nil {
		return err
	}
	defer in.Close()
	if st.Size > 0 && st.Size == in.size {
		s.cfg.Log.Info("already replayed to its end: nothing to do", "path", s.cfg.Path)
		return nil
	}
	if s.resume && st.Line > 0 {
		s.cfg.Log.Info("the replay goes on where it was", in.unit, st.Line, "offset", st.Offset)
	}
	p := newPlayer(s, in, st, emit)
	if err := eachRecord(ctx, in, func(r *record) error { return p.play(ctx, r) }); err != nil {
		p.tracker.flush()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("read %s after %s %d: %w", s.cfg.Path, in.unit, p.number, err)
	}
	return p.end(ctx)
}

// setAt gives an event that tells no time of its own (a deletion on Mastodon)
// the time of the one before it.
func setAt(e *hugops.Event, last time.Time) {
	if e.At.IsZero() {
		e.At = last
	}
}
