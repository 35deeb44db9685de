package mastodon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

const instanceTimeout = 15 * time.Second

var errNoStream = errors.New("the answer is no event stream")

// transport stands between go-mastodon and the network and heals what the
// library lacks: a pause before each reconnect, a deadline for silence, the
// streaming host from the current API, and the raw bytes of each event, which
// go to onEvent. The library itself is fed heartbeats only, so that no event is
// decoded twice and none can block or overfill it.
type transport struct {
	base    http.RoundTripper
	stall   time.Duration
	loop    *live.Loop
	onEvent func(serverEvent) error
	// onStatus is told of an answer that is no stream; what it returns ends the
	// source for good.
	onStatus func(code int, media string) error
	// onEnd is told why a connection ended or was not made.
	onEnd func(error)
	// onOpen is told that a stream is open.
	onOpen func()

	mu       sync.Mutex
	instance []byte // the cached answer to the library's question
}

// RoundTrip answers go-mastodon's two questions: where is the stream, and the
// stream.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", "hugops/"+hugops.Version+" (+https://github.com/hugops/hugops)")
	switch path := req.URL.Path; {
	case strings.HasSuffix(path, "/api/v1/instance"):
		return t.roundTripInstance(req)
	case strings.Contains(path, "/api/v1/streaming/"):
		return t.roundTripStream(req)
	}
	return t.base.RoundTrip(req)
}

// roundTripInstance asks /api/v2/instance, which names the streaming host in
// configuration.urls.streaming, and answers in the shape of version 1, which is
// what the library reads. Servers without version 2 answer for themselves.
func (t *transport) roundTripInstance(req *http.Request) (*http.Response, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.instance == nil {
		answer, err := t.askInstance(req)
		if err != nil {
			t.loop.Log.Warn("the server does not say where its streams are; trying the server itself", "error", err)
			return nil, err
		}
		t.instance = answer
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
		Body: io.NopCloser(bytes.NewReader(t.instance)), ContentLength: int64(len(t.instance))}, nil
}

func (t *transport) forgetInstance() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.instance = nil
}

func (t *transport) askInstance(req *http.Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(req.Context(), instanceTimeout)
	defer cancel()
	v2 := req.Clone(ctx)
	v2.URL.Path = strings.TrimSuffix(v2.URL.Path, "v1/instance") + "v2/instance"
	raw, code, err := t.get(v2)
	if err == nil && code == http.StatusNotFound {
		raw, code, err = t.get(req.Clone(ctx))
		if err == nil && code == http.StatusOK {
			return raw, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if code != http.StatusOK {
		return nil, fmt.Errorf("instance: status %d", code)
	}
	var instance struct {
		Configuration struct {
			URLs struct {
				Streaming string `json:"streaming"`
			} `json:"urls"`
		} `json:"configuration"`
	}
	if err := wire.Unmarshal(raw, &instance); err != nil {
		return nil, fmt.Errorf("instance: %w", err)
	}
	streaming := instance.Configuration.URLs.Streaming
	if u, err := url.Parse(streaming); err != nil || u.Host == "" {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]map[string]string{"urls": {"streaming_api": streaming}})
}

func (t *transport) get(req *http.Request) (body []byte, code int, err error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, wire.MaxBytes))
	return body, resp.StatusCode, err
}

// roundTripStream opens the stream, no sooner than the back-off allows.
func (t *transport) roundTripStream(req *http.Request) (*http.Response, error) {
	if err := t.loop.Wait(req.Context(), t.loop.Log); err != nil {
		return nil, err
	}
	ctx, watchdog := live.Watch(req.Context(), t.stall)
	watchdog.Listen()
	resp, err := t.base.RoundTrip(req.WithContext(ctx))
	watchdog.Rest()
	if err == nil {
		err = t.check(resp)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		watchdog.Close()
		t.forgetInstance()
		t.onEnd(err)
		return nil, err
	}
	t.onOpen()
	resp.Body = &streamBody{t: t, ctx: ctx, watchdog: watchdog, body: resp.Body, opened: time.Now(), buf: make([]byte, 32<<10)}
	return resp, nil
}

// check closes and refuses an answer that is no event stream.
func (t *transport) check(resp *http.Response) error {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == http.StatusOK && media == "text/event-stream" {
		return nil
	}
	resp.Body.Close()
	t.loop.Obey(resp.Header, time.Now())
	if err := t.onStatus(resp.StatusCode, media); err != nil {
		return err
	}
	return fmt.Errorf("%w: status %d, %q", errNoStream, resp.StatusCode, media)
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
	ended    sync.Once
}

func (b *streamBody) Read(p []byte) (int, error) {
	b.watchdog.Listen()
	n, err := b.body.Read(b.buf)
	b.watchdog.Rest()
	if n > 0 {
		if time.Since(b.opened) > b.t.stall {
			b.t.loop.Progress() // it lives, though nobody may be posting
		}
		fed := b.parser.feed(b.buf[:n], func(e serverEvent) error {
			b.t.loop.Progress()
			return b.t.onEvent(e)
		})
		if fed != nil {
			err = fed
		}
	}
	if err != nil {
		if cause := context.Cause(b.ctx); cause != nil {
			err = cause
		}
		b.ended.Do(func() { b.t.onEnd(err) })
		return 0, err
	}
	p[0] = '\n'
	return 1, nil
}

func (b *streamBody) Close() error {
	b.watchdog.Close()
	return b.body.Close()
}
