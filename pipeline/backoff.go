package pipeline

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// backoff waits longer after each failure, with jitter, so that many workers do
// not come back at the same moment.
type backoff struct {
	min, max time.Duration
	next     time.Duration
}

// wait waits for between half and all of the current pause, which doubles each
// time up to max. It returns ctx.Err() as soon as ctx is done.
func (b *backoff) wait(ctx context.Context) error {
	b.next = min(max(b.next, b.min), b.max)
	pause := b.next/2 + rand.N(b.next/2+1)
	b.next *= 2
	return Sleep(ctx, pause)
}

// Sleep waits for a time, or until ctx is done; it returns ctx.Err().
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// graceful returns a context that lives for d longer than ctx, so that what is
// under way when ctx ends can be finished.
func graceful(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(d, cancel)
		context.AfterFunc(out, func() { timer.Stop() })
	})
	return out, func() { stop(); cancel() }
}

// closeWithin closes something, and lets it go on closing by itself when that
// takes longer than closeTime: a client whose broker is away waits long.
func closeWithin(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(closeTime)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errors.New("closing takes too long, the connections are left to time out")
	}
}
