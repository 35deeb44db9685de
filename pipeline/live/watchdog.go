package live

import (
	"context"
	"errors"
	"time"
)

// ErrSilent is the cause of a context that a Watchdog ended.
var ErrSilent = errors.New("stalled: not even a heartbeat came")

// Watchdog ends a connection on which nothing comes any more, not even a
// heartbeat: a half-open socket never says so itself. What the reader takes for
// its own work does not count as silence.
type Watchdog struct {
	silence time.Duration
	timer   *time.Timer
	cancel  context.CancelCauseFunc
}

// Watch returns the context of a connection, and the watchdog that ends it with
// ErrSilent. Nothing is watched before Listen; Close must be called.
func Watch(ctx context.Context, silence time.Duration) (context.Context, *Watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(silence, func() { cancel(ErrSilent) })
	timer.Stop()
	return ctx, &Watchdog{silence: silence, timer: timer, cancel: cancel}
}

// Listen says that from now on something must come; each sign of life is another
// Listen.
func (w *Watchdog) Listen() { w.timer.Reset(w.silence) }

// Rest says that nobody listens for a while.
func (w *Watchdog) Rest() { w.timer.Stop() }

// End ends the connection for another reason.
func (w *Watchdog) End(err error) { w.cancel(err) }

// Close ends the connection's context.
func (w *Watchdog) Close() {
	w.timer.Stop()
	w.cancel(nil)
}
