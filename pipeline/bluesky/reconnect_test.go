package bluesky

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/live/livetest"
)

// TestReconnect ends the connection in every way; each time the source comes
// back, asks for what it missed, and says in the log why it was away.
func TestReconnect(t *testing.T) {
	answer := func(code int, header, value, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if header != "" {
				w.Header().Set(header, value)
			}
			w.WriteHeader(code)
			io.WriteString(w, body)
		}
	}
	cases := []struct {
		name   string
		end    func(c *peer)
		refuse http.HandlerFunc // answers the second connection
		log    string
		tune   func(*Source)
	}{
		{name: "the socket is cut", end: func(c *peer) { c.conn.CloseNow() }, log: "the server closed it"},
		{name: "the host closes", end: func(c *peer) { c.conn.Close(websocket.StatusGoingAway, "server shutting down") }, log: "shutting down"},
		{name: "we were too slow", end: func(c *peer) { c.say(`{"$type":"error","error":"ConsumerTooSlow","message":"reconnect"}`) }, log: "ConsumerTooSlow reconnect"},
		{name: "an error within", end: func(c *peer) { c.say(`{"$type":"error","error":"InternalError"}`) }, log: "InternalError"},
		{name: "a socket that is half open", end: (*peer).hang, log: "not even a heartbeat", tune: func(s *Source) { s.silence = 300 * time.Millisecond }},
		{name: "a frame that breaks off", end: func(c *peer) {
			w, _ := c.conn.Writer(c.ctx, websocket.MessageText)
			w.Write([]byte(`{"did":`))
			c.conn.CloseNow()
		}, log: "the server closed it"},
		{name: "503", refuse: answer(503, "", "", `{"error":"ServiceUnavailable","message":"warming up"}`), log: "503"},
		{name: "429", refuse: answer(429, "Retry-After", "1", ""), log: "429"},
		{name: "a redirect", refuse: answer(302, "Location", "https://elsewhere.example/", ""), log: "redirects are not followed"},
		{name: "404", refuse: answer(404, "", "", ""), log: "try the other wire"},
		{name: "400", refuse: answer(400, "", "", `{"error":"InvalidRequest","message":"collections"}`), log: "refused the connection (400)"},
		{name: "a page of HTML", refuse: answer(200, "Content-Type", "text/html", "<html>welcome"), log: "refused the connection (200)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			net := newNetwork()
			var h *fakeHost
			h = newHost(t, net, func(p *peer, i int) {
				net.post("did:plc:ada", "one", time.Time{})
				p.serveUntil(i, net.len())
				net.post("did:plc:ada", "two", time.Time{}) // while nobody is there
				if c.refuse != nil {
					h.set(func() {
						h.refuse = func(w http.ResponseWriter, r *http.Request) { h.set(func() { h.refuse = nil }); c.refuse(w, r) }
					})
					return
				}
				c.end(p)
			}, (*peer).serve)
			r := start(t, Config{Hosts: []string{h.URL}}, c.tune)
			r.wants("created one", "created two")
			r.is(hugops.CoverageLive)
			r.says(c.log)
			net.post("did:plc:ada", "three", time.Time{})
			r.wants("created three")
			h.mu.Lock()
			defer h.mu.Unlock()
			if got := h.asked[len(h.asked)-1].Get("cursor"); got != "1" {
				t.Errorf("resumed from %q, want the number of the last post read", got)
			}
		})
	}
}

// TestFailOver takes hosts away: the next one is asked by time, a little earlier,
// and the numbers of one are never asked of another.
func TestFailOver(t *testing.T) {
	net := newNetwork()
	var a, b *fakeHost
	a = newHost(t, net, func(p *peer, i int) {
		net.post("did:plc:ada", "one", time.Time{})
		p.serveUntil(i, net.len())
		down(a, true)
	})
	b = newHost(t, net, func(p *peer, i int) {
		net.post("did:plc:ada", "two", time.Time{})
		p.serveUntil(i, net.len())
		down(a, false)
		down(b, true)
	})
	b.offset = 5000
	r := start(t, Config{Hosts: []string{a.URL, b.URL}}, nil)
	r.wants("created one", "created two")
	r.says("answered 503")
	one, _, _ := net.get(0)
	b.mu.Lock()
	cursor, _ := strconv.ParseInt(b.asked[0].Get("cursor"), 10, 64)
	b.mu.Unlock()
	if want := one.at.Add(-5 * time.Second).UnixMicro(); cursor != want {
		t.Errorf("the other host was asked for %d, want %d", cursor, want)
	}
}

