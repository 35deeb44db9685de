package store

import (
	"context"
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

type turn struct {
	of   *entry
	come chan struct{}
}

// enter waits for a place; leave gives it back.
func (q *queue) enter(ctx context.Context, e *entry) error {
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return nil
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
