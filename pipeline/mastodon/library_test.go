package mastodon

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	masto "github.com/mattn/go-mastodon"

	"github.com/hugops/hugops/pipeline"
)

// The tests of this file show what go-mastodon does by itself, and beside it what
// becomes of it here. Where one of them fails because the library has changed,
// what heals it may go.

// plainClient is the library as it comes.
func plainClient(f *fake) *masto.Client {
	client := masto.NewClient(&masto.Config{Server: "https://pond.example", AccessToken: testToken})
	client.Client = http.Client{Transport: f}
	return client
}

func TestLibraryReconnectsWithoutPause(t *testing.T) {
	closing := func(_ http.ResponseWriter, say func(string), _ <-chan struct{}) { say(":)\n") }
	plain := &fake{t: t, scripts: []script{closing}}
	ctx, cancel := context.WithCancel(t.Context())
	events, _ := plainClient(plain).StreamingPublic(ctx, false)
	go func() {
		for range events {
		}
	}()
	connects := func(f *fake) int { streams, _ := f.asked(); return len(streams) }
	began := time.Now()
	eventually(t, "a hundred connections", func() bool { return connects(plain) > 100 })
	took := time.Since(began)
	cancel()

	healed := &fake{scripts: []script{closing}}
	src := healed.sources(t, io.Discard)[0]
	ctx, cancel = context.WithTimeout(t.Context(), min(took, 300*time.Millisecond))
	defer cancel()
	src.Run(ctx, func(context.Context, pipeline.Item) error { return nil })
	if n := connects(healed); n != 1 {
		t.Errorf("%d connections in %v", n, took)
	}
}

func TestLibraryNeverNoticesSilence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		halfOpen := func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(":)\n"); <-gone }
		plain, healed := &fake{t: t, scripts: []script{halfOpen}}, &fake{scripts: []script{halfOpen}}
		ctx, cancel := context.WithCancel(t.Context())
		events, _ := plainClient(plain).StreamingPublic(ctx, false)
		src := healed.sources(t, io.Discard)[0]
		go src.Run(ctx, func(context.Context, pipeline.Item) error { return nil })
		time.Sleep(24 * time.Hour)
		if streams, _ := plain.asked(); len(streams) != 1 {
			t.Errorf("the library made %d connections in a day", len(streams))
		}
		if streams, _ := healed.asked(); len(streams) < 100 {
			t.Errorf("only %d connections in a day", len(streams))
		}
		cancel()
		for range events {
		}
		synctest.Wait()
	})
}

func TestLibraryBlocksOnWhatNobodyTakes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		posting := func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(update("1", "hi")); <-gone }
		plain, healed := &fake{t: t, scripts: []script{posting}}, &fake{scripts: []script{posting}}
		ctx, cancel := context.WithCancel(t.Context())
		events, _ := plainClient(plain).StreamingPublic(ctx, false)
		ended := make(chan error, 1)
		src := healed.sources(t, io.Discard)[0]
		go func() {
			ended <- src.Run(ctx, func(ctx context.Context, _ pipeline.Item) error { <-ctx.Done(); return ctx.Err() })
		}()
		time.Sleep(time.Minute)
		cancel()
		time.Sleep(time.Hour)
		if _, open := <-events; !open {
			t.Error("the library's goroutine ended although its event was not taken")
		}
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		default:
			t.Error("the source is still blocked")
		}
		for range events {
		}
		synctest.Wait()
	})
}

// hosts notes who is asked with the token.
type hosts struct {
	http.RoundTripper
	mu    sync.Mutex
	asked map[string]bool
}

func (h *hosts) RoundTrip(req *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.asked[req.URL.Host] = strings.Contains(req.Header.Get("Authorization"), testToken)
	h.mu.Unlock()
	return h.RoundTripper.RoundTrip(req)
}

func TestLibrarySendsTheTokenToAnyHost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		plain, healed := &fake{t: t, scripts: []script{quiet}, about: `"urls":{"streaming":"wss://evil.test"}`}, &fake{scripts: []script{quiet}, about: `"urls":{"streaming":"wss://evil.test"}`}
		ctx, cancel := context.WithCancel(t.Context())
		seen := &hosts{RoundTripper: oldInstance{plain, "wss://evil.test"}, asked: map[string]bool{}}
		client := plainClient(plain)
		client.Client.Transport = seen
		events, _ := client.StreamingPublic(ctx, false)
		src := healed.sources(t, io.Discard)[0]
		ours := &hosts{RoundTripper: healed, asked: map[string]bool{}}
		src.server.base = ours
		go src.Run(ctx, func(context.Context, pipeline.Item) error { return nil })
		time.Sleep(time.Minute)
		cancel()
		for range events {
		}
		synctest.Wait()
		if !seen.asked["evil.test"] {
			t.Errorf("the library did not send the token there: %v", seen.asked)
		}
		if len(ours.asked) != 1 || !ours.asked["pond.example"] {
			t.Errorf("the token went to %v", ours.asked)
		}
	})
}

// oldInstance answers the question that the library asks.
type oldInstance struct {
	*fake
	streaming string
}

func (o oldInstance) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path == "/api/v1/instance" {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Request: req, Body: io.NopCloser(strings.NewReader(`{"urls":{"streaming_api":"` + o.streaming + `"}}`))}, nil
	}
	return o.fake.RoundTrip(req)
}

func TestLibraryRepeatsWhatWasTooMuch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		tooMuch := func(_ int, w http.ResponseWriter) bool {
			w.Header().Set("X-RateLimit-Reset", time.Now().Add(10*time.Minute).Format(time.RFC3339Nano))
			w.WriteHeader(429)
			return true
		}
		plain, healed := &fake{t: t, rest: tooMuch}, &fake{scripts: []script{quiet}, rest: tooMuch}
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
		defer cancel()
		src := healed.sources(t, io.Discard)[0]
		go src.Run(ctx, func(context.Context, pipeline.Item) error { return nil })
		plainClient(plain).GetTimelinePublic(ctx, false, nil)
		if _, pages := plain.asked(); len(pages) < 10 {
			t.Errorf("the library asked %d times", len(pages))
		}
		if _, pages := healed.asked(); len(pages) != 1 {
			t.Errorf("asked %d times within the ten minutes", len(pages))
		}
		<-ctx.Done()
		synctest.Wait()
	})
}

func TestLibraryLosesThePageForOnePost(t *testing.T) {
	bad := strings.Replace(statusJSON("2", "bad", ""), "2026-11-02T12", "noon", 1)
	plain := &fake{t: t, posts: []string{statusJSON("1", "a", ""), bad, statusJSON("3", "c", "")}}
	if page, err := plainClient(plain).GetTimelinePublic(t.Context(), false, nil); err == nil || len(page) != 0 {
		t.Errorf("the library read %d posts, %v", len(page), err)
	}
	// What becomes of it here is in TestFill: "a post that cannot be read".
}

func TestLibraryDoesNotKnowWhoOptedOut(t *testing.T) {
	plain := &fake{t: t, posts: []string{strings.Replace(statusJSON("1", "shy", ""), `"indexable":true`, `"indexable":false,"noindex":true`, 1)}}
	page, err := plainClient(plain).GetTimelinePublic(t.Context(), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := json.Marshal(page[0]); strings.Contains(string(raw), "index") {
		t.Errorf("the library tells it: %s", raw)
	}
	// What becomes of it here is in TestFill and TestConsent.
}
