package x

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

// defaultBase is where X's API is.
const defaultBase = "https://api.x.com"

const (
	answerTime = 30 * time.Second // for everything but the stream
	rateWindow = 15 * time.Minute // of X's rate limits
	readBuffer = 64 << 10         // of the socket: what lies in it is paid for already
)

// api is X's API v2, as an app may use it. It follows no redirect, so that the
// token goes to one host only.
type api struct {
	base  string
	token string
	http  *http.Client
	skew  atomic.Int64 // how far the server's clock is ahead of ours, ns
	pace  throttle     // of searches and counts
}

func newAPI(base, token string) (*api, error) {
	if base == "" {
		base = defaultBase
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%q is no address of X's API such as %s", base, defaultBase)
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && !(local && u.Scheme == "http") {
		return nil, fmt.Errorf("%s: the token goes over https only", u.Host)
	}
	// Small buffers: what is under way when the stream must stop for the budget's
	// sake has to be little.
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	transport := live.NewTransport()
	transport.ResponseHeaderTimeout = answerTime
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(readBuffer)
		}
		return conn, err
	}
	return &api{base: u.Scheme + "://" + u.Host, token: token,
		http: &http.Client{Transport: transport, CheckRedirect: refuseRedirect},
		pace: throttle{most: 250, window: rateWindow}}, nil
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// call asks, and reads the answer into what into points to; nil reads nothing.
func (a *api) call(ctx context.Context, method, path string, query url.Values, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	raw, err := a.raw(ctx, method, path, query, body)
	if err != nil || into == nil {
		return err
	}
	return wire.UnmarshalFile(raw, into)
}

// raw is call for an answer as it came.
func (a *api) raw(ctx context.Context, method, path string, query url.Values, body any) ([]byte, error) {
	resp, err := a.open(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, MaxPage+1))
	if err != nil {
		return nil, fmt.Errorf("reading X's answer: %w", err)
	}
	if len(raw) > MaxPage {
		return nil, wire.TooLong(int64(len(raw)))
	}
	return raw, nil
}

// open returns the answer to a request once its header is there and good; the
// caller closes its body.
func (a *api) open(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(raw)
	}
	address := a.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("User-Agent", "hugops/"+hugops.Version)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("cannot reach X: %w", bare(ctx, err))
	}
	a.learnClock(resp.Header)
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, a.refused(resp)
}

// bare is an error of net/http without the address in it, which may hold a
// signature; or the cause for which ctx was ended.
func bare(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var inAddress *url.Error
	if errors.As(err, &inAddress) {
		return inAddress.Err
	}
	return err
}

// learnClock reads how far the server's clock is from ours; its Date has whole
// seconds.
func (a *api) learnClock(header http.Header) {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		skew := time.Until(date.Add(500 * time.Millisecond))
		if skew.Abs() < 2*time.Second {
			skew = 0
		}
		a.skew.Store(int64(skew))
	}
}

// at writes a moment of our clock as the server's clock tells it.
func (a *api) at(t time.Time) string {
	return t.Add(time.Duration(a.skew.Load())).UTC().Format(time.RFC3339)
}

// refused reads why a request was refused.
func (a *api) refused(resp *http.Response) error {
	e := &refusal{Status: resp.StatusCode}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	_ = wire.Unmarshal(raw, &e.problem) // a page of HTML says nothing
	if len(e.Errors) > 0 && e.Title == "" {
		e.Title, e.Detail, e.Type = e.Errors[0].Title, e.Errors[0].Detail, e.Errors[0].Type
	}
	if seconds, err := strconv.ParseInt(resp.Header.Get("X-Rate-Limit-Reset"), 10, 64); err == nil {
		e.Reset = time.Until(time.Unix(seconds, 0).Add(-time.Duration(a.skew.Load())))
	}
	return e
}

// throttle keeps requests within so many in a window of time.
type throttle struct {
	most   int
	window time.Duration

	mu    sync.Mutex
	times []time.Time
}

// wait returns when one more may be made, or with ctx.Err(). It says so when that
// takes long.
func (t *throttle) wait(ctx context.Context, log *slog.Logger) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.times) >= t.most {
		delay := time.Until(t.times[0].Add(t.window))
		if delay > time.Second {
			log.Warn("X allows no more requests of this kind for a while", "most", t.most, "in", t.window, "pause", delay.Round(time.Second))
		}
		if err := pipeline.Sleep(ctx, delay); err != nil {
			return err
		}
		t.times = t.times[1:]
	}
	t.times = append(t.times, time.Now())
	return ctx.Err()
}
