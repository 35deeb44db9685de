package mastodon

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStream plays what a server sends and lists what must come out of it.
func TestStream(t *testing.T) {
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
		{"a deletion before its post", func(say func(string)) { say("event: delete\ndata: 1\n\n" + update("1", "late")) }, []string{"deleted HOST/1", "created late"}},
		{"a post twice", func(say func(string)) { say(update("1", "once") + update("1", "once") + update("2", "after")) }, []string{"created once", "created after"}},
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
			_, address := newFake(t, func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { c.send(say); <-gone })
			host := strings.TrimPrefix(address, "http://")
			r := run(t, address, "public", nil)
			for _, want := range c.want {
				got := <-r.items
				if text := describe(got); !strings.HasPrefix(text, strings.Replace(want, "HOST", host, 1)) {
					t.Errorf("got %.200q, want %q", text, want)
				}
				if name := "mastodon:" + host + "/public"; got.Source != name || got.Event.Post != nil && got.Event.Post.Source != name {
					t.Errorf("source %q", got.Source)
				}
				if got.Bad == nil && !got.Withheld && got.Event.At.IsZero() {
					t.Error("the event has no time")
				}
			}
			r.stop()
			if err := <-r.ended; !errors.Is(err, context.Canceled) {
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
		{"a page of HTML with 200", status(200, "Content-Type", "text/html; charset=utf-8"), "status 200"},
		{"a redirect to elsewhere", status(302, "Location", "https://elsewhere.example/"), "status 302"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			good := func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(update("1", "back")); <-gone }
			srv, address := newFake(t, c.first, good)
			r := run(t, address, "hashtag:#HugOps", func(s *Source) { s.stall = 60 * time.Millisecond })
			if got := describe(<-r.items); got != "created back" {
				t.Errorf("got %q", got)
			}
			r.stop()
			<-r.ended
			if !strings.Contains(r.log.String(), c.log) {
				t.Errorf("the log does not say %q:\n%s", c.log, r.log)
			}
			if strings.Contains(r.log.String(), testToken) {
				t.Errorf("the token is in the log:\n%s", r.log)
			}
			if asked, _ := srv.asked(); asked[0] != "/api/v1/streaming/hashtag?tag=hugops" {
				t.Errorf("asked for %v", asked)
			}
		})
	}
}

// TestGzip reads streams and pages that something on the way has compressed, asked
// or not; events come when they are sent, and not when a block is full.
func TestGzip(t *testing.T) {
	srv := &fake{scripts: []script{func(w http.ResponseWriter, say func(string), gone <-chan struct{}) {
		say(update("2", "streamed"))
		<-gone
	}}}
	srv.post("1", "read afterwards")
	plain := srv.serve(t)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zipped := &zipWriter{ResponseWriter: w, zip: gzip.NewWriter(w)}
		defer zipped.zip.Close()
		srv.ServeHTTP(zipped, r)
	}))
	t.Cleanup(proxy.Close)
	for _, address := range []string{plain, proxy.URL} {
		r := run(t, address, "public", func(s *Source) { s.remember(t, position{ID: "0", At: time.Now().Add(-time.Minute)}) })
		got := []string{describe(<-r.items), describe(<-r.items)}
		if slices.Sort(got); !slices.Equal(got, []string{"created read afterwards", "created streamed"}) {
			t.Errorf("got %v", got)
		}
	}
}

type zipWriter struct {
	http.ResponseWriter
	zip *gzip.Writer
}

func (z *zipWriter) Write(p []byte) (int, error) { return z.zip.Write(p) }
func (z *zipWriter) Flush() {
	z.zip.Flush()
	z.ResponseWriter.(http.Flusher).Flush()
}

// TestOnePostOnTwoServers: it has one id and one author wherever it is seen, and
// each server's deletion names it by that server's own id.
func TestOnePostOnTwoServers(t *testing.T) {
	seen := func(id, acct string) script {
		post := `{"id":"` + id + `","uri":"https://pond.example/users/ada/statuses/7","created_at":"2026-11-02T12:00:00.000Z","visibility":"public","content":"hi","account":{"acct":"` + acct + `","url":"https://pond.example/@ada"}}`
		return func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) {
			say("event: update\ndata: " + post + "\n\nevent: delete\ndata: " + id + "\n\n")
			<-gone
		}
	}
	ids, authors, aliases := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range []script{seen("7", "ada"), seen("900", "ada@pond.example")} {
		_, address := newFake(t, s)
		r := run(t, address, "public", nil)
		created, deleted := (<-r.items).Event, (<-r.items).Event
		ids[created.Post.ID], authors[created.Post.Author] = true, true
		aliases[created.Post.Alias] = true
		if deleted.Alias != created.Post.Alias {
			t.Errorf("%s is deleted as %s", created.Post.Alias, deleted.Alias)
		}
	}
	if len(ids) != 1 || len(authors) != 1 || len(aliases) != 2 {
		t.Errorf("%v by %v, as %v", ids, authors, aliases)
	}
}
