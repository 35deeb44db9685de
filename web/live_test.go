package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hugops/hugops"
)

// stage is a shelf whose outages change while the site looks at it.
type stage struct {
	mu sync.Mutex
	shelf
}

func (s *stage) OutagePage(ctx context.Context, now time.Time, q hugops.OutageQuery) (hugops.OutagePage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shelf.OutagePage(ctx, now, q)
}

func (s *stage) Detail(ctx context.Context, id string, now time.Time) (hugops.Detail, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shelf.Detail(ctx, id, now)
}

// change sets the number of an outage's posts, as of a time.
func (s *stage) change(id string, posts int, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.details {
		if d := &s.details[i]; d.Outage.ID == id {
			d.Posts, d.UpdatedAt = posts, at
		}
	}
}

// newStage holds two outages that changed at noon, and one that did an hour before.
func newStage() *stage {
	s := &stage{shelf: shelf{details: []hugops.Detail{chatterbee(), nimbus(), pennywhistle()}}}
	s.change("chatterbee-7", 300, noon)
	s.change("nimbus-2026-11-22", 4120, noon)
	s.change("pennywhistle-pay-1", 3100, noon.Add(-time.Hour))
	return s
}

// air is a site whose streams are quick, on a real server. prepare may change the
// server before it starts.
func air(t *testing.T, store Store, prepare func(*httptest.Server)) (*httptest.Server, *Site) {
	t.Helper()
	site, err := New(Config{Store: store, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	site.site.hub.every, site.site.hub.beat = 5*time.Millisecond, 60*time.Millisecond
	srv := httptest.NewUnstartedServer(site)
	srv.Config.ReadTimeout, srv.Config.WriteTimeout = time.Second, 300*time.Millisecond // as the real one has, shorter
	if prepare != nil {
		prepare(srv)
	} else {
		srv.Start()
	}
	t.Cleanup(func() { site.Close(); srv.Close() })
	return srv, site
}

// ear is a client of a stream that reads it as a browser does.
type ear struct {
	t    *testing.T
	resp *http.Response
	said *bufio.Reader
	last string // the last id
}

// message is an event, or a comment or id that comes without one.
type message struct {
	event, id, comment, retry string
	state                     liveState
}

func listen(t *testing.T, client *http.Client, url, last string) *ear {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &ear{t: t, resp: resp, said: bufio.NewReader(resp.Body), last: last}
}

// next reads up to an empty line.
func (e *ear) next() (message, error) {
	var m message
	for {
		line, err := e.said.ReadString('\n')
		if err != nil {
			return m, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "":
			return m, nil
		case "event":
			m.event = value
		case "id":
			m.id, e.last = value, value
		case "retry":
			m.retry = value
		case ":":
			m.comment = "sign of life"
		case "data":
			d := json.NewDecoder(strings.NewReader(value))
			d.DisallowUnknownFields()
			if err := d.Decode(&m.state); err != nil {
				e.t.Errorf("data %q: %v", value, err)
			}
		default:
			e.t.Errorf("a line that means nothing: %q", line)
		}
	}
}

// event reads until an event comes; signs of life do not count.
func (e *ear) event() message {
	e.t.Helper()
	for {
		m, err := e.next()
		if err != nil {
			e.t.Fatal(err)
		}
		if m.event != "" {
			return m
		}
	}
}

// greeting reads the first words of a stream of all outages.
func (e *ear) greeting() {
	e.t.Helper()
	for {
		m, err := e.next()
		if err != nil || m.event != "" {
			e.t.Fatalf("no greeting: %+v, %v", m, err)
		}
		if m.id != "" {
			return
		}
	}
}

// TestLive: who listens to all is told what changes from then on, who listens to
// one its state at once; over HTTP/1.1 and HTTP/2, with and without TLS.
func TestLive(t *testing.T) {
	for name, prepare := range map[string]func(*httptest.Server){
		"HTTP/1.1":          nil,
		"HTTP/1.1 with TLS": func(s *httptest.Server) { s.StartTLS() },
		"HTTP/2":            func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newStage()
			srv, _ := air(t, store, prepare)
			all := listen(t, srv.Client(), srv.URL+"/api/v1/live", "")
			for header, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store",
				"X-Accel-Buffering": "no", "Access-Control-Allow-Origin": "*", "Content-Encoding": ""} {
				if got := all.resp.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			if want := strings.HasPrefix(name, "HTTP/2"); (all.resp.ProtoMajor == 2) != want {
				t.Errorf("protocol %s", all.resp.Proto)
			}
			m, err := all.next()
			if ms, _ := strconv.Atoi(m.retry); err != nil || ms < 2000 || ms > 6000 {
				t.Errorf("retry %q, %v", m.retry, err)
			}
			all.greeting()
			store.change("nimbus-2026-11-22", 4121, noon.Add(time.Second))
			m = all.event()
			if m.event != "outage" || m.state.ID != "nimbus-2026-11-22" || m.state.Posts != 4121 || m.id != fmt.Sprint(noon.Add(time.Second).UnixMilli()) {
				t.Errorf("event: %+v", m)
			}
			one := listen(t, srv.Client(), srv.URL+"/api/v1/outages/chatterbee-7/live", "")
			if m = one.event(); m.state.ID != "chatterbee-7" || m.state.Posts != 300 {
				t.Errorf("the state of one: %+v", m)
			}
			time.Sleep(1100 * time.Millisecond) // longer than the server reads a request or writes an answer
			store.change("nimbus-2026-11-22", 4122, noon.Add(2*time.Second))
			store.change("chatterbee-7", 301, noon.Add(2*time.Second))
			if m = one.event(); m.state.ID != "chatterbee-7" || m.state.Posts != 301 {
				t.Errorf("the next state of one: %+v", m)
			}
		})
	}
}

