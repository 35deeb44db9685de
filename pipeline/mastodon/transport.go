package mastodon

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/hugops/hugops/pipeline/live"
)

// transport stands between go-mastodon and the network and heals what the
// library lacks: a pause before each reconnect, a deadline for silence, the
// streaming host from the current API and only if it may have the token, and the
// raw bytes of each event. The library itself is fed newlines only, so that no
// event is decoded twice and none can block or overfill it.
//
// The library's loop asks where the stream is, then for the stream, then reads
// it: all that is one attempt, and one goroutine.
type transport struct {
	src  *Source
	ctx  context.Context // of the source
	fail context.CancelCauseFunc

	inside   bool // this attempt has passed the pauses
	server   bool // the last one failed because of the server
	answered http.Header
}

// RoundTrip answers go-mastodon's two questions: where is the stream, and the
// stream.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.enter(); err != nil {
		return nil, err
	}
	if strings.HasSuffix(req.URL.Path, "/api/v1/instance") {
		return t.whereIsIt(req)
	}
	resp, err := t.open(req)
	t.leave(err)
	return resp, err
}

// enter waits until an attempt may begin. Failures of the server make all its
// streams wait together, others this one alone.
func (t *transport) enter() error {
	if t.inside {
		return nil
	}
	if !t.server {
		if err := t.src.loop.Wait(t.ctx, t.src.log); err != nil {
			return err
		}
	}
	if err := t.src.server.gate.enter(t.ctx, t.src.log); err != nil {
		return err
	}
	t.inside = true
	return nil
}

func (t *transport) leave(err error) {
	status, answered := err.(*statusError)
	t.server = err != nil && !(answered && status.refused())
	if !t.server {
		t.src.loop.Obey(t.answered, time.Now())
	}
	t.src.server.gate.leave(t.ctx, t.server, t.answered)
	t.inside, t.answered = false, nil
}

// whereIsIt answers the question for the instance in the shape of version 1,
// which is what the library reads. It always names a host, or the library would
// stay with the one before.
func (t *transport) whereIsIt(req *http.Request) (*http.Response, error) {
	host := t.src.server.host
	a, err := t.src.server.ask(t.ctx)
	if err != nil {
		t.src.log.Warn("the server does not say what it allows; trying all the same", "error", &redacted{err, t.src.server})
	} else {
		host = a.streaming
		if err := t.src.permit(t.ctx, a); err != nil {
			t.leave(nil)
			t.fail(err)
			return nil, err
		}
	}
	answer, err := json.Marshal(map[string]map[string]string{"urls": {"streaming_api": "//" + host}})
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
		Body: io.NopCloser(bytes.NewReader(answer)), ContentLength: int64(len(answer))}, nil
}

// open asks for the stream.
func (t *transport) open(req *http.Request) (*http.Response, error) {
	ctx, watchdog := live.Watch(req.Context(), t.src.stall)
	req = req.Clone(ctx)
	req.Header.Set("Accept", "text/event-stream")
	watchdog.Listen()
	resp, err := t.src.server.send(req)
	watchdog.Rest()
	if err == nil {
		err = t.check(resp)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		watchdog.Close()
		t.ended(err)
		return nil, err
	}
	t.src.opened(ctx, skewOf(resp.Header, time.Now()))
	resp.Body = &streamBody{t: t, ctx: ctx, watchdog: watchdog, body: resp.Body, opened: time.Now(), buf: make([]byte, 16<<10)}
	return resp, nil
}

// check closes and refuses an answer that is no event stream.
func (t *transport) check(resp *http.Response) error {
	refused := newStatusError(resp)
	if refused.isStream() {
		return nil
	}
	resp.Body.Close()
	t.answered = resp.Header
	if err := t.src.fatal(refused); err != nil {
		t.fail(err)
		return err
	}
	return refused
}

// fatal is the error about an answer after which going on is senseless.
func (s *Source) fatal(e *statusError) error {
	switch {
	case e.code == http.StatusUnauthorized && e.refused():
		return tokenError(e.host, e.code)
	case e.code == http.StatusForbidden && e.refused():
		return fmt.Errorf("%s does not let this account read the stream %s (403): its live feeds may be switched off; try a hashtag stream or another server", e.host, s.stream.name)
	}
	return nil
}

// ended is told why a connection ended or was not made.
func (t *transport) ended(err error) {
	if t.ctx.Err() != nil {
		return
	}
	t.src.server.forget()
	t.src.closed(err)
}

// streamBody is the body of a stream: reading it hands events over, and gives
// the reader newlines. Time that the consumer takes does not count as silence.
type streamBody struct {
	t        *transport
	ctx      context.Context
	watchdog *live.Watchdog
	body     io.ReadCloser
	parser   sseParser
	opened   time.Time
	buf      []byte
	over     sync.Once
}

func (b *streamBody) Read(p []byte) (int, error) {
	asked := time.Now()
	b.watchdog.Listen()
	n, err := b.body.Read(b.buf)
	b.watchdog.Rest()
	if n > 0 {
		drained := time.Time{}
		if time.Since(asked) >= drainedAfter {
			drained = asked
		}
		if took := b.take(b.buf[:n], drained); took != nil {
			err = took
		}
	}
	if err != nil {
		if cause := context.Cause(b.ctx); cause != nil {
			err = cause
		}
		b.over.Do(func() { b.t.ended(err) })
		return 0, err
	}
	p[0] = '\n'
	return 1, nil
}

// drainedAfter is how long a Read waits that found nothing to read at first: what
// was sent before it was dealt with then. While Kafka is slow there is always more,
// and that may be lost with the connection.
const drainedAfter = 2 * time.Millisecond

// take deals with bytes that came; drained is when nothing was left to read, zero
// if that is not known.
func (b *streamBody) take(text []byte, drained time.Time) error {
	src := b.t.src
	if time.Since(b.opened) > src.stall {
		src.loop.Progress() // it lives, though nobody may be posting
	}
	err := b.parser.feed(text, func(e serverEvent) error {
		src.loop.Progress()
		return src.deliver(e)
	})
	if err == nil && !drained.IsZero() {
		src.heard(drained)
	}
	return err
}

func (b *streamBody) Close() error {
	b.watchdog.Close()
	return b.body.Close()
}
