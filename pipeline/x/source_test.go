package x

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

// TestFrames lists what the stream sends, and what comes of it, plain and
// compressed. Before and after each case stands a good post.
func TestFrames(t *testing.T) {
	t.Parallel()
	now := time.Now()
	frame := func(id int, text, more string) string {
		return fmt.Sprintf(`{"data":{"id":"%d","author_id":"7","text":%q%s},"includes":{"users":[{"id":"7","username":"ada"}]},"matching_rules":[{"id":"1","tag":"hugops:"}]}`,
			(now.UnixMilli()-snowflakeEpoch)<<22+int64(id), text, more) + "\r\n"
	}
	umlauts := frame(1, "Störung 障害 🤗", "")
	cases := []struct {
		name string
		raw  []string // each sent as a chunk of its own
		want []string
	}{
		{"a post", []string{frame(1, "one", "")}, []string{"created one"}},
		{"heartbeats between", []string{"\r\n", frame(1, "one", ""), "\r\n\r\n", frame(2, "two", "")}, []string{"created one", "created two"}},
		{"two in one chunk, one and a half in the next", []string{frame(1, "one", "") + frame(2, "two", "") + frame(3, "three", "")[:30], frame(3, "three", "")[30:]},
			[]string{"created one", "created two", "created three"}},
		{"each byte by itself, so that characters are split too", strings.SplitAfter(umlauts, ""), []string{"created Störung 障害 🤗"}},
		{"a character split", []string{umlauts[:strings.Index(umlauts, "ö")+1], umlauts[strings.Index(umlauts, "ö")+1:]}, []string{"created Störung 障害 🤗"}},
		{"an end of line split", []string{strings.TrimSuffix(frame(1, "one", ""), "\n"), "\n"}, []string{"created one"}},
		{"ends of line without \\r", []string{strings.ReplaceAll(frame(1, "one", "")+frame(2, "two", ""), "\r", "")}, []string{"created one", "created two"}},
		{"the same twice", []string{frame(1, "one", ""), frame(1, "one", "")}, []string{"created one", "created one"}},
		{"an edit", []string{frame(5, "mended", fmt.Sprintf(`,"edit_history_tweet_ids":["%d","5"]`, (now.UnixMilli()-snowflakeEpoch)<<22))}, []string{"edited mended"}},
		{"a repost all the same", []string{frame(1, "RT", `,"referenced_tweets":[{"type":"retweeted","id":"1"}]`)}, nil},
		{"one who opted out", []string{strings.ReplaceAll(frame(1, "no", ""), "ada", "shy")}, []string{"withheld"}},
		{"a partial error", []string{strings.Replace(frame(1, "one", ""), `"matching_rules"`, `"errors":[{"value":5,"title":"Not Found Error"}],"matching_rules"`, 1)}, []string{"created one"}},
		{"errors that do not end it", []string{`{"errors":[{"title":"Something","detail":"else","type":"about:blank"}]}` + "\r\n"}, nil},
		{"messages nobody knows yet", []string{`{"brand_new":{"a":[1,2]}}` + "\r\n", "{}\r\n", `{"errors":5}` + "\r\n", "7\r\n"}, []string{"bad: invalid json"}},
		{"no JSON", []string{"data\r\n", "<html>\r\n", "{\r\n", "\xff\r\n"}, []string{"bad: invalid json", "bad: invalid json", "bad: invalid json", "bad: invalid json"}},
		{"data of another kind", []string{`{"data":"x"}` + "\r\n", `{"data":{"id":"1"}}` + "\r\n"}, []string{"bad: invalid X object", "bad: invalid X post"}},
		{"almost a megabyte", []string{frame(1, "big", `,"pad":"`+strings.Repeat("x", 1_000_000)+`"`)}, []string{"created big"}},
		{"megabytes", []string{frame(1, "big", `,"pad":"`+strings.Repeat("x", 3<<20)+`"`)}, []string{"bad: invalid input"}},
	}
	for _, zip := range []bool{false, true} {
		for _, c := range cases {
			t.Run(fmt.Sprintf("gzip=%v/%s", zip, c.name), func(t *testing.T) {
				t.Parallel()
				f := newFake(t, func(k *conn) {
					k.raw(frame(100, "before", ""))
					for _, chunk := range c.raw {
						k.raw(chunk)
					}
					k.raw(frame(101, "after", ""))
					k.serve()
				})
				f.gzip = zip
				r := start(t, f, nil)
				r.wants(append(append([]string{"created before"}, c.want...), "created after")...)
				r.is(hugops.CoverageLive)
				if strings.Contains(r.log.String(), "the stream has ended") {
					t.Errorf("the stream ended:\n%s", r.log)
				}
			})
		}
	}
}

