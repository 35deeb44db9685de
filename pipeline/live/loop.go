package live

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

// Loop makes one connection after another. A source whose library has a loop of
// its own calls Opened and Ended itself.
type Loop struct {
	Source string // its name, for the metrics
	Log    *slog.Logger
	*Backoff
	*Sight
}

// Run calls session until ctx is done, or until a session returns an error that
// Fatal made; it returns that error. Each session is one connection; it calls
// Opened, and Progress when the connection is of use.
func (l *Loop) Run(ctx context.Context, session func(context.Context) error) error {
	for {
		if err := l.Wait(ctx, l.Log); err != nil {
			return err
		}
		err := session(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.Ended(err)
		var f *fatal
		if errors.As(err, &f) {
			return f.error
		}
	}
}

// Opened counts and logs a connection.
func (l *Loop) Opened(about ...any) {
	l.Count("connects")
	l.Log.Info("the stream is open", about...)
}

// Ended counts and logs the end of a connection, or of an attempt to make one.
func (l *Loop) Ended(err error) {
	l.Set(hugops.CoverageGap)
	l.Failed(err)
	l.Count("disconnects")
	reason := "the server closed it"
	if err != nil && !errors.Is(err, io.EOF) {
		reason = err.Error()
	}
	l.Log.Warn("the stream has ended", "error", reason)
}

// Count adds one to hugops_source_WHAT_total.
func (l *Loop) Count(what string) {
	metrics.GetOrCreateCounter("hugops_source_" + what + "_total{source=" + strconv.Quote(l.Source) + "}").Inc()
}

type fatal struct{ error }

func (f *fatal) Unwrap() error { return f.error }

// Fatal marks an error after which going on is senseless.
func Fatal(err error) error { return &fatal{err} }
