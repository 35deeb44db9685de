package bluesky

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

// TestPartialView compares with a host that has everything.
func TestPartialView(t *testing.T) {
	net := newNetwork()
	a, b := newHost(t, net), newHost(t, net)
	a.hides = func(i int) bool { return i%2 == 0 }
	r := start(t, Config{Hosts: []string{a.URL, b.URL}}, func(s *Source) {
		s.comparison = comparison{every: 20 * time.Millisecond, length: 200 * time.Millisecond, enough: 10}
	})
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
				net.post("did:plc:ada", strconv.Itoa(i), time.Time{})
			}
		}
	}()
	go func() {
		for {
			select {
			case <-done:
				return
			case it := <-r.items:
				it.Ack()
			}
		}
	}()
	r.is(hugops.CoverageSample)
	r.says("the view is partial")
	a.set(func() { a.hides = nil })
	r.is(hugops.CoverageLive)
	r.says("the view is whole again")
}

// TestDictionary changes a host's dictionary, and lets it refuse its own.
func TestDictionary(t *testing.T) {
	net := newNetwork()
	first, second := newDictionary(t, 20260811), newDictionary(t, 20260901)
	var h *fakeHost
	h = newHost(t, net, func(p *peer, i int) {
		net.post("did:plc:ada", "one", time.Time{})
		p.serveUntil(i, net.len())
		net.post("did:plc:ada", "two", time.Time{})
		h.set(func() { h.dictionary = second })
	}, (*peer).serve)
	h.set(func() { h.dictionary = first })
	r := start(t, Config{Hosts: []string{h.URL}}, nil)
	r.wants("created one", "created two")
	r.says("another dictionary")
	if strings.Contains(r.log.String(), "uncompressed") {
		t.Errorf("it gave up compression:\n%s", r.log)
	}
	h.set(func() {
		h.refuses = func(r *http.Request) bool { return r.URL.Query().Get("zstdDictionary") != "" }
		h.refuse = func(w http.ResponseWriter, _ *http.Request) { envelope(w, "UnknownZstdDictionary") }
	})
	h.kick()
	net.post("did:plc:ada", "three", time.Time{})
	r.wants("created three")
	r.says("refuses its own dictionary")
}

// TestCheck says what is wrong with each host.
func TestCheck(t *testing.T) {
	net := newNetwork()
	speaks := func(p *peer, i int) {
		net.post("did:plc:ada", "one", time.Time{})
		p.serve(i)
	}
	good, gone, mute := newHost(t, net, speaks), newHost(t, net), newHost(t, net, func(*peer, int) {})
	down(gone, true)
	checks, err := Check(t.Context(), Config{Hosts: []string{good.URL, gone.URL, mute.URL}})
	if err != nil || len(checks) != 3 {
		t.Fatal(checks, err)
	}
	for i, want := range []string{"", "503", "gives nothing"} {
		if err := checks[i].Err; want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", checks[i].Host, err, want)
		}
	}
	for _, cfg := range []Config{{Hosts: []string{"http://far.example"}}, {Hosts: []string{"wss://me:pass@a.example"}}, {Hosts: []string{"a.example/path"}},
		{Hosts: []string{""}}, {Wire: "v3"}, {Wire: WireV1, Dictionary: []byte("no dictionary")}} {
		if _, err := Check(t.Context(), cfg); err == nil {
			t.Errorf("%v was accepted", cfg)
		}
		if err := New(cfg).Run(t.Context(), func(_ context.Context, _ pipeline.Item) error { return nil }); err == nil {
			t.Errorf("%v ran", cfg)
		}
	}
}
