package bluesky

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/live/livetest"
)

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

// reader is a source under test, and what it emits.
type reader struct {
	*Source
	t     testing.TB
	items chan pipeline.Item
	log   *livetest.Log
	stop  func()
	came  []string // by wants
}

// start runs a source. Its pauses are short, and its times are long, so that a
// slow machine does not end what lives.
func start(t testing.TB, cfg Config, tune func(*Source)) *reader {
	t.Helper()
	r := &reader{t: t, log: &livetest.Log{}}
	cfg.Log = r.log.Logger()
	cfg.Door = door
	r.Source = New(cfg)
	r.pauses = live.Pauses{Min: time.Millisecond, Max: 4 * time.Millisecond}
	r.refused = r.pauses
	r.save = 20 * time.Millisecond
	r.every = time.Hour
	if tune != nil {
		tune(r.Source)
	}
	r.items, r.stop = livetest.Run(t, r.Source)
	return r
}

// next returns the next item and acknowledges it.
func (r *reader) next() pipeline.Item {
	r.t.Helper()
	select {
	case it := <-r.items:
		if it.Source != "bluesky:jetstream" || it.Event.Post != nil && it.Event.Post.Source != it.Source {
			r.t.Errorf("source %q", it.Source)
		}
		if it.Ack != nil {
			it.Ack()
		}
		return it
	case <-time.After(patience):
		r.t.Fatalf("nothing came\n%s", r.log)
		return pipeline.Item{}
	}
}

// wants reads items until each of the wanted ones came, in order; duplicates of
// what came before may stand between.
func (r *reader) wants(want ...string) {
	r.t.Helper()
	for _, w := range want {
		for {
			got := describe(r.next())
			if strings.HasPrefix(got, w) {
				r.came = append(r.came, got)
				break
			}
			if !slices.Contains(r.came, got) {
				r.t.Fatalf("got %.200q, want %q\n%s", got, w, r.log)
			}
		}
	}
}

// says waits until the log has a text.
func (r *reader) says(text string) {
	r.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(r.log.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("the log does not say %q:\n%s", text, r.log)
		}
	}
}

// is waits until the source is in a state.
func (r *reader) is(state hugops.CoverageState) {
	r.t.Helper()
	for end := time.Now().Add(patience); r.sight.Now() != state; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("the state is %s, want %s\n%s", r.sight.Now(), state, r.log)
		}
	}
}

func describe(it pipeline.Item) string {
	e := it.Event
	switch {
	case it.Withheld:
		return "withheld"
	case it.Bad != nil:
		return "bad: " + it.Bad.Err.Error()
	case e.Post != nil:
		return string(e.Kind) + " " + e.Post.Text
	case e.ID != "":
		return string(e.Kind) + " " + e.ID[strings.LastIndex(e.ID, "/")+1:]
	}
	return string(e.Kind)
}

var wires = []string{WireV1, WireV2}

