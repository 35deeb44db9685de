package mastodon

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

var door = pipeline.Door{
	Pseudonyms: hugops.NewPseudonyms([]byte("k")),
	AuthorService: func(_ hugops.Network, handle string) string {
		return map[string]string{"nimbus@status.example": "nimbus-cloud"}[handle]
	},
	OptedOut: func(_ hugops.Network, handle string) bool { return handle == "shy@pond.example" },
}

// TestConsent changes one thing of a public status at a time.
func TestConsent(t *testing.T) {
	const public = `{"id":"1","uri":"https://pond.example/1","created_at":"2026-11-02T12:00:00Z","visibility":"public","content":"hi","account":{"acct":"ada","url":"https://pond.example/@ada","display_name":"NAME","note":"NOTE","fields":[{"name":"FIELD","value":"VALUE"}],"X":0}}`
	cases := []struct{ name, from, to, want string }{
		{"a public post", "", "", "created"},
		{"unlisted", `"public"`, `"unlisted"`, "skip not-public"},
		{"followers only", `"public"`, `"private"`, "skip not-public"},
		{"direct", `"public"`, `"direct"`, "skip not-public"},
		{"no visibility", `"visibility":"public",`, ``, "skip not-public"},
		{"a boost", `"content"`, `"reblog":{"id":"2"},"content"`, "skip repost"},
		{"indexable", `"X":0`, `"indexable":true`, "created"},
		{"not indexable", `"X":0`, `"indexable":false`, "skip opted-out"},
		{"noindex", `"X":0`, `"noindex":true`, "skip opted-out"},
		{"noindex unknown", `"X":0`, `"noindex":null`, "created"},
		{"#nobot", "NOTE", "hello #nobot", "skip opted-out"},
		{"#NoBots, marked up", "NOTE", `<p>hi <a href='https://pond.example/tags/nobots' class='hashtag'>#<span>NoBots</span></a>!</p>`, "skip opted-out"},
		{"#nobotany is another matter", "NOTE", "I like #nobotany", "created"},
		{"nobot without the sign", "NOTE", "I am nobot at all", "created"},
		{"#noindex", "NOTE", "#noindex please", "skip opted-out"},
		{"#nobot in the name", "NAME", "Ada #nobot", "skip opted-out"},
		{"#nobot in a field's name", "FIELD", "#nobot", "skip opted-out"},
		{"#NoArchive in a field, marked up", "VALUE", `<a href='https://pond.example/tags/noarchive'>#<span>NoArchive</span></a>`, "skip opted-out"},
		{"fields of another shape", `[{"name":"FIELD","value":"VALUE"}]`, `"none"`, "created"},
		{"discoverable", `"X":0`, `"discoverable":true`, "created"},
		{"not discoverable", `"X":0`, `"discoverable":false`, "skip opted-out"},
		{"discoverable: never asked", `"X":0`, `"discoverable":null`, "created"},
		{"the operator's list", `"ada"`, `"shy"`, "skip opted-out"},
		{"a bot", `"X":0`, `"bot":true`, "created bot"},
		{"the provider", `"ada"`, `"nimbus@status.example"`, "created nimbus-cloud"},
		{"an edit by one who opted out since", `"X":0}`, `"indexable":false},"edited_at":"2026-11-02T13:00:00Z"`, "deleted pond.example/1, skip opted-out"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dec, err := Decode([]byte(strings.Replace(public, c.from, c.to, 1)), "pond.example", door)
			if err != nil {
				t.Fatal(err)
			}
			var parts []string
			for _, e := range dec.Events {
				part := string(e.Kind)
				if e.Alias != "" {
					part += " " + e.Alias
				}
				if p := e.Post; p != nil && p.Bot {
					part += " bot"
				}
				if p := e.Post; p != nil && p.AuthorService != "" {
					part += " " + p.AuthorService
				}
				parts = append(parts, part)
			}
			for _, reason := range dec.Skips {
				parts = append(parts, "skip "+reason)
			}
			if got := strings.Join(parts, ", "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestOnePersonOnePseudonym sees one account from its own server and from
// another: acct differs, the pseudonym must not.
func TestOnePersonOnePseudonym(t *testing.T) {
	seen := map[string]bool{}
	for _, acct := range []string{"ada", "ada@pond.example"} {
		raw := fmt.Sprintf(`{"id":"1","uri":"https://pond.example/1","created_at":"2026-11-02T12:00:00Z","visibility":"public","account":{"acct":%q,"url":"https://pond.example/@ada"}}`, acct)
		dec, err := Decode([]byte(raw), "elsewhere.example", door)
		if err != nil {
			t.Fatal(err)
		}
		seen[dec.Events[0].Post.Author] = true
	}
	if len(seen) != 1 {
		t.Errorf("%d pseudonyms of one person", len(seen))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(statusJSON("1", "<p>hi &amp; <br> bye</p>", `"edited_at":"2026-11-02T13:00:00Z","spoiler_text":"cw",`)))
	f.Add([]byte(`{"event":"delete","payload":"1"}`))
	f.Add([]byte(`{"stream":["public"],"event":"update","payload":"{\"id\":1,\"uri\":\"https://a.example/1\",\"visibility\":\"public\"}"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dec, _ := Decode(raw, "pond.example", door)
		for _, e := range dec.Events {
			if err := e.Validate(); err != nil || e.Post != nil && !hugops.IsPseudonym(e.Post.Author) {
				t.Errorf("%+v: %v", e, err)
			}
		}
	})
}

// FuzzStreamCuts cuts a stream anywhere: the events are those of the whole.
func FuzzStreamCuts(f *testing.F) {
	f.Add([]byte(":)\nevent: update\ndata: {}\n\nevent:delete\r\ndata: 1\r\n\r\n:thump\n"), 7)
	f.Add([]byte("data: a\ndata: b\nevent: x\n\n\n\nevent: y\n\n"), 1)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		events := func(size int) (got []string) {
			var p sseParser
			for piece := range slices.Chunk(stream, size) {
				_ = p.feed(piece, func(e serverEvent) error {
					got = append(got, fmt.Sprintf("%s %q %d", e.name, e.data, e.length))
					return nil
				})
			}
			return got
		}
		whole, cut := events(len(stream)+1), events(max(1, size))
		if !slices.Equal(whole, cut) {
			t.Errorf("whole %v, cut %v", whole, cut)
		}
	})
}

// FuzzAbout: whatever a server says of itself, nobody else gets its token.
func FuzzAbout(f *testing.F) {
	f.Add([]byte(`{"version":"4.5.0 (x)","configuration":{"urls":{"streaming":"wss://streaming.pond.example"},"timelines_access":{"live_feeds":{"local":"public","remote":"disabled"}}}}`))
	f.Add([]byte(`{"urls":{"streaming_api":"wss://evil.test:4000/x"}}`))
	f.Add([]byte(`{"configuration":{"urls":{"streaming":"//pond.example@evil.test"},"timelines_access":[]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := &server{address: "https://pond.example", host: "pond.example", token: "t0k", log: slog.New(slog.DiscardHandler)}
		a, err := s.readAbout(raw)
		if err != nil {
			return
		}
		u, err := url.Parse("https://" + a.streaming + "/api")
		if err != nil || !s.trusts(u) || strings.Contains(a.version, s.token) || len(a.version) > 60 {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

// FuzzLimit: no header holds questions back for longer than maxHold.
func FuzzLimit(f *testing.F) {
	f.Add(429, "5", "2026-11-02T12:00:00Z", "60", "Mon, 02 Nov 2026 12:00:00 GMT")
	f.Add(200, "0", "2999-01-01T00:00:00.000000Z", "", "")
	f.Add(429, "-1", "x", "9223372036854775807", "Mon, 02 Nov 1026 12:00:00 GMT")
	f.Fuzz(func(t *testing.T, code int, remaining, reset, after, date string) {
		now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
		header := http.Header{"X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {reset}, "Retry-After": {after}, "Date": {date}}
		var l limit
		l.learn(&http.Response{StatusCode: code, Header: header}, now)
		if delay := l.take(now); delay > maxHold {
			t.Errorf("%v are waited", delay)
		}
	})
}
