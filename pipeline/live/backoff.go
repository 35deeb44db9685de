package live

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hugops/hugops/pipeline"
)

// maxRetryAfter bounds what a server may ask for with Retry-After.
const maxRetryAfter = 15 * time.Minute

// Pauses are the waits between attempts that fail one after another: the first
// is Min, each other twice the one before, up to Max. Each is jittered by half.
type Pauses struct{ Min, Max time.Duration }

func (p Pauses) after(attempts int) time.Duration {
	if attempts >= 16 {
		return p.Max
	}
	return min(p.Min<<attempts, p.Max)
}

// Backoff spaces the attempts to connect: the first goes at once, each other
// waits, longer and longer until there was progress. It is safe for use by
// several goroutines.
type Backoff struct {
	pauses Pauses

	mu       sync.Mutex
	class    Pauses // what the last failure asked for
	attempts int    // since the last progress, with failures of one class
	tried    bool
	until    time.Time // what the server asked for
}

// NewBackoff returns a back-off with the pauses of failures that name none.
func NewBackoff(p Pauses) *Backoff { return &Backoff{pauses: p, class: p} }

// Wait returns when the next attempt may begin, or with ctx.Err().
func (b *Backoff) Wait(ctx context.Context, log *slog.Logger) error {
	delay := b.next(time.Now())
	if delay <= 0 {
		return ctx.Err()
	}
	log.Info("waiting before the next attempt", "delay", delay.Round(time.Millisecond))
	return pipeline.Sleep(ctx, delay)
}

func (b *Backoff) next(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.tried {
		b.tried = true
		return 0
	}
	delay := b.class.after(b.attempts)
	b.attempts++
	delay = delay/2 + rand.N(delay)
	return max(delay, b.until.Sub(now))
}

// Progress says that the connection is of use: the next wait is short again.
func (b *Backoff) Progress() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.class, b.attempts = b.pauses, 0
}

// Failed says why an attempt or a connection ended. Where the error names pauses
// of its own (Paused), those come next, from the first when its class is new.
func (b *Backoff) Failed(err error) {
	class := b.pauses
	var p *paused
	if errors.As(err, &p) {
		class = p.pauses
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if class != b.class {
		b.class, b.attempts = class, 0
	}
}

// Obey heeds Retry-After (seconds or a date) and Mastodon's X-RateLimit-Reset.
func (b *Backoff) Obey(header http.Header, now time.Time) {
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

// paused is an error with the pauses of its class.
type paused struct {
	error
	pauses Pauses
}

func (p *paused) Unwrap() error { return p.error }

// Paused gives an error the pauses of its class.
func Paused(err error, p Pauses) error { return &paused{err, p} }
