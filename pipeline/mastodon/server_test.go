package mastodon

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestFatal lists what ends a source: each error says what to do.
func TestFatal(t *testing.T) {
	refuse := func(code int) script {
		return func(w http.ResponseWriter, _ func(string), _ <-chan struct{}) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			io.WriteString(w, `{"error":"The access token `+testToken+` is invalid"}`)
		}
	}
	for name, c := range map[string]struct {
		script script
		about  string
		want   []string
	}{
		"401, as of a revoked token": {refuse(401), "", []string{"*user* token", "read:statuses", "Preferences → Development"}},
		"403":                        {refuse(403), "", []string{"403", "live feeds"}},
		"the feeds are switched off": {nil, `"timelines_access":{"live_feeds":{"local":"disabled","remote":"disabled"}}`, []string{"switched off", "another stream"}},
	} {
		t.Run(name, func(t *testing.T) {
			srv, address := newFake(t, c.script)
			srv.about = c.about
			r := run(t, address, "public", nil)
			err := <-r.ended
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v does not say %q", err, want)
				}
			}
			if strings.Contains(fmt.Sprint(err)+r.log.String(), testToken) {
				t.Errorf("the token is out: %v\n%s", err, r.log)
			}
		})
	}
}

// TestConfig lists what is refused before anything is asked.
func TestConfig(t *testing.T) {
	for name, c := range map[string]struct{ server, token, stream, want string }{
		"no token":                      {"pond.example", "", "public", "Preferences → Development"},
		"unknown stream":                {"pond.example", "t", "direct", "public:local"},
		"hashtag without a tag":         {"pond.example", "t", "hashtag:#", "hashtag:TAG"},
		"hashtag that could not be one": {"pond.example", "t", "hashtag:a/../b", "hashtag:TAG"},
		"no server":                     {"", "t", "public", "mastodon.social"},
		"not https":                     {"http://pond.example", "t", "public", "only https"},
		"a password in the address":     {"https://user:pass@pond.example", "t", "public", "no host"},
		"another protocol":              {"ftp://pond.example", "t", "public", "only https"},
	} {
		_, err := New(Config{Servers: []ServerConfig{{c.server, c.token}}, Streams: []string{c.stream}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not say %q", name, err, c.want)
		}
	}
	sources, err := New(Config{Servers: []ServerConfig{{"https://Pond.example/", "a"}, {"pond.example", "b"}, {"lake.example", "c"}},
		Streams: []string{"public:local", "hashtag:#HugOps", "hashtag:hugops", "hashtag:störung"}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range sources {
		names = append(names, s.Name())
	}
	want := "mastodon:pond.example/public:local mastodon:pond.example/hashtag:hugops mastodon:pond.example/hashtag:störung " +
		"mastodon:lake.example/public:local mastodon:lake.example/hashtag:hugops mastodon:lake.example/hashtag:störung"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s", got)
	}
}

// TestWhoGetsTheToken lists hosts that pond.example may name for its streams.
func TestWhoGetsTheToken(t *testing.T) {
	s := &server{address: "https://social.pond.example", host: "social.pond.example"}
	for address, want := range map[string]bool{
		"https://social.pond.example/api":       true,
		"https://SOCIAL.pond.example:4000/api":  true,
		"https://streaming.pond.example/api":    true,
		"https://pond.example/api":              true,
		"http://social.pond.example/api":        false, // in the clear
		"https://streaming.lake.example/api":    false,
		"https://social.pond.example.evil.test": false,
		"https://evilpond.example/api":          false,
		"https://203.0.113.7/api":               false,
	} {
		u, _ := url.Parse(address)
		if got := s.trusts(u); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
	shared := &server{address: "https://pond.github.io", host: "pond.github.io"}
	if u, _ := url.Parse("https://lake.github.io"); shared.trusts(u) {
		t.Error("two customers of one hosting domain are taken for one")
	}
}

// TestStreamingHost follows the host that a server names, and asks the old API of
// a server that has no new one.
func TestStreamingHost(t *testing.T) {
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			streams, address := newFake(t, func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(update("1", "hi")); <-gone })
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				socket := strings.Replace(address, "http", "ws", 1)
				switch {
				case r.URL.Path == "/api/"+version+"/instance" && version == "v1":
					fmt.Fprintf(w, `{"urls":{"streaming_api":%q}}`, socket)
				case r.URL.Path == "/api/"+version+"/instance":
					fmt.Fprintf(w, `{"configuration":{"urls":{"streaming":%q}}}`, socket)
				case r.URL.Path == "/api/v1/timelines/public":
					io.WriteString(w, "[]")
				case r.URL.Path == "/api/v2/instance":
					http.NotFound(w, r)
				default:
					t.Errorf("the front server was asked for %s", r.URL.Path)
				}
			}))
			t.Cleanup(front.Close)
			if got := describe(<-run(t, front.URL, "public:local", nil).items); got != "created hi" {
				t.Errorf("got %q", got)
			}
			if asked, _ := streams.asked(); asked[0] != "/api/v1/streaming/public/local" {
				t.Errorf("asked for %v", asked)
			}
		})
	}
}