// TestLiveStateIsThatOfTheAPI: what an event says of an outage, the API says in the
// same words.
func TestLiveStateIsThatOfTheAPI(t *testing.T) {
	d := nimbus()
	d.UpdatedAt, d.Latest, d.LatestWidth = noon, d.Series[3], d.Bucket
	e, err := encode(d.Summary, noon)
	if err != nil {
		t.Fatal(err)
	}
	_, data, _ := strings.Cut(string(e.bytes), "data: ")
	var live, api map[string]any
	if err := json.Unmarshal([]byte(data), &live); err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(newAPIOutage(d.Summary, "https://hugops.example", noon))
	if err := json.Unmarshal(body, &api); err != nil {
		t.Fatal(err)
	}
	for name, value := range live {
		if want, ok := api[name]; ok && fmt.Sprint(value) != fmt.Sprint(want) {
			t.Errorf("%s: %v, in the API %v", name, value, want)
		}
	}
	if got, want := fmt.Sprint(live["latest"], live["updated_at"], live["merged_into"]),
		"map[at:2026-11-22T11:25:00Z authors:"; !strings.HasPrefix(got, want) || !strings.Contains(got, "bucket_seconds:300") || !strings.HasSuffix(got, "2026-11-22T14:26:30Z<nil>") {
		t.Errorf("latest, updated_at, merged_into: %s", got)
	}
}

