package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hugops/hugops"
)

// Answers come from memory. What is older than lookAgain is looked at again in
// the background, by one at a time, and until then the old answer serves; only
// who comes after nobody came for a while waits, and not for long.
const (
	lookAgain  = time.Second
	restFactor = 10                    // a figure that took t to compute stands for 10 t at least
	grace      = 10 * time.Millisecond // what a request waits for a better answer
	patience   = 2 * time.Second       // what it waits if nobody asked for Config.Stale
	forgotten  = time.Hour             // figures that nobody asks for are dropped
	maxEntries = 2000                  // outages that figures are kept of
)

// cache holds what the pages show.
type cache struct {
	s     *Store
	stale time.Duration
	ctx   context.Context
	stop  context.CancelFunc
	wg    sync.WaitGroup
	queue queue

	outages kept[[]hugops.Outage]
	prints  kept[map[string]uint64]
	spoken  kept[map[string]bool]

	odd chan struct{} // a place for each loading of what is not kept for all: see oddly

	mu      sync.Mutex
	entries map[string]*entry
	sights  map[timeSpan]*kept[[]hugops.Coverage]
	feeds   map[timeSpan]*kept[[]hugops.Feed]
}

// timeSpan is a stretch of time that coverage was asked for.
type timeSpan struct{ from, to int64 }

// entry is what is kept of one outage.
type entry struct {
	used     time.Time
	rank     atomic.Int64 // its place among those that are to be computed
	wanted   atomic.Int64 // requests that wait for it
	figures  kept[printed[*figures]]
	coverage kept[stepped]
	series   map[span]*kept[printed[[]hugops.Minute]]
}

// printed is a value with the fingerprint of the readings it was computed from.
type printed[T any] struct {
	value T
	print uint64
}

func newCache(s *Store) *cache {
	few := max(1, runtime.NumCPU()/2)
	c := &cache{s: s, stale: s.config.Stale, entries: map[string]*entry{}, queue: queue{free: few}, odd: make(chan struct{}, few)}
	if c.stale == 0 {
		c.stale = 10 * time.Second
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c
}

// close ends the work in the background.
func (c *cache) close() {
	c.stop()
	c.wg.Wait()
}

// kept is a value that is loaded again in the background.
type kept[T any] struct {
	mu     sync.Mutex
	have   bool
	value  T
	until  time.Time // not looked at again before
	flight *flight[T]
}

// flight is one loading.
type flight[T any] struct {
	done  chan struct{}
	wait  time.Time // until then those who come wait for it
	value T
	err   error
}

// loader returns the value, given the old one if there is one, and for how long
// it need not be looked at.
type loader[T any] func(ctx context.Context, old T, have bool) (T, time.Duration, error)

// get returns the value, if need be after waiting for it; see the constants.
// Where loading fails, an old value still serves.
func (k *kept[T]) get(ctx context.Context, c *cache, load loader[T]) (T, error) {
	k.mu.Lock()
	now := time.Now()
	value, have := k.value, k.have
	if have && now.Before(k.until) {
		k.mu.Unlock()
		return value, nil
	}
	f := k.start(c, load)
	k.mu.Unlock()
	wait := max(grace, f.wait.Sub(now))
	var late <-chan time.Time
	if have {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-f.done:
		if f.err != nil && have {
			return value, nil
		}
		return f.value, f.err
	case <-late:
		return value, nil
	case <-ctx.Done():
		if have {
			return value, nil
		}
		return value, ctx.Err()
	}
}

// glance returns the value if it serves without waiting, and looks again in the
// background if it is time to.
func (k *kept[T]) glance(c *cache, load loader[T]) (value T, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if !k.have || now.After(k.until) && k.start(c, load).wait.After(now) {
		return value, false
	}
	return k.value, true
}

// start begins a loading unless one is under way. k.mu is held.
func (k *kept[T]) start(c *cache, load loader[T]) *flight[T] {
	if k.flight != nil {
		return k.flight
	}
	f := &flight[T]{done: make(chan struct{})}
	if now := time.Now(); now.Sub(k.until) > c.stale { // nobody came for a while
		f.wait = now.Add(patience)
	}
	k.flight = f
	old, have := k.value, k.have
	c.wg.Go(func() {
		value, rest, err := load(c.ctx, old, have)
		k.mu.Lock()
		f.value, f.err = value, err
		if err == nil {
			k.value, k.have = value, true
		} else if c.ctx.Err() == nil && !errors.Is(err, errBusy) {
			c.s.log.Warn("answering from memory: the database failed", "error", err)
		}
		k.until, k.flight = time.Now().Add(rest), nil
		k.mu.Unlock()
		close(f.done)
	})
	return f
}

// errBusy is what those hear who ask for figures that are not there while too many
// others do.
var errBusy = fmt.Errorf("too many ask for figures that must be computed: %w", context.DeadlineExceeded)

// oddly is the loader load of what each may ask for in a way of his own (a series, or
// coverage, of any time): few load at once, and nobody stands in line for longer than
// patience. Otherwise whoever asks for another minute each time would have every
// connection to the database, and those who left would still be served.
func oddly[T any](c *cache, load loader[T]) loader[T] {
	return func(ctx context.Context, old T, have bool) (T, time.Duration, error) {
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case c.odd <- struct{}{}:
			defer func() { <-c.odd }()
			return load(ctx, old, have)
		case <-late.C:
			return old, 0, fmt.Errorf("store: %w", errBusy)
		case <-ctx.Done():
			return old, 0, ctx.Err()
		}
	}
}

