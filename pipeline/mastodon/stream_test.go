package mastodon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
)

const testToken = "s3cret-user-token"

// server behaves as Mastodon's streaming does, connection by connection: the
// n-th one is given to the n-th script, and later ones to the last.
type server struct {
	*httptest.Server
	t       *testing.T
	scripts []script

	mu       sync.Mutex
	connects []string // the paths asked for
}

type script func(w http.ResponseWriter, say func(string), gone <-chan struct{})

func newServer(t *testing.T, scripts ...script) *server {
	s := &server{t: t, scripts: scripts}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+testToken {
		s.t.Errorf("%s without the token", r.URL.Path)
	}
	if r.URL.Path == "/api/v2/instance" {
		fmt.Fprintf(w, `{"configuration":{"urls":{"streaming":"ws://%s"}}}`, r.Host)
		return
	}
	s.mu.Lock()
	n := len(s.connects)
	s.connects = append(s.connects, r.URL.RequestURI())
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	say := func(text string) {
		io.WriteString(w, text)
		w.(http.Flusher).Flush()
	}
	s.scripts[min(n, len(s.scripts)-1)](w, say, r.Context().Done())
}

func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.connects)
}

// update is the event of a new status.
func update(id, content string) string {
	return "event: update\ndata: " + statusJSON(id, content, "") + "\n\n"
}

func statusJSON(id, content, extra string) string {
	text, _ := json.Marshal(content)
	return `{"id":"` + id + `","uri":"https://pond.example/` + id + `","created_at":"2026-11-02T12:00:00.000Z","visibility":"public",` + extra +
		`"content":` + string(text) + `,"account":{"acct":"ada","url":"https://pond.example/@ada","indexable":true}}`
}

