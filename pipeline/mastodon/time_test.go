package mastodon

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

// fakeNet is a network in a bubble of virtual time: each connection to the
// stream is written by connect until its context ends.
type fakeNet struct {
	connect  func(n int, w io.Writer, gone <-chan struct{})
	connects int
}

func (f *fakeNet) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: req}
	if strings.HasSuffix(req.URL.Path, "/instance") {
		answer.Body = io.NopCloser(strings.NewReader("{}"))
		return answer, nil
	}
	answer.Header.Set("Content-Type", "text/event-stream; charset=utf-8")
	r, w := io.Pipe()
	answer.Body = r
	ctx, n := req.Context(), f.connects
	f.connects++
	go func() {
		f.connect(n, w, ctx.Done())
		w.Close()
	}()
	context.AfterFunc(ctx, func() { r.CloseWithError(ctx.Err()) })
	return answer, nil
}

// TestTime runs a source with its real deadlines for a stretch of virtual time.
func TestTime(t *testing.T) {
	beat := func(w io.Writer, gone <-chan struct{}, every time.Duration) {
		for {
			io.WriteString(w, ":thump\n")
			select {
			case <-time.After(every):
			case <-gone:
				return
			}
		}
	}
	cases := []struct {
		name     string
		connect  func(n int, w io.Writer, gone <-chan struct{})
		emit     time.Duration // how long each event is held
		run      time.Duration
		events   []string
		min, max int                    // connections
		past     []hugops.CoverageState // learnt of the time that is past
		now      hugops.CoverageState   // at the end
	}{
		{name: "heartbeats alone keep a stream open for a day",
			connect: func(_ int, w io.Writer, gone <-chan struct{}) { beat(w, gone, 15*time.Second) },
			run:     24 * time.Hour, min: 1, max: 1, now: "live"},
		{name: "silence is noticed in 45 s",
			connect: func(n int, w io.Writer, gone <-chan struct{}) {
				if n > 0 {
					beat(w, gone, 15*time.Second)
				}
				io.WriteString(w, ":)\n")
				<-gone
			},
			run: 47 * time.Second, min: 2, max: 2, past: []hugops.CoverageState{"stalled"}, now: "live"},
		{name: "Kafka is down for an hour: that is not the server's silence",
			connect: func(_ int, w io.Writer, gone <-chan struct{}) {
				io.WriteString(w, update("1", "one")+update("2", "two"))
				beat(w, gone, 15*time.Second)
			},
			emit: time.Hour, run: 3 * time.Hour, events: []string{"created one", "created two"}, min: 1, max: 1},
		{name: "a server that greets and closes is asked less and less",
			connect: func(_ int, w io.Writer, _ <-chan struct{}) { io.WriteString(w, ":)\n") },
			run:     time.Hour, min: 15, max: 35},
		{name: "a server that sends one post and closes is asked once a second at most",
			connect: func(_ int, w io.Writer, _ <-chan struct{}) { io.WriteString(w, update("1", "one")) },
			run:     10 * time.Second, events: slices.Repeat([]string{"created one"}, 5), min: 6, max: 21},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net := &fakeNet{connect: c.connect}
				src := New(Config{Server: "pond.example", Token: testToken})
				src.base = net
				ctx, cancel := context.WithTimeout(t.Context(), c.run)
				defer cancel()
				var events []string
				err := src.Run(ctx, func(_ context.Context, it pipeline.Item) error {
					events = append(events, describe(it))
					time.Sleep(c.emit)
					return nil
				})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Run ended with %v", err)
				}
				if net.connects < c.min || net.connects > c.max {
					t.Errorf("%d connections, want %d to %d", net.connects, c.min, c.max)
				}
				if len(events) < len(c.events) || !slices.Equal(events[:len(c.events)], c.events) {
					t.Errorf("got %v, want %v", events, c.events)
				}
				var past []hugops.CoverageState
				for _, a := range src.Amend() {
					past = append(past, a.State)
				}
				if !slices.Equal(past, c.past) {
					t.Errorf("learnt %v, want %v", past, c.past)
				}
				if src.State(); c.now != "" && src.State() != c.now {
					t.Errorf("at the end it is %s, want %s", src.State(), c.now)
				}
				synctest.Wait()
			})
		})
	}
}
