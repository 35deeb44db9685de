package mastodon

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxRetryAfter bounds what a server may ask for with Retry-After.
const maxRetryAfter = 15 * time.Minute

// backoff spaces the attempts to connect: the first goes at once, each other
// waits, twice as long as the one before until there was progress. It is safe
// for use by several goroutines.
type backoff struct {
	min, max time.Duration

	mu       sync.Mutex
	attempts int // since the last progress
	tried    bool
	until    time.Time // what the server asked for
}

// wait returns when the next attempt may begin. Waits are jittered by half.
func (b *backoff) wait(ctx context.Context, log *slog.Logger) error {
	delay := b.next(time.Now())
	if delay <= 0 {
		return ctx.Err()
	}
	log.Info("waiting before the stream is opened again", "delay", delay.Round(time.Millisecond))
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *backoff) next(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.tried {
		b.tried = true
		return 0
	}
	delay := b.max
	if b.attempts < 16 {
		delay = min(b.min<<b.attempts, b.max)
	}
	b.attempts++
	delay = delay/2 + rand.N(delay)
	return max(delay, b.until.Sub(now))
}

// progress says that the connection is of use: the next wait is short again.
func (b *backoff) progress() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attempts = 0
}

// obey heeds Retry-After (seconds or a date) and Mastodon's X-RateLimit-Reset.
func (b *backoff) obey(header http.Header, now time.Time) {
	var until time.Time
	if after := header.Get("Retry-After"); after != "" {
		if seconds, err := strconv.Atoi(after); err == nil && seconds > 0 {
			until = now.Add(time.Duration(min(seconds, 86400)) * time.Second)
		} else if at, err := http.ParseTime(after); err == nil {
			until = at
		}
	} else if at, err := time.Parse(time.RFC3339, header.Get("X-RateLimit-Reset")); err == nil {
		until = at
	}
	if latest := now.Add(maxRetryAfter); until.After(latest) {
		until = latest
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.until = until
}
