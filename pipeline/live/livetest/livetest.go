// Package livetest is what the tests of live sources share.
package livetest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"github.com/hugops/hugops/pipeline"
)

// Log keeps a log as text. It is safe for use by several goroutines.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Logger writes everything into the log.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Run runs a source until stop is called, or the test ends. What it emits waits in
// items until somebody takes it; whoever does acknowledges it. Stop returns when the
// source has ended, which it must do for no other reason.
func Run(t testing.TB, source pipeline.Source) (items chan pipeline.Item, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	items = make(chan pipeline.Item)
	end := make(chan error, 1)
	go func() {
		end <- source.Run(ctx, func(ctx context.Context, it pipeline.Item) error {
			select {
			case items <- it:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-end; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return items, stop
}