// TestReconnect ends the connection in every way, publishes a post meanwhile, and
// expects that the source comes back, finds it by a search, puts the ledger right,
// and says in the log why it was away.
func TestReconnect(t *testing.T) {
	t.Parallel()
	reset := func(in time.Duration) string { return fmt.Sprint(time.Now().Add(in).Unix()) }
	cases := []struct {
		name   string
		end    func(c *conn)
		refuse func() []func(f *fakeX) // what the next attempts meet, before the stream opens again
		log    []string
		tune   func(*Source)
	}{
		{name: "the socket is cut", log: []string{"the server closed it"}},
		{name: "operational-disconnect", end: func(c *conn) {
			c.line(`{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"This stream has been disconnected upstream for operational reasons.","type":"https://api.x.com/2/problems/operational-disconnect"}]}`)
			c.hang()
		}, log: []string{"the stream was ended by X", "upstream for operational reasons"}},
		{name: "kicked out for another connection", end: func(c *conn) { c.line(tooMany); c.hang() }, log: []string{"another process reads with this token", "20 minutes"}},
		{name: "a frame that breaks off", end: func(c *conn) { c.raw(`{"data":{"id":"19`) }, log: []string{"unexpected EOF|the server closed it|EOF"}},
		{name: "a half-open socket", end: (*conn).hang, log: []string{"not even a heartbeat"},
			tune: func(s *Source) { s.quiet, s.silence = 100*time.Millisecond, 300*time.Millisecond }},
		{name: "our connection is still counted", end: func(c *conn) { c.f.once("GET "+streamPath, answer(429, tooMany)) }, log: []string{"429", "may take 20 minutes"}},
		{name: "503", end: func(c *conn) { c.f.once("GET "+streamPath, answer(503, "<html>over capacity")) }, log: []string{"X answered 503", "tries again"}},
		{name: "429 with a reset", end: func(c *conn) {
			c.f.once("GET "+streamPath, answer(429, `{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}`, "x-rate-limit-reset", reset(time.Second)))
		}, log: []string{"X answered 429", "waits until X allows more"}},
		{name: "a redirect", end: func(c *conn) {
			c.f.once("GET "+streamPath, answer(302, "", "Location", "https://elsewhere.example/"))
		}, log: []string{"redirects are not followed"}},
		{name: "a web page", end: func(c *conn) {
			c.f.once("GET "+streamPath, answer(200, "<html>welcome", "Content-Type", "text/html"))
		}, log: []string{"a web page answered"}},
		{name: "401 once", end: func(c *conn) {
			c.f.once("GET "+streamPath, answer(401, `{"title":"Unauthorized","detail":"Unauthorized"}`))
		}, log: []string{"Bearer Token"}},
		{name: "the credits at X are used up for a while", end: func(c *conn) {
			c.f.once("GET "+streamPath, answer(402, `{"title":"CreditsDepleted","detail":"no credits","type":"https://api.x.com/2/problems/credits"}`))
		}, log: []string{"left alone for a while", "spending limit"}},
		{name: "the cap at X, said within", end: func(c *conn) {
			c.line(`{"title":"UsageCapExceeded","detail":"Usage cap exceeded: Monthly product cap","type":"https://api.x.com/2/problems/usage-capped"}`)
		}, log: []string{"left alone for a while"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, func(k *conn) {
				k.f.add(keyHugops, "one")
				k.serveUntil(k.f.len())
				k.f.add(keyHugops, "two") // while nobody is there
				if c.end != nil {
					c.end(k)
				}
			}, (*conn).serve)
			began := time.Now()
			r := start(t, f, c.tune)
			r.wants("created one", "created two")
			r.is(hugops.CoverageLive)
			for _, text := range c.log {
				r.until("the log says "+text, func() bool {
					return slices.ContainsFunc(strings.Split(text, "|"), func(s string) bool { return strings.Contains(r.log.String(), s) })
				})
			}
			if a := r.learns(); a.State != hugops.CoverageReplay || a.From.Before(began) || !a.To.After(a.From) {
				t.Errorf("learnt %+v, since %v\n%s", a, began, r.log)
			}
			f.add(keyHugops, "three")
			r.wants("created three")
		})
	}
}

// TestLateStart: what came while X did not let the source in at first is found too.
func TestLateStart(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.refuse["GET "+streamPath] = answer(503, "")
	r := start(t, f, func(s *Source) { s.overlap = 10 * time.Millisecond })
	r.says("X answered 503")
	f.add(keyHugops, "meanwhile")
	time.Sleep(50 * time.Millisecond)
	f.set(func() { clear(f.refuse) })
	r.wants("created meanwhile")
}

// TestStalled: a connection on which not even heartbeats come is stalled at first.
func TestStalled(t *testing.T) {
	t.Parallel()
	f := newFake(t, (*conn).hang)
	r := start(t, f, func(s *Source) { s.quiet, s.silence = 30*time.Millisecond, time.Hour })
	r.is(hugops.CoverageStalled)
	f.set(func() { f.scripts = nil })
	f.kick()
	r.is(hugops.CoverageLive)
}

