package bluesky

import (
	"fmt"
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

// appView answers app.bsky.actor.getProfiles as Bluesky does: whom it does not
// know it leaves out.
type appView struct {
	*httptest.Server
	mu       sync.Mutex
	profiles map[string]string // JSON without the DID, by DID
	refuse   []http.HandlerFunc
	asked    [][]string
}

func newAppView(t *testing.T, profiles map[string]string) *appView {
	v := &appView{profiles: profiles}
	v.Server = httptest.NewServer(v)
	t.Cleanup(v.Close)
	return v
}

func (v *appView) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	actors := r.URL.Query()["actors"]
	v.asked = append(v.asked, actors)
	if len(v.refuse) > 0 {
		first := v.refuse[0]
		v.refuse = v.refuse[1:]
		first(w, r)
		return
	}
	if r.URL.Path != "/xrpc/app.bsky.actor.getProfiles" || len(actors) == 0 || len(actors) > 25 {
		http.Error(w, `{"error":"InvalidRequest"}`, http.StatusBadRequest)
		return
	}
	var views []string
	for _, did := range actors {
		if p, ok := v.profiles[did]; ok {
			views = append(views, fmt.Sprintf(`{"did":%q,%s}`, did, p))
		}
	}
	fmt.Fprintf(w, `{"profiles":[%s]}`, strings.Join(views, ","))
}

func labelled(src, val, more string) string {
	return fmt.Sprintf(`"handle":"someone.example","labels":[{"src":%q,"uri":"at://x","val":%q,"cts":"2026-01-01T00:00:00Z"%s}]`, src, val, more)
}

// TestAuthors lists who is let in, and what the post says of its author then.
func TestAuthors(t *testing.T) {
	view := newAppView(t, map[string]string{
		"did:plc:plain":    `"handle":"plain.example","displayName":"P","labels":[]`,
		"did:plc:signin":   labelled("did:plc:signin", "!no-unauthenticated", ""),
		"did:plc:foreign":  labelled("did:plc:somebody", "!no-unauthenticated", ""),
		"did:plc:negated":  labelled("did:plc:negated", "!no-unauthenticated", `,"neg":true`),
		"did:plc:labelled": labelled("did:plc:labelled", "porn", ""),
		"did:plc:odd":      `"handle":"odd.example","labels":{"not":"a list"}`,
		"did:plc:invalid":  `"handle":"handle.invalid"`,
		"did:plc:listed":   `"handle":"listed.example"`,
		"did:plc:own":      `"handle":"status.nimbus-cloud.example"`,
	})
	cases := []struct{ did, want string }{
		{"plain", "created plain"},
		{"signin", "withheld"},
		{"foreign", "created foreign"}, // only people themselves say this of themselves
		{"negated", "created negated"},
		{"labelled", "created labelled"},
		{"odd", "created odd"},
		{"invalid", "created invalid"},
		{"listed", "withheld"}, // by handle, in the operator's list
		{"shy", "withheld"},    // by DID
		{"own", "created own by nimbus-cloud"},
		{"unknown", "created unknown"},
	}
	net := newNetwork()
	r := start(t, Config{Hosts: []string{newHost(t, net).URL}, AppView: view.URL}, func(s *Source) {
		s.cfg.Door.OptedOut = func(n hugops.Network, name string) bool { return name == "listed.example" || door.OptedOut(n, name) }
		s.cfg.Door.AuthorService = func(_ hugops.Network, name string) string {
			return map[string]string{"status.nimbus-cloud.example": "nimbus-cloud"}[name]
		}
	})
	r.says("the stream is open")
	for range 2 { // the second time they are known
		for _, c := range cases {
			net.post("did:plc:"+c.did, c.did, time.Time{})
			got := r.next()
			text := describe(got)
			if p := got.Event.Post; p != nil && p.AuthorService != "" {
				text += " by " + p.AuthorService
			}
			if text != c.want {
				t.Errorf("%s: %q, want %q", c.did, text, c.want)
			}
		}
	}
	view.mu.Lock()
	defer view.mu.Unlock()
	var asked []string
	for _, actors := range view.asked {
		asked = append(asked, actors...)
	}
	slices.Sort(asked)
	if twice := len(asked) - len(slices.Compact(slices.Clone(asked))); twice != 0 || slices.Contains(asked, "did:plc:shy") {
		t.Errorf("asked for %v: each once, and for none that is left out already", asked)
	}
}