func down(h *fakeHost, is bool) {
	h.set(func() {
		h.refuse = nil
		if is {
			h.refuse = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
		}
	})
}

// old are posts of the last hour, one each 20 s.
func old(net *network, n int) time.Time {
	begin := time.Now().Add(-time.Duration(n) * 20 * time.Second)
	for i := range n {
		net.post("did:plc:ada", strconv.Itoa(i), begin.Add(time.Duration(i)*20*time.Second))
	}
	return begin
}

// TestCursors resumes after a while in which the process was away.
func TestCursors(t *testing.T) {
	cases := []struct {
		name, wire string
		tune       func(h *fakeHost)
		host       string // in the position, when it is another
		first      string
		past       []hugops.CoverageState // of the time since
		log        string
	}{
		{name: "all is there", wire: WireV2, first: "created 10", past: []hugops.CoverageState{"replay"}},
		{name: "all is there", wire: WireV1, first: "created 10", past: []hugops.CoverageState{"replay"}},
		{name: "another host", wire: WireV2, host: "gone.example", first: "created 10", past: []hugops.CoverageState{"replay"}},
		{name: "the number is too old, the time too, and the host says so", wire: WireV2, first: "created 100",
			tune: func(h *fakeHost) { h.floor = 100 }, past: []hugops.CoverageState{"clamped", "replay"}, log: "OutdatedCursor"},
		{name: "the time is too old, and the host says nothing", wire: WireV1, first: "created 100",
			tune: func(h *fakeHost) { h.floor = 100 }, past: []hugops.CoverageState{"clamped", "replay"}, log: "posts are missing"},
		{name: "the host counts anew, from less", wire: WireV2, first: "created 10",
			tune: func(h *fakeHost) { h.offset = -5 }, past: []hugops.CoverageState{"replay"}, log: "numbers are not those"},
		{name: "the host counts anew, from more", wire: WireV2, first: "created 10",
			tune: func(h *fakeHost) { h.offset = 11 }, past: []hugops.CoverageState{"replay"}, log: "numbers are not those"},
	}
	for _, c := range cases {
		t.Run(c.wire+"/"+c.name, func(t *testing.T) {
			net := newNetwork()
			begin := old(net, 180)
			h := newHost(t, net)
			if c.tune != nil {
				c.tune(h)
			}
			dir := t.TempDir()
			at := position{Host: h.name(), TimeUS: begin.Add(200 * time.Second).Truncate(time.Microsecond).UnixMicro()}
			if c.host != "" {
				at.Host = c.host
			}
			if c.wire == WireV2 {
				at.Seq = 11
			}
			write(t, filepath.Join(dir, "bluesky.json"), at)
			r := start(t, Config{Hosts: []string{h.URL}, Wire: c.wire, StateDir: dir}, nil)
			r.wants(c.first)
			for i := range 180 {
				if describe(r.next()) == "created 179" {
					break
				} else if i == 179 {
					t.Fatal("the last post did not come")
				}
			}
			net.post("did:plc:ada", "now", time.Time{})
			r.wants("created now")
			r.is(hugops.CoverageLive)
			var past []hugops.CoverageState
			until := begin.Add(200 * time.Second)
			for _, a := range r.Amend() {
				past = append(past, a.State)
				if off := a.From.Sub(until).Abs(); off > 15*time.Second {
					t.Errorf("%s begins %v off where the one before it ends", a.State, off)
				}
				until = a.To
			}
			if strings.Join(strs(past), " ") != strings.Join(strs(c.past), " ") {
				t.Errorf("the past was %v, want %v\n%s", past, c.past, r.log)
			}
			r.says(c.log)
		})
	}
}

