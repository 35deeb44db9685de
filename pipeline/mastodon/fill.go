package mastodon

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
)

var (
	errTooMuch = errors.New("more is missing than is read afterwards")
	errNoIDs   = errors.New("the server gives posts without ids")
)

// fill reads what the stream did not give, while the stream is open already, so
// that nothing falls between the two. It ends when the newest post of the moment
// when it began is reached. Ctx is the connection's: what is left when that ends
// is left to the next one, unless nothing could be read for too long. Deletions and edits of older posts cannot be read so.
func (s *Source) fill(ctx context.Context) {
	s.mu.Lock()
	h, skew := s.pos.Hole, s.skew
	s.mu.Unlock()
	if s.trying.IsZero() {
		s.trying = time.Now()
	}
	bounded, cancel := context.WithDeadline(ctx, s.trying.Add(s.bounds.time))
	defer cancel()
	f := &fill{s: s, after: h.ID, skew: skew, retry: live.NewBackoff(s.pauses)}
	err := f.run(bounded)
	if ctx.Err() != nil {
		return
	}
	s.trying = time.Time{}
	s.mu.Lock()
	s.pos.Hole = s.pos.Hole.closed(len(h.Times))
	s.cursor.Passed(s.pos)
	read := hugops.CoverageReplay.Worse(s.sees)
	s.mu.Unlock()
	f.report(h.Times, read, err)
}

// report tells the ledger and the log what became of a hole.
func (f *fill) report(times []span, read hugops.CoverageState, err error) {
	s := f.s
	if len(times) == 0 {
		if err != nil {
			s.log.Warn("the server does not let its timeline be read: what the stream will not give is going to be missing", "error", &redacted{err, s.server})
		}
		return
	}
	var reached time.Time                    // by this machine's clock
	if at := idTime(f.after); !at.IsZero() { // by this fill, or by one before it
		reached = at.Add(f.skew)
	}
	for _, t := range times {
		if err == nil {
			reached = t.To
		}
		s.sight.Learn(t.From, earlier(reached, t.To), read)
		s.sight.Learn(later(reached, t.From), t.To, t.Why)
	}
	log := s.log.With("from", times[0].From, "to", times[len(times)-1].To, "posts", f.posts, "pages", f.pages)
	if err == nil {
		log.Info("what the stream did not give was read afterwards")
		return
	}
	s.loop.Count("holes")
	log.Warn("posts are missing: the stream did not give them, and they could not all be read afterwards", "reached", reached, "error", &redacted{err, s.server})
}

// fill is one attempt to read a hole.
type fill struct {
	s     *Source
	after string // up to this id all is read
	retry *live.Backoff
	skew  time.Duration

	failed error // of the question that is asked again

	pages, posts int // read, and new
}

func (f *fill) run(ctx context.Context) error {
	target, err := f.newest(ctx)
	if err != nil {
		return err
	}
	if f.after == "" {
		return f.begin(target)
	}
	from := rewound(f.after, f.s.rewind)
	for compareIDs(from, target) < 0 {
		if f.pages == f.s.bounds.pages {
			return errTooMuch
		}
		page, err := f.ask(ctx, from, pageLimit)
		if err != nil {
			return err
		}
		newest, err := f.take(ctx, page)
		if err != nil {
			return err
		}
		if compareIDs(newest, from) <= 0 {
			break // nothing follows
		}
		from = newest
	}
	return nil
}

// begin notes where a stream begins that was never read before. A hole without
// a beginning is lost.
func (f *fill) begin(newest string) error {
	if newest == "" {
		newest = "0"
	}
	lost := false
	_, err := f.s.put("", nil, func(p *position) {
		p.ID = newer(newest, p.ID)
		lost = len(p.Hole.Times) > 0
	})
	if lost {
		return errors.New("no post of the stream was known before")
	}
	return err
}

// newest is the newest post of now, "" of an empty timeline.
func (f *fill) newest(ctx context.Context) (string, error) {
	page, err := f.ask(ctx, "", 1)
	if err != nil || len(page) == 0 {
		return "", err
	}
	_, id, err := decodeStatus(page[0], f.s.server.host, f.s.cfg.Door)
	if id == "" {
		return "", errors.Join(errNoIDs, err)
	}
	return id, nil
}

// ask asks again, with growing pauses, as long as there is time: a server that
// refuses may be in trouble, or about to change its mind.
func (f *fill) ask(ctx context.Context, minID string, limit int64) ([]jsontext.Value, error) {
	for {
		if err := f.retry.Wait(ctx, f.s.log); err != nil {
			return nil, cmp.Or(f.failed, err)
		}
		page, skew, err := f.s.server.timeline(ctx, f.s.stream, minID, limit)
		if err == nil {
			f.retry, f.skew, f.failed, f.s.trying = live.NewBackoff(f.s.pauses), skew, nil, time.Now()
			return page, nil
		}
		if ctx.Err() != nil {
			return nil, cmp.Or(f.failed, err)
		}
		f.failed = err
		f.s.log.Debug("reading afterwards failed, will try again", "error", &redacted{err, f.s.server})
	}
}

// passing reports whether an error of REST may be gone in a while.
func passing(err error) bool {
	var status *statusError
	if errors.As(err, &status) {
		return !status.refused() && status.code != 404
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded)
}

// take emits a page, oldest first, and returns its newest id. The hole is smaller
// after each post.
func (f *fill) take(ctx context.Context, page []jsontext.Value) (newest string, err error) {
	f.pages++
	type post struct {
		id    string
		items []pipeline.Item
	}
	posts := make([]post, len(page))
	for i, raw := range page {
		dec, id, err := decodeStatus(raw, f.s.server.host, f.s.cfg.Door)
		if id == "" {
			return "", errors.Join(errNoIDs, err)
		}
		posts[i] = post{id, f.s.items(dec, raw, "post "+id, err)}
	}
	slices.SortFunc(posts, func(a, b post) int { return compareIDs(a.id, b.id) })
	for _, p := range posts {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		newest, f.after = p.id, newer(p.id, f.after)
		emitted, err := f.s.put(p.id, p.items, f.narrow)
		if err != nil {
			return "", err
		}
		f.posts += emitted
	}
	return newest, nil
}

func (f *fill) narrow(p *position) {
	if len(p.Hole.Times) > 0 {
		p.Hole.ID = f.after
	}
}