// TestFrames lists what a host sends, in both wires, plain and compressed, and
// what comes of it. Before and after each case stands a good post.
func TestFrames(t *testing.T) {
	commit := func(op, coll, rkey, rest string) event {
		return event{did: "did:plc:ada", kind: "commit", op: op, coll: coll, rkey: rkey, rest: rest}
	}
	shy := `{"text":"x","createdAt":"2026-11-02T12:00:00Z","labels":{"values":[{"val":"!no-unauthenticated"}]}}`
	cases := []struct {
		name   string
		events []event
		raw    []string // sent as they are, after the events
		want   []string
	}{
		{"a post, its edit, its end", []event{commit("create", collectionPost, "a", record0("first")),
			commit("update", collectionPost, "a", record0("mended")), commit("delete", collectionPost, "a", "")},
			nil, []string{"created first", "edited mended", "deleted a"}},
		{"an account that is deleted", []event{{did: "did:plc:ada", kind: "account", rest: `{"active":false,"did":"did:plc:ada","seq":5,"status":"deleted"}`}},
			nil, []string{"author_gone"}},
		{"accounts taken down, away, back", []event{{did: "did:plc:ada", kind: "account", rest: `{"active":false,"status":"takendown"}`},
			{did: "did:plc:ada", kind: "account", rest: `{"active":false,"status":"deactivated"}`}, {did: "did:plc:ada", kind: "account", rest: `{"active":true}`}}, nil, nil},
		{"identities, syncs, likes, reposts", []event{{did: "did:plc:ada", kind: "identity", rest: `{"handle":"ada.example"}`}, {did: "did:plc:ada", kind: "sync", rest: `{"rev":"x"}`},
			commit("create", "app.bsky.feed.like", "b", `{}`), commit("create", collectionRepost, "c", `{}`)}, nil, nil},
		{"kinds nobody knows yet", []event{{did: "did:plc:ada", kind: "brandNew", rest: `{"a":[1,2]}`}}, nil, nil},
		{"not for the public", []event{commit("create", collectionPost, "d", shy)}, nil, []string{"withheld"}},
		{"no longer for the public", []event{commit("update", collectionPost, "d", shy)}, nil, []string{"withheld", "deleted d"}},
		{"on the operator's list", []event{{did: "did:plc:shy", kind: "commit", op: "create", coll: collectionPost, rkey: "e", rest: record0("no")}}, nil, []string{"withheld"}},
		{"opts out, and in again", []event{
			commit("create", collectionIntents, "self", `{"bulkDataset":{"allow":false}}`), commit("create", collectionPost, "f", record0("silent")),
			commit("update", collectionIntents, "self", `{"bulkDataset":{"allow":true}}`), commit("create", collectionPost, "g", record0("aloud")),
			commit("update", collectionIntents, "self", `{"publicAccessArchive":{"allow":false}}`), commit("update", collectionPost, "g", record0("hidden")),
			commit("delete", collectionIntents, "self", ""), commit("create", collectionPost, "h", record0("again")),
			commit("create", collectionIntents, "self", `{"syntheticContentGeneration":{"allow":false},"bulkDataset":{"updatedAt":"x"}}`), commit("create", collectionPost, "i", record0("still")),
		}, nil, []string{"withheld", "created aloud", "withheld", "deleted g", "created again", "created still"}},
		{"broken frames", []event{commit("create", collectionIntents, "self", `5`)},
			[]string{`{"did":`, "", "null", `[]`, "\xff", `{"kind":5}`, `{"$type":"message","payload":{"payload":{}}}`, `{"kind":"commit"}`},
			[]string{"bad: invalid json", "bad: invalid json", "bad: invalid json", "bad: invalid Jetstream frame: neither kind", "bad: invalid json", "bad: invalid json", "bad: invalid json",
				"bad: invalid Jetstream frame: a payload inside", "bad: invalid Jetstream commit: collection is missing"}},
		{"a megabyte and more", nil, []string{`{"pad":"` + strings.Repeat("x", 3<<20) + `"}`}, []string{"bad: invalid"}},
		{"almost a megabyte", []event{commit("create", collectionPost, "j", `{"text":"big","createdAt":"2026-11-02T12:00:00Z","pad":"`+strings.Repeat("x", 1_000_000)+`"}`)}, nil, []string{"created big"}},
	}
	dictionary := newDictionary(t, 20260811)
	for _, wire := range wires {
		for _, compressed := range []bool{false, true} {
			for _, c := range cases {
				t.Run(fmt.Sprintf("%s/compressed=%v/%s", wire, compressed, c.name), func(t *testing.T) {
					t.Parallel()
					net := newNetwork()
					h := newHost(t, net, func(c0 *peer, i int) {
						net.post("did:plc:eve", "before", time.Time{})
						for _, e := range c.events {
							net.add(e)
						}
						c0.serveUntil(i, net.len())
						for _, raw := range c.raw {
							c0.say(raw)
						}
						net.post("did:plc:eve", "after", time.Time{})
						c0.serve(net.len() - 1)
					})
					cfg := Config{Hosts: []string{h.URL}, Wire: wire}
					if compressed {
						h.dictionary, cfg.Dictionary = dictionary, dictionary
					}
					r := start(t, cfg, nil)
					r.wants(append(append([]string{"created before"}, c.want...), "created after")...)
					r.is(hugops.CoverageLive)
					if strings.Contains(r.log.String(), "compressed=true") != compressed {
						t.Errorf("compressed is not %v:\n%s", compressed, r.log)
					}
				})
			}
		}
	}
}