// TestGivesUp: a token that X keeps refusing ends the source, with an error that
// says what to do and does not show the token.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		code int
		body string
		want string
	}{
		{"revoked", 401, `{"title":"Unauthorized","detail":"Unauthorized"}`, "regenerated or revoked"},
		{"not in a project", 403, `{"title":"Client Forbidden","reason":"client-not-enrolled","detail":"attach","type":"https://api.x.com/2/problems/client-forbidden"}`, "Pay-per-use access"},
		{"a user's token", 403, `{"title":"Unsupported Authentication","type":"https://api.x.com/2/problems/unsupported-authentication"}`, "a user's token"},
	}
	for _, c := range cases {
		for _, path := range []string{"GET " + streamPath, "GET " + rulesPath} {
			t.Run(c.name+"/"+path, func(t *testing.T) {
				f := newFake(t)
				f.refuse[path] = answer(c.code, c.body)
				s, err := New(config(f, &board{}))
				if err != nil {
					t.Fatal(err)
				}
				quick(s)
				err = s.Run(t.Context(), func(context.Context, pipeline.Item) error { return nil })
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), goodToken) {
					t.Errorf("ended with %v, want %q", err, c.want)
				}
			})
		}
	}
}

// TestResumes: after a kill the time since is searched for, and what was not
// acknowledged comes again.
func TestResumes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := config(f, &board{})
	cfg.StateDir = t.TempDir()
	r := startWith(t, f, cfg, nil)
	r.says("the stream is open")
	f.add(keyHugops, "one")
	r.wants("created one")
	time.Sleep(50 * time.Millisecond)
	f.add(keyHugops, "two")
	if got := describe(<-r.items); got != "created two" { // not acknowledged
		t.Fatal(got)
	}
	r.stop()
	f.add(keyHugops, "three")
	r = startWith(t, f, cfg, nil)
	r.came = []string{"created one"}
	var came []string
	for len(came) < 2 { // the newest first
		if got := describe(r.next()); got != "created one" {
			came = append(came, got)
		}
	}
	if slices.Sort(came); !slices.Equal(came, []string{"created three", "created two"}) {
		t.Errorf("came %v", came)
	}
	if a := r.learns(); a.State != hugops.CoverageReplay {
		t.Errorf("learnt %v", a)
	}
}

// TestSlowKafka: while nothing is taken nothing is read ahead, and the ledger says
// so; afterwards all is there.
func TestSlowKafka(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := start(t, f, func(s *Source) { s.quiet = 100 * time.Millisecond })
	r.says("the stream is open")
	r.slow = true
	for i := range 3 {
		f.add(keyHugops, fmt.Sprint(i))
	}
	r.is(hugops.CoverageStalled)
	r.wants("created 0", "created 1", "created 2")
	r.is(hugops.CoverageLive)
}

// TestBehind: Kafka is slow, X has sent much that nobody has read yet, and the
// connection is reset, so that this is lost. All of it is found by searches.
func TestBehind(t *testing.T) {
	t.Parallel()
	const posts = 100
	behind := make(chan struct{})
	f := newFake(t, func(k *conn) {
		for i := range posts { // 400 kB: more than what a reader has in its buffers
			k.f.add(keyHugops, fmt.Sprintf("%d %s", i, strings.Repeat("x", 4000)))
		}
		k.serveUntil(posts)
		<-behind
		socket, _, err := http.NewResponseController(k.w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		socket.(*net.TCPConn).SetLinger(0) // a reset
		socket.Close()
	}, (*conn).serve)
	r := start(t, f, nil)
	r.slow = true
	r.says("the stream is open")
	time.Sleep(2500 * time.Millisecond)
	came := make(map[string]bool)
	take := func() { number, _, _ := strings.Cut(describe(r.next()), " x"); came[number] = true }
	for range 30 {
		take()
	}
	close(behind)
	time.Sleep(50 * time.Millisecond)
	for len(came) < posts {
		take()
	}
	r.slow = false
	if a := r.learns(); a.To.Sub(a.From) < 2*time.Second {
		t.Errorf("learnt %+v, and was behind by more than two seconds", a)
	}
}

// TestClockSkew: X's clock is off; it is asked by its own time.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-time.Hour, 3 * time.Hour} {
		f := newFake(t, func(k *conn) {
			k.f.add(keyHugops, "one")
			k.serveUntil(k.f.len())
			k.f.add(keyHugops, "two")
		}, (*conn).serve)
		f.skew = skew
		r := start(t, f, nil)
		r.wants("created one", "created two")
		r.stop()
	}
}

// TestLease: of two processes on one directory the second waits for the first.
func TestLease(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := config(f, &board{})
	cfg.StateDir = filepath.Join(t.TempDir(), "live")
	first := startWith(t, f, cfg, nil)
	first.says("the stream is open")
	second := startWith(t, f, cfg, nil)
	second.says("another hugops on this machine")
	first.stop()
	second.says("the stream is open")
	if strings.Contains(second.log.String(), "answered 429") {
		t.Errorf("the second one tried to connect:\n%s", second.log)
	}
}
