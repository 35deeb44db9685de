package replay

import (
	"context"
	"time"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

const progressEvery = 100 * time.Millisecond

// player emits the records of one run, each when it is due.
type player struct {
	src     *Source
	in      *input
	emit    pipeline.Emit
	tl      Timeline
	tracker *tracker

	number, offset int64     // of the last line played, and after it
	start, first   time.Time // of the run, by the clock; of the first event, by the input
	last           time.Time // of the last event, by the input
	told           time.Time // when Progress was called
	sent, bad      int64
}

func newPlayer(s *Source, in *input, st state, emit pipeline.Emit) *player {
	p := &player{src: s, in: in, emit: emit, tl: st.Timeline, number: in.number, offset: in.offset}
	if s.cfg.StateDir != "" {
		p.tracker = &tracker{cfg: &s.cfg, state: st}
	}
	return p
}

// play emits what one record holds.
func (p *player) play(ctx context.Context, r *record) error {
	p.number, p.offset = r.last, r.end
	wire.CountSkips(p.src.name, r.dec.Skips)
	for i := range r.dec.Events {
		it := pipeline.Item{Event: r.dec.Events[i], Source: p.src.name}
		setAt(&it.Event, p.last)
		if err := p.wait(ctx, it.Event.At); err != nil {
			return err
		}
		p.tl.moveEvent(&it.Event)
		setAt(&it.Event, time.Now().UTC())
		if post := it.Event.Post; post != nil && post.Source == "" {
			post.Source = p.src.name
		}
		it.Ack = p.tracker.emitted(r, i == len(r.dec.Events)-1 && r.err == nil)
		if err := p.emit(ctx, it); err != nil {
			return err
		}
		p.sent++
	}
	if r.err != nil {
		if err := p.playBad(ctx, r); err != nil {
			return err
		}
	}
	p.progress(false)
	return nil
}

func (p *player) playBad(ctx context.Context, r *record) error {
	p.bad++
	return p.emit(ctx, pipeline.Item{
		Source: p.src.name,
		Bad:    &pipeline.BadInput{Raw: r.raw, Err: r.err, Position: p.in.position(p.src.cfg.Path, r.number)},
		Ack:    p.tracker.emitted(r, true),
	})
}

// wait returns when an event of this time of the input is due.
func (p *player) wait(ctx context.Context, at time.Time) error {
	if at.IsZero() {
		return nil
	}
	p.last = at
	speed := p.src.cfg.Speed
	if speed == 0 {
		return nil
	}
	now := time.Now()
	due := p.tl.Move(at)
	if !p.tl.Shifted() {
		if p.first.IsZero() {
			p.start, p.first = now, at
		}
		due = p.start.Add(scale(at.Sub(p.first), speed))
	}
	return pipeline.Sleep(ctx, due.Sub(now))
}

func (p *player) progress(force bool) {
	tell := p.src.cfg.Progress
	if tell == nil {
		return
	}
	now := time.Now()
	if !force && now.Sub(p.told) < progressEvery {
		return
	}
	p.told = now
	done := p.offset
	switch {
	case force && p.in.size > 0:
		done = p.in.size // what follows the last record counts too
	case p.in.zipped:
		done = p.in.read.Load()
	}
	tell(done, p.in.size)
}

// end waits for the last acknowledgements.
func (p *player) end(ctx context.Context) error {
	if !p.tracker.finish(ctx.Done(), p.in.size, p.offset, p.number) {
		p.tracker.flush()
		return ctx.Err()
	}
	p.progress(true)
	p.src.cfg.Log.Info("replayed to its end", p.in.unit+"s", p.number, "events", p.sent, "bad", p.bad)
	return nil
}
