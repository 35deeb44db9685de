package statusfeed

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
)

// sink remembers what it took, and fails as often as it is told.
type sink struct {
	fail int
	took [][]hugops.Outage
}

func (s *sink) PutOutages(_ context.Context, outages []hugops.Outage) error {
	if s.fail > 0 {
		s.fail--
		return errors.New("the store is down")
	}
	s.took = append(s.took, outages)
	return nil
}

// newFeed returns the one feed of a watcher whose page is served by h over TLS.
func newFeed(t *testing.T, h http.HandlerFunc) (*feed, *sink) {
	t.Helper()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	s := &sink{}
	w := NewWatcher(Config{Sink: s, Client: srv.Client()})
	address, err := feedURL(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &feed{page: Page{Service: "nimbus-cloud", Name: "Nimbus Cloud", URL: srv.URL}, url: address,
		client: w.client, sink: s, log: slog.New(slog.DiscardHandler)}, s
}

// TestPoll answers one poll in many ways; most are no incidents feed, and none
// of those may pass for "no incidents".
func TestPoll(t *testing.T) {
	feedBody := readFile(t, "incidents.json")
	cases := []struct {
		name  string
		serve http.HandlerFunc
		took  int
		err   string
	}{
		{"a feed", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/v2/incidents.json" {
				http.NotFound(w, r)
			}
			w.Write(feedBody)
		}, 6, ""},
		{"a zipped feed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(feedBody)
			z.Close()
		}, 6, ""},
		{"an error page with 200", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>Oops</html>") }, 0, "a page of HTML"},
		{"an empty answer", func(http.ResponseWriter, *http.Request) {}, 0, "EOF"},
		{"an empty object", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }, 0, "no Statuspage answer"},
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 0, "status 500"},
		{"304 that nobody asked for", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, 0, "status 304"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99999")
			w.Write(feedBody)
			panic(http.ErrAbortHandler)
		}, 0, "unexpected EOF"},
		{"a redirect within the page", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/new" {
				http.Redirect(w, r, "/new", http.StatusFound)
				return
			}
			w.Write(feedBody)
		}, 6, ""},
		{"a redirect to another host", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/api/v2/incidents.json", http.StatusFound)
		}, 0, "another host"},
		{"a redirect to plain http", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusFound)
		}, 0, "another host"},
		{"a redirect for ever", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, 0, "five redirects"},
		{"a zip bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 9 {
				z.Write(bytes.Repeat([]byte{' '}, 1<<20))
			}
			z.Close()
		}, 0, "larger than"},
		{"one bad incident", func(w http.ResponseWriter, _ *http.Request) {
			w.Write(bytes.Replace(feedBody, []byte(`"id":"done2",`), nil, 1))
		}, 5, "id is missing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, s := newFeed(t, c.serve)
			_, err := f.poll(t.Context())
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v does not say %q", err, c.err)
			}
			took := slices.Concat(s.took...)
			if len(took) != c.took {
				t.Fatalf("the sink took %d outages, want %d", len(took), c.took)
			}
			for _, o := range took {
				if o.Service != "nimbus-cloud" || o.Source != f.page.URL {
					t.Errorf("%+v", o)
				}
			}
			if c.err != "" && f.etag+f.modified != "" {
				t.Error("validators of a failed poll are remembered")
			}
		})
	}
}

// TestConditional polls a page four times: the sink fails first, so the page is
// asked for all of it again; then it is unchanged; then it changes.
func TestConditional(t *testing.T) {
	version := `"v1"`
	var asked []string
	f, s := newFeed(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match")+"/"+r.Header.Get("If-Modified-Since"))
		if r.Header.Get("If-None-Match") == version {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", version)
		w.Header().Set("Last-Modified", "Mon, 02 Nov 2026 12:00:00 GMT")
		w.Write(readFile(t, "incidents.json"))
	})
	s.fail = 1
	var got []string
	for i := range 4 {
		if i == 3 {
			version = `"v2"`
		}
		changed, err := f.poll(t.Context())
		got = append(got, fmt.Sprint(changed, err != nil))
	}
	if want := []string{"false true", "true false", "false false", "true false"}; !slices.Equal(got, want) {
		t.Errorf("polls: %v, want %v", got, want)
	}
	const date = "Mon, 02 Nov 2026 12:00:00 GMT"
	if want := []string{"/", "/", `"v1"/` + date, `"v1"/` + date}; !slices.Equal(asked, want) {
		t.Errorf("asked with %q, want %q", asked, want)
	}
	if len(s.took) != 2 {
		t.Errorf("the sink took %d answers", len(s.took))
	}
}