// TestCapabilities lists what a server allows, and what is made of it.
func TestCapabilities(t *testing.T) {
	for name, c := range map[string]struct {
		live, hashtag string // JSON of access
		stream        string
		want          hugops.CoverageState
	}{
		"says nothing":                        {`{}`, `{}`, "public", "live"},
		"all with a user token":               {`{"local":"authenticated","remote":"authenticated"}`, `{}`, "public", "live"},
		"nothing from elsewhere":              {`{"local":"public","remote":"disabled"}`, `{}`, "public", "sample"},
		"nothing from elsewhere, local asked": {`{"local":"public","remote":"disabled"}`, `{}`, "public:local", "live"},
		"nothing of its own":                  {`{"local":"disabled","remote":"public"}`, `{}`, "public", "sample"},
		"nothing of its own, local asked":     {`{"local":"disabled","remote":"public"}`, `{}`, "public:local", "gap"},
		"nothing":                             {`{"local":"disabled","remote":"disabled"}`, `{}`, "public", "gap"},
		"hashtags are another matter":         {`{"local":"disabled","remote":"disabled"}`, `{"local":"public","remote":"public"}`, "hashtag:a", "live"},
		"hashtags in part":                    {`{}`, `{"local":"public","remote":"disabled"}`, "hashtag:a", "sample"},
	} {
		t.Run(name, func(t *testing.T) {
			open := func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(":)\n"); <-gone }
			srv, address := newFake(t, open)
			srv.about = `"timelines_access":{"live_feeds":` + c.live + `,"hashtag_feeds":` + c.hashtag + `}`
			r := run(t, address, c.stream, nil)
			if c.want == hugops.CoverageGap {
				if err := <-r.ended; err == nil || !strings.Contains(err.Error(), "switched off") {
					t.Errorf("ended with %v", err)
				}
				return
			}
			eventually(t, string(c.want), func() bool { return r.sight.Now() == c.want })
			if says := strings.Contains(r.log.String(), "a part of the stream"); says != (c.want == hugops.CoverageSample) {
				t.Errorf("the log:\n%s", r.log)
			}
			if !strings.Contains(r.log.String(), "what the server allows") {
				t.Error("what the server allows is not in the log")
			}
		})
	}
}

// TestRoleThatSeesAll: who may see feeds that are switched off reads them.
func TestRoleThatSeesAll(t *testing.T) {
	srv, address := newFake(t, func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) { say(update("2", "hi")); <-gone })
	srv.about = `"timelines_access":{"live_feeds":{"local":"disabled","remote":"disabled"}}`
	srv.post("1", "the timeline is not empty")
	if got := describe(<-run(t, address, "public", nil).items); got != "created hi" {
		t.Errorf("got %q", got)
	}
}

// TestDeadConnection: a server that speaks HTTP/2 goes silent on a connection; the
// next attempt makes another one.
func TestDeadConnection(t *testing.T) {
	var mu sync.Mutex
	silent := ""
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/v1/streaming") {
			io.WriteString(w, "[]")
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		mu.Lock()
		if silent == "" {
			silent = r.RemoteAddr
		}
		dead := silent == r.RemoteAddr
		mu.Unlock()
		io.WriteString(w, ":)\n")
		if !dead {
			io.WriteString(w, update("1", "back"))
		}
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	r := run(t, srv.URL, "public", func(s *Source) {
		s.stall = 100 * time.Millisecond
		s.server.base.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	})
	select {
	case it := <-r.items:
		if got := describe(it); got != "created back" {
			t.Errorf("got %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Errorf("the dead connection is used again and again:\n%.2000s", r.log)
	}
}
