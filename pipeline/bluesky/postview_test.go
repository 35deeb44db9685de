package bluesky

import (
	"strings"
	"testing"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// outcome says what became of something: the kind and ID of each event, "skip" and
// a reason, the error.
func outcome(dec wire.Decoded, err error) string {
	var parts []string
	for _, e := range dec.Events {
		parts = append(parts, string(e.Kind)+" "+e.Post.ID)
	}
	for _, reason := range dec.Skips {
		parts = append(parts, "skip "+reason)
	}
	if err != nil {
		parts = append(parts, err.Error())
	}
	return strings.Join(parts, ", ")
}

// shy is a door that knows people who opted out by their names, too.
var shy = pipeline.Door{Pseudonyms: door.Pseudonyms, OptedOut: func(_ hugops.Network, name string) bool {
	return name == "did:plc:shy" || name == "shy.example"
}}

const uri = "at://did:plc:a/app.bsky.feed.post/3mzdi6xlae22l"

// TestDecodeView changes one thing of a post at a time.
func TestDecodeView(t *testing.T) {
	const post = `{"uri":"` + uri + `","author":{"did":"did:plc:a","handle":"a.example","labels":[]},"record":{"text":"t","createdAt":"2026-11-02T13:58:20Z"},"indexedAt":"2026-11-02T13:58:21Z","labels":null}`
	for _, c := range []struct{ name, from, to, want string }{
		{"a post", "", "", "created " + uri},
		{"its URI has the handle", "at://did:plc:a/", "at://a.example/", "created " + uri},
		{"its author has no DID", `"did":"did:plc:a"`, `"did":"0123abcd"`, "created " + uri},
		{"no DID at all", `at://did:plc:a/app.bsky.feed.post/3mzdi6xlae22l","author":{"did":"did:plc:a"`, `at://a.example/app.bsky.feed.post/3mzdi6xlae22l","author":{"did":""`, "is none"},
		{"labelled in the view", `"labels":null`, `"labels":[{"val":"!no-unauthenticated"}]`, "skip opted-out"},
		{"its account is labelled", `"labels":[]`, `"labels":[{"val":"!no-unauthenticated"}]`, "skip opted-out"},
		{"labelled in the record", `"text"`, `"labels":{"values":[{"val":"!no-unauthenticated"}]},"text"`, "skip opted-out"},
		{"another label", `"labels":null`, `"labels":[{"val":"spam"}]`, "created " + uri},
		{"opted out by the handle", `"handle":"a.example"`, `"handle":"shy.example"`, "skip opted-out"},
		{"opted out by the DID", `"did":"did:plc:a"`, `"did":"did:plc:shy"`, "skip opted-out"},
		{"a repost", "feed.post", "feed.repost", "skip repost"},
		{"a like", "feed.post", "feed.like", "skip other"},
		{"no key", "/3mzdi6xlae22l", "", "is not at://"},
		{"no record", `"record"`, `"rec"`, "record is missing"},
	} {
		got := outcome(DecodeView([]byte(strings.Replace(post, c.from, c.to, 1)), shy))
		if got != c.want && !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestViewAndStream: a post of a search and the same one from Jetstream are one
// post of one author.
func TestViewAndStream(t *testing.T) {
	view, err := DecodeView([]byte(`{"uri":"`+uri+`","author":{"did":"did:plc:a","handle":"a.example"},"record":{"text":"t","created_at":"2026-11-02T13:58:20Z"}}`), door)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := Decode([]byte(`{"did":"did:plc:a","time_us":1793627960000000,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"3mzdi6xlae22l","record":{"text":"t","createdAt":"2026-11-02T13:58:20Z"}}}`), door)
	if err != nil {
		t.Fatal(err)
	}
	a, b := view.Events[0].Post, stream.Events[0].Post
	if a.ID != b.ID || a.Author != b.Author || a.Text != b.Text || !a.PostedAt.Equal(b.PostedAt) {
		t.Errorf("\nview   %+v\nstream %+v", a, b)
	}
}

func FuzzDecodeView(f *testing.F) {
	f.Add([]byte(`{"uri":"` + uri + `","author":{"did":"did:plc:a","handle":"a.example","labels":[{"val":"x"}]},"record":{"text":"t","created_at":"2026-11-02T13:58:20Z","facets":[{"features":[{"py_type":"app.bsky.richtext.facet#link","uri":"https://a.example/"}]}]},"indexed_at":"2026-11-02T13:58:21Z"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dec, _ := DecodeView(raw, door)
		for _, e := range dec.Events {
			if err := e.Validate(); err != nil || !hugops.IsPseudonym(e.Post.Author) {
				t.Errorf("%+v: %v", e, err)
			}
		}
	})
}