// TestLiveResumes: who comes back is told all that changed since its last event,
// by another server too, and by one that began after the change.
func TestLiveResumes(t *testing.T) {
	store := newStage()
	srv, _ := air(t, store, nil)
	first := listen(t, srv.Client(), srv.URL+"/api/v1/live", "")
	first.greeting()
	store.change("nimbus-2026-11-22", 4121, noon.Add(5*time.Minute))
	first.event()
	first.resp.Body.Close()
	store.change("chatterbee-7", 301, noon.Add(6*time.Minute))

	other, _ := air(t, store, nil)
	for _, c := range []struct{ name, last, want string }{
		{"after the last event", first.last, "nimbus-2026-11-22 chatterbee-7"}, // the first again: it is within the overlap
		{"after an hour", eventID(noon.Add(-2 * time.Hour)), "pennywhistle-pay-1 nimbus-2026-11-22 chatterbee-7"},
		{"after everything", eventID(noon.Add(5*time.Minute + overlap)), "chatterbee-7"},
		{"from before any", "0", "pennywhistle-pay-1 nimbus-2026-11-22 chatterbee-7"},
	} {
		again := listen(t, other.Client(), other.URL+"/api/v1/live", c.last)
		var got []string
		for range strings.Fields(c.want) {
			got = append(got, again.event().state.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
		again.resp.Body.Close()
	}
	for _, odd := range []string{"x", "-5", "99999999999999999", "1e3", "\u00b2"} {
		listen(t, other.Client(), other.URL+"/api/v1/live", odd).greeting() // as if it had none
	}
}

// TestBoard: what is due to whom.
func TestBoard(t *testing.T) {
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	ev := func(id, state string, minute int) *event {
		return &event{outage: id, state: []byte(state), at: at(minute), bytes: []byte(id + state)}
	}
	empty := &board{}
	one := empty.follow([]*event{ev("a", "1", 10), ev("b", "1", 5), ev("c", "1", 0)})
	two := one.follow([]*event{ev("a", "1", 10), ev("b", "2", 11), ev("c", "1", 0)})
	late := two.follow([]*event{ev("a", "1", 10), ev("b", "2", 11), ev("c", "2", 0)}) // by a clock that is behind
	less := late.follow([]*event{ev("b", "2", 11), ev("d", "1", 0)})
	if same := less.follow([]*event{ev("d", "1", 0), ev("b", "2", 11)}); same != less {
		t.Error("the same states in another order are another board")
	}
	if none := empty.follow(nil); none == empty || !none.looked {
		t.Error("a hub that has found nothing knows it")
	}
	for _, c := range []struct {
		name   string
		b      *board
		outage string
		order  uint64
		since  int
		want   string
	}{
		{"all, the oldest change first", one, "", 0, -99, "c1 b1 a1"},
		{"all since", one, "", 0, 4, "b1 a1"},
		{"one", one, "a", 0, -99, "a1"},
		{"one that is not there", one, "x", 0, -99, ""},
		{"who has seen it", one, "", 3, -99, ""},
		{"what changed since the last board", two, "", 3, 10, "b2"},
		{"of another outage", two, "a", 3, 10, ""},
		{"a change that is dated back", late, "", 4, 10, "c2"},
		{"for a newcomer it is old", late, "", 0, 10, "b2"},
		{"what became known late, and is old", less, "", 5, 10, ""},
	} {
		var got []string
		for _, b := range c.b.due(c.outage, c.order, at(c.since)) {
			got = append(got, string(b))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// TestLiveRefuses: bad requests, and more listeners than there may be.
func TestLiveRefuses(t *testing.T) {
	srv, site := air(t, newStage(), nil)
	site.site.hub.most = 1
	ask := func(method, path string) *http.Response {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	listen(t, srv.Client(), srv.URL+"/api/v1/live", "").greeting()
	for _, c := range []struct {
		method, path string
		code         int
		typ          string
	}{
		{"GET", "/api/v1/live", 503, "application/problem+json"},
		{"HEAD", "/api/v1/live", 200, "text/event-stream"},
		{"OPTIONS", "/api/v1/live", 204, ""},
		{"POST", "/api/v1/live", 405, "application/problem+json"},
		{"GET", "/api/v1/outages/unknown/live", 404, "application/problem+json"},
	} {
		resp := ask(c.method, c.path)
		if resp.StatusCode != c.code || resp.Header.Get("Content-Type") != c.typ || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s %s: %d %v", c.method, c.path, resp.StatusCode, resp.Header)
		}
		if c.code == 503 && resp.Header.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
	}
	for _, c := range []struct{ addr, want string }{
		{"127.0.0.1:5", ""}, {"10.1.2.3:5", ""}, {"[fe80::1%eth0]:5", ""}, {"[::ffff:192.168.1.1]:5", ""}, {"@", ""},
		{"198.51.100.7:5", "198.51.100.7"}, {"[2001:db8:1:2:3::4]:5", "2001:db8:1:2::"},
	} {
		got := visitor(address(c.addr))
		if got.IsValid() != (c.want != "") || got.IsValid() && got.String() != c.want {
			t.Errorf("visitor at %s: %v, want %s", c.addr, got, c.want)
		}
	}
	h, addr := site.site.hub, netip.MustParseAddr("198.51.100.7")
	h.most = maxListeners
	for range maxFromOne {
		if ok, _ := h.join("", addr); !ok {
			t.Fatal("refused within the limit")
		}
	}
	if ok, crowded := h.join("", addr); ok || !crowded {
		t.Error("one address may have more streams than one address may have")
	}
	h.leave("", addr)
	if ok, _ := h.join("", addr); !ok {
		t.Error("a stream that ended still counts")
	}
}

// TestLiveLeaksNothing: clients that come and go leave no goroutine behind, the
// looking ends with the last one, and Close ends what is left.
func TestLiveLeaksNothing(t *testing.T) {
	store := newStage()
	srv, site := air(t, store, nil)
	srv.Client().Transport.(*http.Transport).DisableKeepAlives = true
	settled := func(what string, most int) {
		t.Helper()
		for range 500 {
			if runtime.NumGoroutine() <= most {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		buf := make([]byte, 1<<20)
		t.Fatalf("%s: %d goroutines, there were %d\n%s", what, runtime.NumGoroutine(), most, buf[:runtime.Stack(buf, true)])
	}
	before := runtime.NumGoroutine()
	for range 3 {
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				path := "/api/v1/live"
				if i%2 == 0 {
					path = "/api/v1/outages/chatterbee-7/live"
				}
				e := listen(t, srv.Client(), srv.URL+path, "0")
				e.event()
				e.resp.Body.Close()
			})
		}
		wg.Wait()
		settled("after clients left", before)
	}
	h := site.site.hub
	h.mu.Lock()
	if h.all != 0 || len(h.from) != 0 || len(h.of) != 0 || h.stop != nil {
		t.Errorf("the hub still counts %d listeners, %v, %v", h.all, h.from, h.of)
	}
	h.mu.Unlock()
	e := listen(t, srv.Client(), srv.URL+"/api/v1/live", "")
	e.greeting()
	site.Close()
	if _, err := io.ReadAll(e.said); err != nil {
		t.Errorf("a stream does not end cleanly: %v", err)
	}
	if resp, err := srv.Client().Get(srv.URL + "/api/v1/live"); err != nil || resp.StatusCode != 503 {
		t.Errorf("after Close: %v, %v", resp.Status, err)
	}
}

// TestLiveShutdown: a server that is told to end does not wait for listeners.
func TestLiveShutdown(t *testing.T) {
	for name, prepare := range map[string]func(*httptest.Server){
		"HTTP/1.1": func(s *httptest.Server) { s.Start() },
		"HTTP/2":   func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		srv, site := air(t, newStage(), prepare)
		srv.Config.RegisterOnShutdown(site.Close)
		listen(t, srv.Client(), srv.URL+"/api/v1/live", "").greeting()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := srv.Config.Shutdown(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// pipe is a client that reads nothing: a write to it ends by its deadline only.
type pipe struct{ net.Conn }

func (p pipe) SetWriteDeadline(t time.Time) error {
	return p.Conn.SetWriteDeadline(t.Add(20*time.Millisecond - writeTime))
}

// TestLiveDropsTheSlow: a client that takes nothing is let go, and nobody waits
// for it.
func TestLiveDropsTheSlow(t *testing.T) {
	store := newStage()
	_, site := air(t, store, nil)
	server, client := net.Pipe()
	defer client.Close()
	dropped := liveDropped.Get()
	site.site.hub.join("", netip.Addr{})
	l := listener{hub: site.site.hub, wire: taken(pipe{server})}
	done := make(chan struct{})
	go func() { l.run(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("a client that takes nothing is still served")
	}
	if liveDropped.Get() != dropped+1 {
		t.Error("it is not counted")
	}
}

// deadlines is a client of HTTP/2 as the server sees it: a deadline that passes ends its
// stream, though nothing waits to be written.
type deadlines struct {
	*httptest.ResponseRecorder
	write time.Time
}

func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }

// TestLiveQuiet: a stream in which nothing happens for longer than a write may take
// goes on.
func TestLiveQuiet(t *testing.T) {
	d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	out := flushed(d, httptest.NewRequest("GET", "/api/v1/live", nil))
	if err := out.write([][]byte{[]byte(":\n\n")}); err != nil || !d.Flushed {
		t.Fatalf("%v, flushed %t", err, d.Flushed)
	}
	if !d.write.IsZero() {
		t.Errorf("between two events the stream would end at %s", d.write)
	}
}

// TestLiveTellsOfMerging: an outage that turns out to be another one is no longer in
// the list, and its listeners are told.
func TestLiveTellsOfMerging(t *testing.T) {
	store := newStage()
	store.details = append(store.details, larkspur())
	id := larkspur().Outage.ID
	store.change(id, 140, noon)
	srv, _ := air(t, store, nil)
	all := listen(t, srv.Client(), srv.URL+"/api/v1/live", "")
	all.greeting()
	store.mu.Lock()
	d := &store.details[len(store.details)-1]
	d.Outage.MergedInto, d.UpdatedAt = "nimbus-2026-11-22", noon.Add(time.Minute)
	store.mu.Unlock()
	if m := all.event(); m.state.ID != id || m.state.MergedInto == nil || *m.state.MergedInto != "nimbus-2026-11-22" {
		t.Errorf("event: %+v", m)
	}
	store.change("chatterbee-7", 301, noon.Add(2*time.Minute))
	if m := all.event(); m.state.ID != "chatterbee-7" {
		t.Errorf("it is told again: %+v", m)
	}
}

// TestPending: figures that are not there yet are not shown as if they were, on a
// page, in the API or in the stream.
func TestPending(t *testing.T) {
	store := newStage()
	d := &store.details[0] // the ongoing one that leads
	store.details = append(store.details[:0], *d, store.details[2])
	store.details[0].Index, store.details[0].Posts, store.details[0].Curve = hugops.Index{Pending: true}, 0, nil
	h := newSite(t, store)
	page := get(t, h, "/").Body.String()
	if !strings.Contains(page, "Being counted") || strings.Contains(page, "of 30 people") || strings.Contains(page, "not enough posts") {
		t.Error("the front page does not say that figures are being counted, or says what they are")
	}
	if list := get(t, h, "/api/v1/outages").Body.String(); strings.Count(list, `"pending":true`) != 1 {
		t.Errorf("the list: %s", list)
	}
	sums, now, _ := (&site{Config: Config{Store: store, Now: func() time.Time { return noon }}}).states(t.Context(), nil)
	hub := newHub(func(context.Context, []string) ([]hugops.Summary, time.Time, error) { return sums, now, nil }, slog.New(slog.DiscardHandler))
	if events, err := hub.events(t.Context()); err != nil || len(events) != 1 || events[0].outage != "pennywhistle-pay-1" {
		t.Errorf("events: %v, %v", events, err)
	}
}

// attic is a stage whose old outages take for ever, or fail.
type attic struct{ *stage }

func (s attic) Detail(ctx context.Context, id string, now time.Time) (hugops.Detail, error) {
	switch id {
	case "slow":
		<-ctx.Done()
		return hugops.Detail{}, ctx.Err()
	case "broken":
		return hugops.Detail{}, errNoPage
	}
	return s.stage.Detail(ctx, id, now)
}

// TestLiveOldOutages: who listens to old outages, whose figures are late or cannot be
// had, keeps nobody from hearing of the others.
func TestLiveOldOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{Config: Config{Store: attic{newStage()}, Now: func() time.Time { return noon }}}
		began := time.Now()
		sums, _, err := s.states(t.Context(), []string{"broken", "slow", "slow", "nobody", "chatterbee-7"})
		if len(sums) != 3 || err != nil {
			t.Errorf("%d states, %v; want the 3 that are there", len(sums), err)
		}
		if took := time.Since(began); took > existTime {
			t.Errorf("it took %s", took)
		}
	})
}

// TestLiveHidesTrouble: while the store does not answer, streams stay open, give
// signs of life, and go on afterwards.
func TestLiveHidesTrouble(t *testing.T) {
	store := newStage()
	srv, _ := air(t, store, nil)
	e := listen(t, srv.Client(), srv.URL+"/api/v1/live", "")
	e.greeting()
	store.mu.Lock()
	store.err = errNoPage
	store.mu.Unlock()
	for {
		m, err := e.next()
		if err != nil {
			t.Fatal(err)
		}
		if m.comment != "" {
			break
		}
	}
	store.mu.Lock()
	store.err = nil
	store.mu.Unlock()
	store.change("chatterbee-7", 302, noon.Add(time.Minute))
	if m := e.event(); m.state.Posts != 302 {
		t.Errorf("after the trouble: %+v", m)
	}
}

// FuzzLastEventID: any header gives a time that events can be compared with.
func FuzzLastEventID(f *testing.F) {
	for _, s := range []string{"", "0", "1764298800123", "-1", "253402300800000", "9e9", " 5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := &http.Request{Header: http.Header{"Last-Event-Id": {s}}}
		since := lastEvent(r)
		if since.IsZero() {
			return
		}
		if since.Year() > 9999 || since.UnixMilli() < 0 {
			t.Errorf("%q is %v", s, since)
		}
		if again := lastEvent(&http.Request{Header: http.Header{"Last-Event-Id": {eventID(since)}}}); !again.Equal(since) {
			t.Errorf("%q is %v, and that %v", s, since, again)
		}
	})
}