// forget makes the next get look again, and wait for it.
func (k *kept[T]) forget() {
	k.mu.Lock()
	k.until = time.Time{}
	k.mu.Unlock()
}

// entry returns the entry of an outage, and notes that it is used.
func (c *cache) entry(id string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[id]
	if e == nil {
		c.makeRoom()
		e = &entry{}
		c.entries[id] = e
	}
	e.used = time.Now()
	return e
}

// makeRoom drops what nobody has asked for the longest, if there is no room for one
// more: who reads the whole list asks for all outages. c.mu is held.
func (c *cache) makeRoom() {
	if len(c.entries) < maxEntries {
		return
	}
	oldest := ""
	for id, e := range c.entries {
		if oldest == "" || e.used.Before(c.entries[oldest].used) {
			oldest = id
		}
	}
	delete(c.entries, oldest)
}

// ids lists the outages that are in use, and drops those that are not.
func (c *cache) ids() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	for id, e := range c.entries {
		if time.Since(e.used) > forgotten {
			delete(c.entries, id)
			continue
		}
		ids = append(ids, id)
	}
	return ids
}

// maxSights bounds the times of which coverage is kept. Those who ask for the time up
// to now ask for another one each minute, so none is worth keeping for long.
const maxSights = 4

// coverage and feedsOf are what is kept of the coverage of a time, and of how status
// pages were seen in it.
func (c *cache) coverage(from, to time.Time) *kept[[]hugops.Coverage] {
	c.mu.Lock()
	defer c.mu.Unlock()
	return keptOf(&c.sights, timeSpan{from.Unix(), to.Unix()}, maxSights)
}

func (c *cache) feedsOf(from, to time.Time) *kept[[]hugops.Feed] {
	c.mu.Lock()
	defer c.mu.Unlock()
	return keptOf(&c.feeds, timeSpan{from.Unix(), to.Unix()}, maxSights)
}

// keptOf is what is kept under a key; where there are most others they all go.
func keptOf[K comparable, T any](all *map[K]*kept[T], key K, most int) *kept[T] {
	k := (*all)[key]
	if k == nil {
		if *all == nil || len(*all) >= most {
			*all = map[K]*kept[T]{}
		}
		k = &kept[T]{}
		(*all)[key] = k
	}
	return k
}

// print is the fingerprint of an outage's readings as of a second ago at most:
// one small query a second serves all outages that anybody looks at.
func (c *cache) print(ctx context.Context, id string) (uint64, error) {
	all, err := c.prints.get(ctx, c, func(ctx context.Context, _ map[string]uint64, _ bool) (map[string]uint64, time.Duration, error) {
		prints, err := c.s.prints(ctx, c.ids())
		return prints, lookAgain / 2, err
	})
	return all[id], err
}

// refresh is the loader of a value that depends on an outage's readings, and on
// something else whose fingerprint is more.
func refresh[T any](c *cache, id string, more uint64, compute func(context.Context) (T, error)) loader[printed[T]] {
	return func(ctx context.Context, old printed[T], have bool) (printed[T], time.Duration, error) {
		print, err := c.print(ctx, id)
		if err == nil && print == 0 && !have { // it was not asked for when they were read
			var prints map[string]uint64
			prints, err = c.s.prints(ctx, []string{id})
			print = prints[id]
		}
		print ^= more
		if err != nil || have && print == old.print {
			return old, lookAgain, err
		}
		if err := c.queue.enter(ctx, c.entry(id)); err != nil {
			return old, 0, err
		}
		defer c.queue.leave()
		begun := time.Now()
		value, err := compute(ctx)
		return printed[T]{value, print}, max(lookAgain, restFactor*time.Since(begun)), err
	}
}
