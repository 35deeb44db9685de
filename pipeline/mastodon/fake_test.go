package mastodon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/live/livetest"
)

const testToken = "s3cret-user-token"

// fake behaves as Mastodon does: it describes itself, has streams, and timelines
// over REST. Each connection to a stream is a script: the n-th one is given to the
// n-th script, and later ones to the last.
type fake struct {
	t       testing.TB
	scripts []script

	mu        sync.Mutex
	about     string                                           // configuration of /api/v2/instance
	posts     []string                                         // of every timeline, as JSON, oldest first
	rest      func(n int, w http.ResponseWriter) (answer bool) // in place of the n-th page
	connects  []string                                         // the paths of streams asked for
	questions []string                                         // the paths of pages asked for
}

type script func(w http.ResponseWriter, say func(string), gone <-chan struct{})

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+testToken {
		f.t.Errorf("%s without the token", r.URL.Path)
	}
	switch {
	case r.URL.Path == "/api/v2/instance":
		f.mu.Lock()
		defer f.mu.Unlock()
		fmt.Fprintf(w, `{"version":"4.5.0","configuration":{%s}}`, f.about)
	case strings.HasPrefix(r.URL.Path, "/api/v1/streaming/"):
		f.stream(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/v1/timelines/"):
		f.timeline(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (f *fake) stream(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	n := len(f.connects)
	f.connects = append(f.connects, r.URL.RequestURI())
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	say := func(text string) {
		io.WriteString(w, text)
		w.(http.Flusher).Flush()
	}
	f.scripts[min(n, len(f.scripts)-1)](w, say, r.Context().Done())
}

// timeline gives a page as Mastodon does: newest first, and with min_id those
// that follow it.
func (f *fake) timeline(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.questions)
	f.questions = append(f.questions, r.URL.RequestURI())
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if f.rest != nil && f.rest(n, w) {
		return
	}
	posts := slices.Clone(f.posts)
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		limit = 20
	}
	if minID := r.URL.Query().Get("min_id"); minID != "" {
		posts = slices.DeleteFunc(posts, func(p string) bool { return compareIDs(idOf(p), minID) <= 0 })
		posts = posts[:min(limit, len(posts))]
	}
	posts = posts[max(0, len(posts)-limit):]
	slices.Reverse(posts)
	fmt.Fprintf(w, "[%s]", strings.Join(posts, ","))
}

func idOf(post string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(post, `{"id":"`), `"`)
	return id
}

// post adds to the timeline.
func (f *fake) post(id, content string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.posts = append(f.posts, statusJSON(id, content, ""))
	slices.SortFunc(f.posts, func(a, b string) int { return compareIDs(idOf(a), idOf(b)) })
}

func (f *fake) asked() (streams, pages []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.connects), slices.Clone(f.questions)
}

// serve listens on loopback.
func (f *fake) serve(t testing.TB) (address string) {
	f.t = t
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return srv.URL
}

func newFake(t *testing.T, scripts ...script) (*fake, string) {
	f := &fake{scripts: scripts}
	return f, f.serve(t)
}

// RoundTrip answers without a socket, so that a fake may stand in a bubble of
// virtual time.
func (f *fake) RoundTrip(req *http.Request) (*http.Response, error) {
	r, w := io.Pipe()
	answer := &answer{pipe: w, header: http.Header{}, began: make(chan struct{})}
	go func() {
		f.ServeHTTP(answer, req)
		answer.WriteHeader(http.StatusOK)
		w.Close()
	}()
	context.AfterFunc(req.Context(), func() { r.CloseWithError(req.Context().Err()) })
	select {
	case <-answer.began:
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	return &http.Response{StatusCode: answer.code, Header: answer.header, Body: r, Request: req}, nil
}

type answer struct {
	pipe   *io.PipeWriter
	header http.Header
	code   int
	once   sync.Once
	began  chan struct{}
}

func (a *answer) Header() http.Header { return a.header }
func (a *answer) Flush()              {}
func (a *answer) WriteHeader(code int) {
	a.once.Do(func() {
		a.code = code
		close(a.began)
	})
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.pipe.Write(p)
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

// snowflake is an id of a time, as Mastodon gives them out.
func snowflake(at time.Time, n int) string {
	return strconv.FormatInt(at.UnixMilli()<<16+int64(n), 10)
}

func newTestSource(t *testing.T, address, stream, dir string, log io.Writer) *Source {
	t.Helper()
	sources, err := New(Config{Servers: []ServerConfig{{address, testToken}}, Streams: []string{stream}, StateDir: dir, Door: door,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	return sources[0]
}

func (s *Source) hurry() {
	s.pauses = live.Pauses{Min: time.Millisecond, Max: 4 * time.Millisecond}
	s.server.gate.pauses = s.pauses
	s.save, s.settle = time.Millisecond, time.Millisecond
}

// remember makes the source one that was run before.
func (s *Source) remember(t *testing.T, pos position) {
	t.Helper()
	if s.cfg.StateDir == "" {
		s.cfg.StateDir = t.TempDir()
	}
	if err := live.Save(s.stateFile(), pos); err != nil {
		t.Fatal(err)
	}
}

// running is a source at work.
type running struct {
	*Source
	items <-chan pipeline.Item
	stop  func()
	ended <-chan error
	log   *livetest.Log
}

// run starts a source that hurries.
func run(t *testing.T, address, stream string, tune func(*Source)) *running {
	t.Helper()
	log := &livetest.Log{}
	src := newTestSource(t, address, stream, "", log)
	src.hurry()
	if tune != nil {
		tune(src)
	}
	return start(t, src, log)
}

func start(t *testing.T, src *Source, log *livetest.Log) *running {
	ctx, cancel := context.WithCancel(t.Context())
	got, end := make(chan pipeline.Item), make(chan error, 1)
	var atWork sync.WaitGroup // while it runs it writes its position
	atWork.Go(func() {
		end <- src.Run(ctx, func(ctx context.Context, it pipeline.Item) error {
			select {
			case got <- it:
				if it.Ack != nil {
					atWork.Go(it.Ack)
				}
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	t.Cleanup(func() { cancel(); atWork.Wait() })
	return &running{src, got, cancel, end, log}
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

// eventually waits for something to become true.
func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !true(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// states are those of what a source learnt of the past.
func states(learnt []pipeline.Amendment) (states []hugops.CoverageState) {
	for _, a := range learnt {
		states = append(states, a.State)
	}
	return states
}
