package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// queue lets few compute at the same time. Of those who wait the first is the one
// that a request waits for, and then the one of the lowest rank.
type queue struct {
	mu      sync.Mutex
	free    int
	waiting []turn
}

// maxWaiting is how many wait at most: twice the outages that figures are kept of, and
// as many again that a request waits for. Who reads the list of all outages again and
// again asks for more than anybody computes.
const maxWaiting = 2 * maxEntries

type turn struct {
	of   *entry
	come chan struct{}
}

// enter waits for a place; leave gives it back. Where too many wait the error is errBusy.
func (q *queue) enter(ctx context.Context, e *entry) error {
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return nil
	}
	most := maxWaiting
	if e.wanted.Load() > 0 {
		most *= 2
	}
	if len(q.waiting) >= most {
		q.mu.Unlock()
		return fmt.Errorf("store: %w", errBusy)
	}
	t := turn{e, make(chan struct{})}
	q.waiting = append(q.waiting, t)
	q.mu.Unlock()
	select {
	case <-t.come:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, t); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	} else { // its turn came meanwhile
		q.next()
	}
	return ctx.Err()
}

func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next()
}

// next lets the first of those who wait in. q.mu is held.
func (q *queue) next() {
	if len(q.waiting) == 0 {
		q.free++
		return
	}
	first := 0
	for i := range q.waiting {
		if q.waiting[i].of.place() < q.waiting[first].of.place() {
			first = i
		}
	}
	close(q.waiting[first].come)
	q.waiting = slices.Delete(q.waiting, first, first+1)
}

// place is where an entry stands in the queue.
func (e *entry) place() int64 {
	if e.wanted.Load() > 0 {
		return -1
	}
	return e.rank.Load()
}
