package x

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

const (
	// searchable is how far back recent search goes: X says seven days.
	searchable = 7*24*time.Hour - 5*time.Minute
	// leastPage and mostPage bound the posts of one answer.
	leastPage, mostPage = 10, 100
	// maxPages bounds what one query of one hole brings.
	maxPages = 2000
)

// hole is a time that the stream did not bring: of all subjects, while it was not
// open; or of one, before its rules worked.
type hole struct {
	from, to time.Time
	service  string // the one subject; with all, of no meaning
	back     bool   // of the one subject: looks back when an outage opened
	due      time.Time
	busy     bool // it is being filled
}

// holes are those that wait to be filled.
type holes struct {
	wake chan struct{}

	mu   sync.Mutex
	list []*hole
}

// add appends a hole; two gaps that touch become one.
func (h *holes) add(n hole) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if last := h.last(); last != nil && !n.back && !last.back && !last.busy && !last.to.Before(n.from) {
		last.to, last.due = n.to, n.due
	} else {
		h.list = append(h.list, &n)
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *holes) last() *hole {
	if len(h.list) == 0 {
		return nil
	}
	return h.list[len(h.list)-1]
}

// next returns the hole that is to be filled now, or how long to wait for one.
func (h *holes) next(now time.Time) (*hole, time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait := time.Hour
	for _, n := range h.list {
		if !n.due.After(now) {
			n.busy = true
			return n, 0
		}
		wait = min(wait, n.due.Sub(now))
	}
	return nil, wait
}

func (h *holes) done(filled *hole) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, n := range h.list {
		if n == filled {
			h.list = append(h.list[:i:i], h.list[i+1:]...)
			return
		}
	}
}

// oldest is when the oldest gap of the stream begins; zero when there is none.
func (h *holes) oldest() (from time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.list {
		if !n.back && (from.IsZero() || n.from.Before(from)) {
			from = n.from
		}
	}
	return from
}

func (h *holes) looksBack(service string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.list {
		if n.back && n.service == service {
			return true
		}
	}
	return false
}

// lookBack queues the time from before an outage until its rules work.
func (s *Source) lookBack(t *subject, now time.Time) {
	to := now.Add(s.effect)
	s.holes.add(hole{from: t.from(), to: to, service: t.service, back: true, due: to.Add(s.settle)})
}

