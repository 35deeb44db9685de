package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
)

// TestQueue: at most so many are in at once; who is waited for goes first, then
// the lowest rank; who gives up takes no place with it.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{free: 1}
		if err := q.enter(t.Context(), &entry{}); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []string
		come := func(ctx context.Context, name string, rank int64, wanted bool) {
			e := &entry{}
			e.rank.Store(rank)
			if wanted {
				e.wanted.Add(1)
			}
			go func() {
				err := q.enter(ctx, e)
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				if err == nil {
					q.leave()
				} else if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		impatient, leave := context.WithCancel(t.Context())
		come(t.Context(), "third", 7, false)
		come(impatient, "gave up", 0, false)
		come(t.Context(), "second", 3, false)
		come(t.Context(), "last", 1<<32, false)
		come(t.Context(), "first", 1<<33, true)
		leave()
		synctest.Wait()
		q.leave()
		synctest.Wait()
		if got, want := strings.Join(order, ", "), "gave up, first, second, third, last"; got != want {
			t.Errorf("in the order %s, want %s", got, want)
		}
		if q.free != 1 || len(q.waiting) != 0 {
			t.Errorf("%d places are free, %d wait", q.free, len(q.waiting))
		}
	})
}

// TestQueueIsBounded: where very many wait, no more are let in, those last that a
// request waits for.
func TestQueueIsBounded(t *testing.T) {
	c := newTestCache(t)
	c.queue.free = 0
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var wg sync.WaitGroup
	wanted := &entry{}
	wanted.wanted.Add(1)
	for _, group := range []struct {
		of   *entry
		most int
	}{{&entry{}, maxWaiting}, {wanted, 2 * maxWaiting}} {
		var refused atomic.Int64
		for range maxWaiting + 7 {
			wg.Go(func() {
				if err := c.queue.enter(ctx, group.of); errors.Is(err, errBusy) {
					refused.Add(1)
				}
			})
		}
		for c.queue.waits() < group.most || refused.Load() < 7 {
			time.Sleep(time.Millisecond)
		}
		if n := c.queue.waits(); n != group.most || refused.Load() != 7 {
			t.Errorf("%d wait, want %d; %d were refused, want 7", n, group.most, refused.Load())
		}
	}
	leave()
	wg.Wait()
}

// TestListsDoNotWait: a list comes soon though the figures of many outages have to
// be computed, says which are pending, and has them all in the end, those of the
// outages that go on first.
func TestListsDoNotWait(t *testing.T) {
	c := config(t)
	writer := open(t, c)
	ctx := t.Context()
	const n = 40
	var outages []hugops.Outage
	for i := range n {
		o := nimbus
		o.ID = fmt.Sprintf("n-%d", i)
		if i%2 == 0 {
			o.EndedAt = time.Time{}
		}
		outages = append(outages, o)
	}
	if err := writer.PutOutages(ctx, outages); err != nil {
		t.Fatal(err)
	}
	posts := crowd(40)
	for i := range posts {
		posts[i].Links = []hugops.Link{{Outage: outages[i%n].ID, Probability: 0.9}}
	}
	if err := writer.Write(ctx, posts, nil); err != nil {
		t.Fatal(err)
	}
	c.Stale = 0
	s := open(t, c)
	s.cache.queue.free = 0 // as if all were busy
	pending := func() (n int, list []hugops.Summary) {
		t.Helper()
		began := time.Now()
		list, err := summaries(ctx, s, later, 0)
		if err != nil || len(list) != len(outages) {
			t.Fatalf("%d summaries, %v", len(list), err)
		}
		if took := time.Since(began); took > patienceForAll+time.Second {
			t.Errorf("the list took %s", took)
		}
		for _, sum := range list {
			if sum.Index.Pending {
				n++
			} else if sum.Posts != 1 {
				t.Errorf("%s has %d posts, and is not pending", sum.Outage.ID, sum.Posts)
			}
		}
		return n, list
	}
	if got, _ := pending(); got != n {
		t.Errorf("%d are pending while nothing is computed, want all %d", got, n)
	}
	for s.cache.queue.waits() < n {
		time.Sleep(time.Millisecond)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := s.Detail(short, outages[1].ID, later); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a page of figures that are not there: %v", err)
	}
	if page, err := s.OutagePage(short, later, hugops.OutageQuery{Network: hugops.Mastodon, Limit: 5}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a search by network, of which nothing is known yet: %d outages, %v", len(page.Summaries), err)
	}
	crowd := func(line []turn) (was []turn) {
		s.cache.queue.mu.Lock()
		defer s.cache.queue.mu.Unlock()
		was, s.cache.queue.waiting = s.cache.queue.waiting, line
		return was
	}
	line := crowd(slices.Repeat([]turn{{of: &entry{}}}, 2*maxWaiting)) // as if very many waited
	s.cache.mu.Lock()
	s.cache.entries = map[string]*entry{}
	s.cache.mu.Unlock()
	if got, _ := pending(); got != n {
		t.Errorf("%d are pending while too many wait, want all %d", got, n)
	}
	if _, err := s.Detail(ctx, outages[1].ID, later); !errors.Is(err, errBusy) {
		t.Errorf("a page while too many wait: %v", err)
	}
	crowd(line)
	s.cache.queue.leave()
	for {
		got, list := pending()
		if got == 0 {
			break
		}
		for _, sum := range list {
			if !sum.Index.Pending && !sum.Outage.EndedAt.IsZero() && got > n/2 {
				t.Errorf("%s is over, and was computed while %d were pending", sum.Outage.ID, got)
			}
		}
	}
}

// waits is how many wait for a place.
func (q *queue) waits() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// TestOddly: of those who each ask for another time few are served at once. Who would
// wait for long is told so, and nobody is served who is not there any more.
func TestOddly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(&Store{config: Config{Stale: time.Hour}, log: quiet})
		few := cap(c.odd)
		var now, most, loaded, busy atomic.Int64
		load := func(context.Context, int, bool) (int, time.Duration, error) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(patience * 3 / 4)
			now.Add(-1)
			loaded.Add(1)
			return 1, time.Hour, nil
		}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, err := new(kept[int]).get(t.Context(), c, oddly(c, load))
				if errors.Is(err, errBusy) && errors.Is(err, context.DeadlineExceeded) {
					busy.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most.Load() != int64(few) || loaded.Load() != int64(2*few) || busy.Load() != int64(100-2*few) {
			t.Errorf("%d at once, %d loaded, %d told that too many ask; want %d, %d and the rest of 100", most.Load(), loaded.Load(), busy.Load(), few, 2*few)
		}
		if n, err := new(kept[int]).get(t.Context(), c, oddly(c, load)); n != 1 || err != nil {
			t.Errorf("when all are gone: %d, %v", n, err)
		}
		c.close()
	})
}