// TestAuthorsWait: while the AppView cannot be asked nothing passes and nothing is
// lost, and no log names whom it was asked for.
func TestAuthorsWait(t *testing.T) {
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if len(header) > 0 {
				w.Header().Set(header[0], header[1])
			}
			w.WriteHeader(code)
		}
	}
	for name, refuse := range map[string]http.HandlerFunc{
		"503":            status(503),
		"429":            status(429, "Retry-After", "1"),
		"a redirect":     status(302, "Location", "https://elsewhere.example/"),
		"403":            status(403),
		"no JSON":        func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") },
		"half an answer": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"profiles":[{"did":"did:pl`) },
		"the line dies":  func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			view := newAppView(t, map[string]string{"did:plc:signin": labelled("did:plc:signin", "!no-unauthenticated", "")})
			view.refuse = []http.HandlerFunc{refuse, refuse}
			net := newNetwork()
			r := start(t, Config{Hosts: []string{newHost(t, net).URL}, AppView: view.URL}, func(s *Source) {
				s.ask = live.Pauses{Min: time.Millisecond, Max: 4 * time.Millisecond}
				s.limited = s.ask
			})
			r.says("the stream is open")
			net.post("did:plc:signin", "one", time.Time{})
			net.post("did:plc:ada", "two", time.Time{})
			r.wants("withheld", "created two")
			r.says("cannot be asked for")
			if log := r.log.String(); strings.Contains(log, "did:plc") {
				t.Errorf("the log names people:\n%s", log)
			}
		})
	}
}

// TestAuthorsOfWhatIsKept: nobody is asked for whose post is dropped anyway.
func TestAuthorsOfWhatIsKept(t *testing.T) {
	view := newAppView(t, map[string]string{"did:plc:signin": labelled("did:plc:signin", "!no-unauthenticated", "")})
	net := newNetwork()
	r := start(t, Config{Hosts: []string{newHost(t, net).URL}, AppView: view.URL,
		Relevant: func(p *hugops.Post) bool { return p.Text == "it is down" }}, nil)
	r.says("the stream is open")
	net.post("did:plc:signin", "good morning", time.Time{})
	net.add(event{did: "did:plc:signin", kind: "commit", op: "delete", coll: collectionPost, rkey: "x"})
	net.post("did:plc:signin", "it is down", time.Time{})
	r.wants("created good morning", "deleted", "withheld")
	view.mu.Lock()
	defer view.mu.Unlock()
	if len(view.asked) != 1 {
		t.Errorf("asked %v", view.asked)
	}
}

// TestAuthorsEdit: an edit by somebody who wants out by now takes the post away.
func TestAuthorsEdit(t *testing.T) {
	s := New(Config{Door: door})
	a := newAuthors(s, "", nil)
	a.profiles.known["did:plc:a"] = profile{signIn: true}
	post := &hugops.Post{ID: "at://did:plc:a/app.bsky.feed.post/1", Network: hugops.Bluesky}
	acked := false
	items := a.judge(pipeline.Item{Event: hugops.Event{Kind: hugops.Edited, Post: post}, Ack: func() { acked = true }}, "did:plc:a")
	if len(items) != 2 || !items[0].Withheld || items[0].Ack != nil || items[1].Event.Kind != hugops.Deleted || items[1].Event.ID != post.ID {
		t.Fatalf("%+v", items)
	}
	if items[1].Ack(); !acked {
		t.Error("the edit is not acknowledged with the deletion")
	}
}