// TestHostAway: a host that was away itself brings afterwards what it missed,
// under the time of now; the commits say when they were made.
func TestHostAway(t *testing.T) {
	for _, wire := range wires {
		net := newNetwork()
		h := newHost(t, net)
		r := start(t, Config{Hosts: []string{h.URL}, Wire: wire}, nil)
		r.says("the stream is open")
		was := time.Now().Add(-30 * time.Minute)
		net.post("did:plc:ada", "before", was)
		r.wants("created before")
		net.add(event{rev: tid(was.Add(time.Second)), did: "did:plc:ada", kind: "commit", op: "create", coll: collectionPost, rkey: "k", rest: record0("backlog")})
		r.wants("created backlog")
		r.is(hugops.CoverageLive)
		for _, a := range r.Amend() {
			if a.State.Blind() {
				t.Errorf("%s: %s from %v to %v, though nothing was lost", wire, a.State, a.From, a.To)
			}
		}
		r.stop()
	}
}

// tid writes a time as the revision of a commit.
func tid(at time.Time) string {
	n, out := uint64(at.UnixMicro())<<10, make([]byte, 13)
	for i := range out {
		out[12-i] = tidAlphabet[n>>(5*i)&31]
	}
	return string(out)
}

func strs(states []hugops.CoverageState) (out []string) {
	for _, s := range states {
		out = append(out, string(s))
	}
	return out
}