// run starts a source and returns what it emits, how to stop it, and its end.
func run(t *testing.T, address, stream string, tune func(*Source)) (items <-chan pipeline.Item, stop func(), ended <-chan error, log *safeBuffer) {
	t.Helper()
	log = &safeBuffer{}
	src := New(Config{Server: address, Token: testToken, Stream: stream,
		Door: pipeline.Door{Pseudonyms: hugops.NewPseudonyms([]byte("k"))},
		Log:  slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	src.pauses = live.Pauses{Min: time.Millisecond, Max: 4 * time.Millisecond}
	if tune != nil {
		tune(src)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got, end := make(chan pipeline.Item), make(chan error, 1)
	go func() {
		end <- src.Run(ctx, func(ctx context.Context, it pipeline.Item) error {
			select {
			case got <- it:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	t.Cleanup(cancel)
	return got, cancel, end, log
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// describe says in a few words what was emitted.
func describe(it pipeline.Item) string {
	e := it.Event
	switch {
	case it.Withheld:
		return "withheld"
	case it.Bad != nil:
		return "bad: " + it.Bad.Err.Error()
	case e.Post != nil:
		return string(e.Kind) + " " + e.Post.Text
	default:
		return string(e.Kind) + " " + e.Alias
	}
}

// TestStream plays what a server sends and lists what must come out of it.
func TestStream(t *testing.T) {
	host := func(s *server) string { return strings.TrimPrefix(s.URL, "http://") }
	cases := []struct {
		name string
		send func(say func(string))
		want []string // HOST stands for the server
	}{
		{"heartbeats, then a post", func(say func(string)) { say(":)\n:thump\n:thump\n\n" + update("1", "<p>hi</p>")) }, []string{"created hi"}},
		{"an edit and a deletion", func(say func(string)) {
			say("event: status.update\ndata: " + statusJSON("1", "<p>mended</p>", `"edited_at":"2026-11-02T12:01:00Z",`) + "\n\nevent: delete\ndata: 115\n\n")
		}, []string{"edited mended", "deleted HOST/115"}},
		{"events that are unknown or of no interest", func(say func(string)) {
			say("event: filters_changed\ndata: undefined\n\nevent: brand.new\ndata: {\"a\":1}\n\nevent: notification\ndata: {}\n\n" + update("1", "still here"))
		}, []string{"created still here"}},
		{"an emoji cut into its bytes", func(say func(string)) {
			for _, b := range []byte(update("1", "hugs 🫂 für alle")) {
				say(string([]byte{b}))
			}
		}, []string{"created hugs 🫂 für alle"}},
		{"windows line ends", func(say func(string)) { say(strings.ReplaceAll(update("1", "crlf"), "\n", "\r\n")) }, []string{"created crlf"}},
		{"two lines of data", func(say func(string)) {
			head, tail, _ := strings.Cut(statusJSON("1", "two lines", ""), ",")
			say("event:update\ndata:" + head + ",\ndata:" + tail + "\n\n")
		}, []string{"created two lines"}},
		{"broken JSON between good posts", func(say func(string)) {
			say(update("1", "before") + "event: update\ndata: {\"id\":\n\n" + update("2", "after"))
		}, []string{"created before", "bad: invalid json", "created after"}},
		{"invalid UTF-8", func(say func(string)) {
			say(strings.Replace(update("1", "x!"), "!", "\xff", 1) + update("2", "after"))
		}, []string{"bad: invalid json: jsontext: invalid UTF-8", "created after"}},
		{"a megabyte and more", func(say func(string)) {
			say("event: update\ndata: " + strings.Repeat("x", 3<<20) + "\n\n" + update("2", "after"))
		}, []string{"bad: invalid input: 3145728 bytes are more than 1048576", "created after"}},
		{"a post of almost a megabyte", func(say func(string)) {
			say("event: update\ndata: " + statusJSON("1", "big", `"pad":"`+strings.Repeat("x", 1_000_000)+`",`) + "\n\n")
		}, []string{"created big"}},
		{"an account that opted out", func(say func(string)) {
			say(strings.Replace(update("1", "no"), `"indexable":true`, `"indexable":false`, 1) + update("2", "yes"))
		}, []string{"withheld", "created yes"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			srv := newServer(t, func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { c.send(say); <-gone })
			items, stop, ended, _ := run(t, srv.URL, "public", nil)
			for _, want := range c.want {
				got := <-items
				if text := describe(got); !strings.HasPrefix(text, strings.Replace(want, "HOST", host(srv), 1)) {
					t.Errorf("got %.200q, want %q", text, want)
				}
				if name := "mastodon:" + host(srv) + "/public"; got.Source != name || got.Event.Post != nil && got.Event.Post.Source != name {
					t.Errorf("source %q", got.Source)
				}
				if got.Bad == nil && !got.Withheld && got.Event.At.IsZero() {
					t.Error("the event has no time")
				}
			}
			stop()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("Run ended with %v", err)
			}
		})
	}
}

// TestReconnect breaks the connection in every way; each time the source comes
// back, and says what happened without the token.
func TestReconnect(t *testing.T) {
	status := func(code int, header ...string) script {
		return func(w http.ResponseWriter, _ func(string), _ <-chan struct{}) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			io.WriteString(w, `{"error":"`+testToken+`"}`)
		}
	}
	cases := []struct {
		name  string
		first script
		log   string
	}{
		{"the server closes", func(_ http.ResponseWriter, say func(string), _ <-chan struct{}) { say(":)\n") }, "the server closed it"},
		{"half-open: silence after a heartbeat", func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(":thump\n"); <-gone }, "stalled"},
		{"no answer at all", func(_ http.ResponseWriter, _ func(string), gone <-chan struct{}) { <-gone }, "stalled"},
		{"cut in the middle of an event", func(_ http.ResponseWriter, say func(string), _ <-chan struct{}) {
			say("event: update\ndata: {\"id")
			panic(http.ErrAbortHandler)
		}, "unexpected EOF"},
		{"503", status(503), "status 503"},
		{"429", status(429, "Retry-After", "0"), "status 429"},
		{"403 of a guard", status(403, "Content-Type", "text/html"), "status 403"},
		{"a page of HTML with 200", status(200, "Content-Type", "text/html; charset=utf-8"), "no event stream"},
		{"a redirect to elsewhere", status(302, "Location", "https://elsewhere.example/"), "status 302"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			good := func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(update("1", "back")); <-gone }
			srv := newServer(t, c.first, good)
			items, stop, ended, log := run(t, srv.URL, "hashtag:#hugops", func(s *Source) { s.stall = 60 * time.Millisecond })
			if got := describe(<-items); got != "created back" {
				t.Errorf("got %q", got)
			}
			stop()
			<-ended
			if !strings.Contains(log.String(), c.log) {
				t.Errorf("the log does not say %q:\n%s", c.log, log)
			}
			if strings.Contains(log.String(), testToken) {
				t.Errorf("the token is in the log:\n%s", log)
			}
			if asked := srv.asked(); asked[0] != "/api/v1/streaming/hashtag?tag=hugops" {
				t.Errorf("asked for %v", asked)
			}
		})
	}
}

// TestFatal lists what ends the source: each error says what to do.
func TestFatal(t *testing.T) {
	refuse := func(code int) script {
		return func(w http.ResponseWriter, _ func(string), _ <-chan struct{}) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			io.WriteString(w, `{"error":"The access token `+testToken+` is invalid"}`)
		}
	}
	cases := []struct {
		name   string
		script script
		stream string
		tune   func(*Source)
		want   []string
	}{
		{"401", refuse(401), "public", nil, []string{"*user* token", "read:statuses", "Preferences → Development"}},
		{"403", refuse(403), "public", nil, []string{"403", "live feeds"}},
		{"no token", nil, "public", func(s *Source) { s.cfg.Token = "" }, []string{"no token", "Preferences → Development"}},
		{"unknown stream", nil, "direct", nil, []string{"public:local", "hashtag:TAG"}},
		{"hashtag without a tag", nil, "hashtag:#", nil, []string{"hashtag:TAG"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			srv := newServer(t, c.script)
			_, _, ended, log := run(t, srv.URL, c.stream, c.tune)
			err := <-ended
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v does not say %q", err, want)
				}
			}
			if strings.Contains(fmt.Sprint(err)+log.String(), testToken) {
				t.Errorf("the token is out: %v\n%s", err, log)
			}
		})
	}
	for _, server := range []string{"", "http://pond.example", "https://user:pass@pond.example", "ftp://pond.example"} {
		if err := New(Config{Server: server, Token: "t"}).Run(t.Context(), nil); err == nil {
			t.Errorf("server %q was accepted", server)
		}
	}
}

// TestStreamingHost follows the host that /api/v2/instance names, and asks the
// old API of a server that has no new one.
func TestStreamingHost(t *testing.T) {
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			streams := newServer(t, func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(update("1", "hi")); <-gone })
			address := strings.Replace(streams.URL, "http", "wss", 1)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/api/" + version + "/instance":
					if version == "v1" {
						fmt.Fprintf(w, `{"urls":{"streaming_api":%q}}`, address)
					} else {
						fmt.Fprintf(w, `{"configuration":{"urls":{"streaming":%q}}}`, address)
					}
				case "/api/v2/instance":
					http.NotFound(w, r)
				default:
					t.Errorf("the front server was asked for %s", r.URL.Path)
				}
			}))
			t.Cleanup(front.Close)
			items, _, _, _ := run(t, front.URL, "public:local", nil)
			if got := describe(<-items); got != "created hi" {
				t.Errorf("got %q", got)
			}
			if asked := streams.asked(); asked[0] != "/api/v1/streaming/public/local" {
				t.Errorf("asked for %v", asked)
			}
		})
	}
}