// roundTrip is an http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestPace watches a page for a virtual hour and counts the polls.
func TestPace(t *testing.T) {
	page := func(incident string) string { return `{"page":{"id":"p"},"incidents":[` + incident + `]}` }
	const open = `{"id":"a","name":"n","status":"investigating","created_at":"2000-01-01T00:00:00Z","started_at":"2006-01-02T00:00:00Z"}`
	cases := []struct {
		name       string
		status     int
		body       string
		retryAfter string
		min, max   int
	}{
		{"nothing is open: each 5 minutes", 200, page(""), "", 11, 14},
		{"an incident is open: each minute", 200, page(open), "", 54, 67},
		{"errors: 1, 2, 4 … 30 minutes", 503, "", "", 5, 8},
		{"the server asks for 25 minutes", 429, "", "1500", 3, 4},
		{"an error page", 200, "<html>", "", 5, 8},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(10 * 365 * 24 * time.Hour) // a bubble begins in 2000
				polls := 0
				client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					polls++
					return &http.Response{StatusCode: c.status, Header: http.Header{"Retry-After": {c.retryAfter}},
						Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
				})}
				w := NewWatcher(Config{Pages: []Page{{Service: "s", Name: "S", URL: "https://s.example"}}, Sink: &sink{}, Client: client})
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if err := w.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Run ended with %v", err)
				}
				if polls < c.min || polls > c.max {
					t.Errorf("%d polls in an hour, want %d to %d", polls, c.min, c.max)
				}
			})
		})
	}
}

// TestOneBadPage shows that a page which fails does not stop another.
func TestOneBadPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "bad.example" {
				return nil, errors.New("no such host")
			}
			return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r,
				Body: io.NopCloser(bytes.NewReader(readFile(t, "incidents.json")))}, nil
		})}
		w := NewWatcher(Config{Sink: s, Client: client, Pages: []Page{
			{Service: "bad", Name: "Bad", URL: "https://bad.example"}, {Service: "nimbus-cloud", Name: "Nimbus Cloud", URL: "https://good.example/feed.json"}}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		w.Run(ctx)
		if len(s.took) != 1 {
			t.Errorf("the sink took %d answers", len(s.took))
		}
	})
}

func TestFeedURL(t *testing.T) {
	cases := []struct{ page, want string }{
		{"https://www.githubstatus.com", "https://www.githubstatus.com/api/v2/incidents.json"},
		{"https://www.githubstatus.com/", "https://www.githubstatus.com/api/v2/incidents.json"},
		{"https://status.example/eu", "https://status.example/eu/api/v2/incidents.json"},
		{"https://status.example/api/v2/summary.json", "https://status.example/api/v2/summary.json"},
		{"http://status.example", ""},
		{"https://user:pass@status.example", ""},
		{"file:///etc/passwd", ""},
		{"status.example", ""},
	}
	for _, c := range cases {
		if got, err := feedURL(c.page); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", c.page, got, err)
		}
	}
	if err := NewWatcher(Config{Pages: []Page{{Name: "S", URL: "http://s.example"}}}).Run(t.Context()); err == nil {
		t.Error("a watcher of plain http runs")
	}
}

func TestCheckPublic(t *testing.T) {
	for address, public := range map[string]bool{
		"93.184.215.14:443": true, "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443": true,
		"127.0.0.1:443": false, "10.1.2.3:443": false, "172.16.0.1:443": false, "192.168.1.1:443": false,
		"169.254.169.254:80": false, "100.64.0.1:443": false, "0.0.0.0:443": false, "255.255.255.255:443": false, "224.0.0.1:443": false,
		"[::1]:443": false, "[fe80::1]:443": false, "[fd00::1]:443": false, "[::ffff:127.0.0.1]:443": false, "[::ffff:10.0.0.1]:443": false,
		"[64:ff9b::a9fe:a9fe]:443": false, "[2002:7f00:1::]:443": false, "[::]:443": false,
	} {
		if err := checkPublic(address); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
}