// fillHoles fills one hole after the other until ctx is done.
func (s *Source) fillHoles(ctx context.Context) {
	for ctx.Err() == nil {
		h, wait := s.holes.next(time.Now())
		if h != nil {
			s.fill(ctx, h)
			continue
		}
		select {
		case <-s.holes.wake:
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// fill reads what a hole has missed, and writes into the ledger how that went.
func (s *Source) fill(ctx context.Context, h *hole) {
	from := h.from
	if earliest := time.Now().Add(-searchable); from.Before(earliest) {
		from = earliest
	}
	f := &filling{s: s, from: from.Add(-s.overlap), to: h.to.Add(s.overlap), allowed: s.budget.forSearches()}
	err := f.run(ctx, s.scope(h))
	if ctx.Err() != nil {
		return // it is still to do, after a restart too
	}
	s.report(h, from, f, err)
	s.holes.done(h)
}

// scope are the subjects of a hole.
func (s *Source) scope(h *hole) (scope []*subject) {
	for _, t := range s.plan.current().subjects {
		if h.back && t.service == h.service || !h.back && (t.service == standing || t.from().Before(h.to)) {
			scope = append(scope, t)
		}
	}
	return scope
}

// report writes into the ledger what became of a hole. A look-back is of one
// service only: it says nothing of the minutes before this process, in which the
// others were not read.
func (s *Source) report(h *hole, from time.Time, f *filling, err error) {
	log := s.cfg.Log.With("from", h.from.UTC().Format(time.RFC3339), "to", h.to.UTC().Format(time.RFC3339), "posts", f.posts)
	state := hugops.CoverageReplay
	switch {
	case err == nil:
		log.Info("what the stream of X has missed was read by searches")
	case errors.Is(err, errBudget) && f.posts > 0:
		log.Warn("what the stream of X has missed was read in part: the budget has no more for it")
		state = hugops.CoverageSample
	case errors.Is(err, errBudget):
		log.Warn("what the stream of X has missed is not read: the budget has nothing for it")
		state = hugops.CoverageBudget
	default:
		log.Error("what the stream of X has missed cannot be read", "error", err)
		state = hugops.CoverageGap
	}
	if h.back {
		s.plan.read(h.service, h.from)
		if from.Before(s.began) {
			from = s.began
		}
		if state.Blind() {
			state = hugops.CoverageSample // the others were seen
		}
	} else if from.After(h.from) {
		s.sight.Learn(h.from, from, hugops.CoverageClamped)
	}
	if s.plan.current().partial {
		state = state.Worse(hugops.CoverageSample) // the rest of these minutes was a part
	}
	s.sight.Learn(from, earlier(h.to, time.Now()), state)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// filling is one hole being filled.
type filling struct {
	s        *Source
	from, to time.Time
	allowed  money // that it may cost
	posts    int
	last     <-chan struct{} // closed when Kafka has what came last
}

// run searches for all subjects, and waits until Kafka has what was found.
func (f *filling) run(ctx context.Context, scope []*subject) error {
	for _, t := range scope {
		for _, q := range t.queries {
			if err := f.query(ctx, q); err != nil {
				return err
			}
		}
	}
	if f.last == nil {
		return nil
	}
	select {
	case <-f.last:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// query reads all pages of one query, the newest posts first.
func (f *filling) query(ctx context.Context, q string) error {
	params := fields()
	params.Set("query", q)
	params.Set("start_time", f.s.api.at(f.from))
	params.Set("end_time", f.s.api.at(f.to.Add(time.Second))) // whole seconds
	for range maxPages {
		size := f.affordable()
		if size < leastPage {
			return errBudget
		}
		params.Set("max_results", strconv.Itoa(size))
		next, err := f.page(ctx, params)
		if err != nil || next == "" {
			return err
		}
		params.Set("next_token", next)
	}
	return fmt.Errorf("no end of pages came for %.80q", q)
}

// affordable is how many posts the next page may have.
func (f *filling) affordable() int {
	return int(min(mostPage, min(f.allowed, f.s.budget.left())/f.s.budget.item()))
}

// page reads one page and returns the token of the next one.
func (f *filling) page(ctx context.Context, params url.Values) (next string, err error) {
	var raw []byte
	err = f.s.patiently(ctx, "searching", func() (err error) {
		if err := f.s.api.pace.wait(ctx, f.s.cfg.Log); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		raw, err = f.s.api.raw(ctx, http.MethodGet, "/2/tweets/search/recent", params, nil)
		return err
	})
	if err != nil {
		return "", err
	}
	var page struct {
		object
		Meta struct {
			NextToken string `json:"next_token"`
			Count     int    `json:"result_count"`
		} `json:"meta"`
	}
	if err := wire.UnmarshalFile(raw, &page); err != nil {
		return "", err
	}
	price := f.s.budget.post*money(page.Meta.Count) + f.s.budget.user*money(len(page.Includes.Users))
	f.allowed -= price
	f.posts += page.Meta.Count
	if err := f.s.budget.paySearch(price); err != nil {
		return "", err
	}
	dec, bad := Decode(raw, f.s.cfg.Door)
	acked, err := f.s.deliver(ctx, dec, raw, bad, f.s.position())
	if acked != nil {
		f.last = acked
	}
	return page.Meta.NextToken, err
}

// patiently repeats a request until X answers it, or refuses it for good. A rate
// limit is waited for.
func (s *Source) patiently(ctx context.Context, what string, request func() error) error {
	for pause := s.pauses.http.Min / 2; ; pause = min(2*pause, s.pauses.http.Max) {
		err := request()
		var e *refusal
		if errors.As(err, &e) && (e.lasting() || e.capped()) || err == nil || ctx.Err() != nil {
			if e != nil && e.capped() {
				return errors.Join(errBudget, err)
			}
			return err
		}
		delay := pause
		if e != nil && e.Status == http.StatusTooManyRequests {
			delay = max(delay, min(e.Reset, 16*time.Minute))
		}
		s.cfg.Log.Warn("X did not answer as it should; trying again", "what", what, "error", err, "pause", delay.Round(time.Millisecond))
		if err := pipeline.Sleep(ctx, delay); err != nil {
			return err
		}
	}
}
