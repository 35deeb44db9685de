package mastodon

import (
	"strings"
	"testing"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

// outcome says what became of something: the kind and ID of each event, "skip" and
// a reason, the error.
func outcome(dec wire.Decoded, err error) string {
	var parts []string
	for _, e := range dec.Events {
		if e.Post != nil {
			parts = append(parts, string(e.Kind)+" "+e.Post.ID)
		} else {
			parts = append(parts, string(e.Kind)+" "+e.Alias)
		}
	}
	for _, reason := range dec.Skips {
		parts = append(parts, "skip "+reason)
	}
	if err != nil {
		parts = append(parts, err.Error())
	}
	return strings.Join(parts, ", ")
}

const created = `{"type":"Create","actor":"https://pond.example/users/ada","to":[],"object":{"type":"Note","id":"https://pond.example/users/ada/statuses/1","published":"2026-11-02T12:00:00Z","url":"https://pond.example/@ada/1","to":["https://www.w3.org/ns/activitystreams#Public"],"cc":["x"],"content":"<p>hi</p>"}}`

// TestDecodeActivity changes one thing of a public post at a time.
func TestDecodeActivity(t *testing.T) {
	const post = "created https://pond.example/users/ada/statuses/1"
	for _, c := range []struct{ name, from, to, want string }{
		{"a public post", "", "", post},
		{"public, by the short name", `https://www.w3.org/ns/activitystreams#Public`, "as:Public", post},
		{"public, not in a list", `["https://www.w3.org/ns/activitystreams#Public"]`, `"as:Public"`, post},
		{"public, by the activity", `"to":[],"object"`, `"to":"as:Public","object"`, post},
		{"unlisted", `"to":["https://www.w3.org/ns/activitystreams#Public"],"cc":["x"]`, `"to":["x"],"cc":["as:Public"]`, "skip not-public"},
		{"direct", `"https://www.w3.org/ns/activitystreams#Public"`, `"https://lake.example/users/bo"`, "skip not-public"},
		{"to nobody", `"to":["https://www.w3.org/ns/activitystreams#Public"],`, ``, "skip not-public"},
		{"a boost", `"Create"`, `"Announce"`, "skip repost"},
		{"a poll", `"Note"`, `"Question"`, post},
		{"a picture alone", `"Note"`, `"Image"`, "skip other"},
		{"a like", `"Create"`, `"Like"`, "skip other"},
		{"no type", `"type":"Create",`, ``, "type is missing"},
		{"an edit", `"cc"`, `"updated":"2026-11-02T13:00:00Z","cc"`, strings.Replace(post, "created", "edited", 1)},
		{"no id", `"id":"https://pond.example/users/ada/statuses/1",`, ``, "uri is missing"},
		{"opted out", `/@ada/1`, `/@shy/1`, "skip opted-out"},
		{"another server's software", `"url":"https://pond.example/@ada/1"`, `"url":"https://pond.example/notes/a1"`, post},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := outcome(DecodeActivity([]byte(strings.Replace(created, c.from, c.to, 1)), Actor{}, door))
			if got != c.want && !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestArchiveAndAPI: a post of an archive and the same from the API are one post of
// one author.
func TestArchiveAndAPI(t *testing.T) {
	archive, err := DecodeActivity([]byte(created), Actor{}, door)
	if err != nil {
		t.Fatal(err)
	}
	api, err := Decode([]byte(`{"id":"1","uri":"https://pond.example/users/ada/statuses/1","created_at":"2026-11-02T12:00:00.000Z","visibility":"public","content":"<p>hi</p>","account":{"acct":"ada","url":"https://pond.example/@ada"}}`), "pond.example", door)
	if err != nil {
		t.Fatal(err)
	}
	a, b := archive.Events[0].Post, api.Events[0].Post
	if a.ID != b.ID || a.Alias != b.Alias || a.Author != b.Author || a.Text != b.Text || !a.PostedAt.Equal(b.PostedAt) {
		t.Errorf("\narchive %+v\nAPI     %+v", a, b)
	}
}

// TestDecodeActor: what the account says of itself holds for all its posts.
func TestDecodeActor(t *testing.T) {
	for raw, want := range map[string]Actor{
		`{"type":"Person","summary":"<p>hi</p>"}`:                                                      {},
		`{"type":"Person","indexable":true}`:                                                           {},
		`{"type":"Person","indexable":false}`:                                                          {OptedOut: true},
		`{"type":"Person","summary":"<p>#nobot</p>"}`:                                                  {OptedOut: true},
		`{"type":"Person","discoverable":false}`:                                                       {OptedOut: true},
		`{"type":"Person","attachment":[{"type":"PropertyValue","name":"Robots","value":"#noindex"}]}`: {OptedOut: true},
		`{"type":"Service"}`:                                                                           {Bot: true},
	} {
		got, err := DecodeActor([]byte(raw))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	if _, err := DecodeActor([]byte(`{`)); err == nil {
		t.Error("a broken actor.json is read")
	}
	if got := outcome(DecodeActivity([]byte(created), Actor{OptedOut: true}, door)); got != "skip opted-out" {
		t.Errorf("who opted out: %q", got)
	}
	dec, err := DecodeActivity([]byte(created), Actor{Bot: true}, door)
	if err != nil || !dec.Events[0].Post.Bot {
		t.Errorf("a bot: %+v, %v", dec, err)
	}
}

func TestParseAddress(t *testing.T) {
	for s, want := range map[string]address{
		"https://pond.example/@ada/1":                 {"pond.example", "ada", "1"},
		"https://pond.example/users/ada/statuses/1":   {"pond.example", "ada", "1"},
		"https://pond.example/ap/users/2/statuses/1":  {"pond.example", "", "1"},
		"https://pond.example/@bo@lake.example/1":     {}, // a copy: the number is of pond.example, the post is not
		"https://pond.example/@ada":                   {},
		"https://pond.example/@ada/media":             {},
		"https://pond.example/users/ada/statuses/1/x": {},
		"pond.example/@ada/1":                         {},
		"":                                            {},
	} {
		if got, ok := parseAddress(s); got != want || ok != (want != address{}) {
			t.Errorf("%s: %+v, %t", s, got, ok)
		}
	}
}

func tableRow(pairs ...string) (r wire.Row) {
	for i := 0; i < len(pairs); i += 2 {
		r.Columns, r.Cells = append(r.Columns, pairs[i]), append(r.Cells, pairs[i+1])
	}
	return r
}

// TestDecodeRow lists rows and what becomes of each.
func TestDecodeRow(t *testing.T) {
	const at, post = "2026-11-02 12:00:00", "created https://pond.example/users/ada/statuses/1"
	for _, c := range []struct {
		name string
		row  wire.Row
		want string
	}{
		{"an address for an id", tableRow("id", "https://pond.example/@ada/1", "author", "ada", "timestamp", at), post},
		{"an address beside it", tableRow("id", "1", "url", "https://pond.example/@ada/1", "author", "ada", "timestamp", at), post},
		{"the URI goes first", tableRow("uri", "https://pond.example/users/ada/statuses/1", "url", "https://pond.example/@x/9", "author", "ada", "timestamp", at), post},
		{"other software", tableRow("uri", "https://lake.example/notes/a1", "author", "bo@lake.example", "timestamp", at), "created https://lake.example/notes/a1"},
		{"a number alone", tableRow("id", "1", "author", "ada", "timestamp", at), "no column (uri, url, link, id) holds the address"},
		{"a rounded number", tableRow("id", "1.1E+17", "url", "https://pond.example/@ada/1", "author", "ada", "timestamp", at), "rounded by a spreadsheet"},
		{"no author", tableRow("id", "https://pond.example/@ada/1", "timestamp", at), "the author is missing"},
		{"no time", tableRow("id", "https://pond.example/@ada/1", "author", "ada"), "is no time"},
		{"the API's, laid flat", tableRow("id", "7", "uri", "https://pond.example/users/ada/statuses/1", "created_at", "2026-11-02T12:00:00.000Z", "edited_at", "", "visibility", "public", "content", "<p>hi</p>", "account.acct", "ada", "account.url", "https://pond.example/@ada", "account.indexable", "True", "reblog", ""), post},
		{"the same, edited", tableRow("uri", "https://pond.example/users/ada/statuses/1", "created_at", at, "edited_at", at, "account.acct", "ada"), strings.Replace(post, "created", "edited", 1)},
		{"unlisted", tableRow("id", "https://pond.example/@ada/1", "author", "ada", "timestamp", at, "visibility", "unlisted"), "skip not-public"},
		{"a boost", tableRow("id", "https://pond.example/@ada/1", "author", "ada", "timestamp", at, "reblog.id", "9"), "skip repost"},
		{"not indexable", tableRow("id", "https://pond.example/@ada/1", "author", "ada", "timestamp", at, "account.indexable", "False"), "skip opted-out"},
		{"noindex", tableRow("id", "https://pond.example/@ada/1", "author", "ada", "timestamp", at, "account.noindex", "True"), "skip opted-out"},
		{"#nobot", tableRow("id", "https://pond.example/@ada/1", "author", "ada", "timestamp", at, "account.note", "<p>#nobot</p>"), "skip opted-out"},
		{"the operator's list", tableRow("id", "https://pond.example/@shy/1", "author", "shy", "timestamp", at), "skip opted-out"},
	} {
		got := outcome(DecodeRow(c.row, "replay", door))
		if got != c.want && !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzDecodeActivity(f *testing.F) {
	f.Add([]byte(created))
	f.Add([]byte(`{"type":"Create","to":"as:Public","object":{"type":"Question","id":"a","published":"2026-11-02T12:00:00Z","attributedTo":"https://pond.example/ap/users/1","updated":"2026-11-02T12:00:00Z","summary":"cw","content":"<p>hi","contentMap":{"en":"<p>hi"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dec, _ := DecodeActivity(raw, Actor{}, door)
		for _, e := range dec.Events {
			if err := e.Validate(); err != nil || e.Post != nil && !hugops.IsPseudonym(e.Post.Author) {
				t.Errorf("%+v: %v", e, err)
			}
		}
	})
}