func write(t *testing.T, file string, p position) {
	t.Helper()
	raw := `{"host":"` + p.Host + `","seq":` + strconv.FormatInt(p.Seq, 10) + `,"time_us":` + strconv.FormatInt(p.TimeUS, 10) + `}`
	if err := os.WriteFile(file, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRestart: a new process goes on after what was acknowledged, remembers who
// opted out, and names nobody in its files.
func TestRestart(t *testing.T) {
	net := newNetwork()
	h := newHost(t, net)
	dir := t.TempDir()
	cfg := Config{Hosts: []string{h.URL}, StateDir: dir}
	r := start(t, cfg, nil)
	r.says("the stream is open")
	net.post("did:plc:ada", "one", time.Time{})
	net.add(event{did: "did:plc:bob", kind: "commit", op: "create", coll: collectionIntents, rkey: "self", rest: `{"bulkDataset":{"allow":false}}`})
	net.post("did:plc:bob", "secret", time.Time{})
	net.post("did:plc:ada", "two", time.Time{})
	r.wants("created one", "withheld", "created two")
	net.post("did:plc:ada", "three", time.Time{})
	<-r.items // and nobody acknowledges it: the process is killed
	net.post("did:plc:bob", "secret too", time.Time{})
	r.stop()

	for _, name := range []string{"bluesky.json", "bluesky-opted-out.json"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.Contains(string(raw), "did:") {
			t.Errorf("%s: %v\n%s", name, err, raw)
		}
	}
	r = start(t, cfg, nil)
	var got []string
	for len(got) == 0 || got[len(got)-1] != "withheld" {
		got = append(got, describe(r.next()))
	}
	if want := "created two, created three, withheld"; strings.Join(got, ", ") != want {
		t.Errorf("after the restart came %v, want %s", got, want)
	}
	r.stop()

	os.WriteFile(filepath.Join(dir, "bluesky.json"), []byte("{"), 0o600)
	os.WriteFile(filepath.Join(dir, "bluesky-opted-out.json"), []byte("["), 0o600)
	r = start(t, cfg, nil)
	r.says("starts anew")
	r.says("the list of those who declared that they opt out is lost")
	r.says("from=now")
	net.post("did:plc:ada", "four", time.Time{})
	r.wants("created four")
}

// TestIntentsAreBounded forgets the earliest, and says so.
func TestIntentsAreBounded(t *testing.T) {
	log := &livetest.Log{}
	in := openIntents(filepath.Join(t.TempDir(), "x.json"), door.Pseudonyms, log.Logger())
	in.max = 3
	no := &commit{Operation: "create", Record: []byte(`{"bulkDataset":{"allow":false}}`)}
	for _, did := range []string{"did:1", "did:2", "did:2", "did:3", "did:4"} {
		if err := in.declare(did, no); err != nil {
			t.Fatal(err)
		}
	}
	if in.optedOut("did:1") || !in.optedOut("did:2") || !in.optedOut("did:4") || !strings.Contains(log.String(), "earliest is forgotten") {
		t.Errorf("remembered %v\n%s", in.order, log)
	}
	if err := in.save(); err != nil {
		t.Fatal(err)
	}
	if again := openIntents(in.file, door.Pseudonyms, log.Logger()); len(again.order) != 3 || !again.optedOut("did:3") {
		t.Errorf("stored %v", again.order)
	}
}

// TestSlowKafka blocks the taker: the host's socket fills up and nothing is read
// ahead; the ledger says so, and afterwards that nothing was lost.
func TestSlowKafka(t *testing.T) {
	net := newNetwork()
	h := newHost(t, net)
	r := start(t, Config{Hosts: []string{h.URL}}, func(s *Source) { s.view.hole, s.view.late = 400*time.Millisecond, 400*time.Millisecond })
	r.says("the stream is open")
	at := time.Now()
	post := func(text, pad string) {
		net.add(event{at: at, did: "did:plc:ada", kind: "commit", op: "create", coll: collectionPost, rkey: "k",
			rest: `{"text":"` + text + `","createdAt":"2026-11-02T12:00:00Z","pad":"` + pad + `"}`})
	}
	post("first", "")
	r.wants("created first")
	for range 60 { // more than sockets hold
		at = at.Add(10 * time.Millisecond)
		post("big", strings.Repeat("x", 900_000))
	}
	r.is(hugops.CoverageStalled)
	for range 60 {
		r.wants("created big")
	}
	for r.sight.Now().Blind() { // the stream goes on, without a hole, until it is caught up with
		if at.Before(time.Now()) {
			at = at.Add(100 * time.Millisecond)
			post("small", "")
			r.wants("created small")
		}
	}
	for _, a := range r.Amend() {
		if a.State.Blind() {
			t.Errorf("%s from %v to %v, though nothing was lost", a.State, a.From, a.To)
		}
	}
}

// TestQuietHost: a host that pings and sends nothing counts as stalled, and after
// a while another is asked.
func TestQuietHost(t *testing.T) {
	net := newNetwork()
	a := newHost(t, net, func(p *peer, _ int) { p.serve(1 << 40) })
	b := newHost(t, net)
	r := start(t, Config{Hosts: []string{a.URL, b.URL}}, func(s *Source) {
		s.view.hole, s.quiet = 100*time.Millisecond, 300*time.Millisecond
	})
	r.is(hugops.CoverageStalled)
	r.says("sends nothing")
	r.says(`host=` + b.name())
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
				net.post("did:plc:ada", "here", time.Time{})
			}
		}
	}()
	r.wants("created here")
}

// TestClocks: a host whose clock is hours off is live all the same, and a frame
// from the future does not become the cursor.
func TestClocks(t *testing.T) {
	for _, off := range []time.Duration{-5 * time.Hour, 5 * time.Hour} {
		net := newNetwork()
		h := newHost(t, net)
		inner := h.Config.Handler
		h.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
			inner.ServeHTTP(w, r)
		})
		r := start(t, Config{Hosts: []string{h.URL}}, nil)
		r.says("the stream is open")
		net.post("did:plc:ada", "one", time.Now().Add(off))
		r.wants("created one")
		r.is(hugops.CoverageLive)
		net.post("did:plc:ada", "future", time.Now().Add(off+24*time.Hour))
		net.post("did:plc:ada", "two", time.Now().Add(off))
		r.wants("created future", "created two")
		r.stop()
		if at := r.pos.time(); at.Sub(time.Now().Add(off)).Abs() > time.Minute {
			t.Errorf("off by %v: the position is %v", off, at)
		}
		if past := r.Amend(); len(past) > 0 {
			t.Errorf("off by %v: learnt %v", off, past)
		}
	}
}
