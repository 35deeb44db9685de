package statusfeed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/hugops/hugops/pipeline"
)

// atOnce is how many answers are read and parsed at a time, so that memory stays
// small however many pages are watched.
const atOnce = 8

// hostPause is the least time between two requests to a host.
const hostPause = time.Second

// fetcher asks hosts, each for one thing at a time.
type fetcher struct {
	client *http.Client
	slots  chan struct{}
	mu     sync.Mutex
	hosts  map[string]*host
}

// host is one server.
type host struct {
	turn  chan struct{} // held by who asks it
	next  time.Time     // not before; of the holder
	until time.Time     // it asked to be left alone until then; of the holder
}

func newFetcher(client *http.Client) *fetcher {
	return &fetcher{client: client, slots: make(chan struct{}, atOnce), hosts: map[string]*host{}}
}

func (f *fetcher) host(address string) *host {
	u, err := url.Parse(address)
	name := address
	if err == nil {
		name = u.Host
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.hosts[name]
	if h == nil {
		h = &host{turn: make(chan struct{}, 1)}
		f.hosts[name] = h
	}
	return h
}

// ask gets an address when its host has time, and hands the answer to read while
// it counts as one of those at once; nil is "as before".
func (f *fetcher) ask(ctx context.Context, address, etag, modified string, read func(*response) error) error {
	h := f.host(address)
	if err := take(ctx, h.turn); err != nil {
		return err
	}
	defer func() { <-h.turn }()
	if wait := time.Until(h.until); wait > 0 {
		return fmt.Errorf("the host asked to be left alone for %v: %w", wait.Round(time.Second), &errStatus{http.StatusTooManyRequests, wait})
	}
	if err := pipeline.Sleep(ctx, time.Until(h.next)); err != nil {
		return err
	}
	if err := take(ctx, f.slots); err != nil {
		return err
	}
	defer func() { <-f.slots }()
	r, err := get(ctx, f.client, address, etag, modified)
	h.next = time.Now().Add(hostPause)
	if status := (*errStatus)(nil); errors.As(err, &status) && status.retryAfter > 0 {
		h.until = time.Now().Add(min(status.retryAfter, pollMax))
	}
	if err != nil {
		return err
	}
	return read(r)
}

func take(ctx context.Context, room chan struct{}) error {
	select {
	case room <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
