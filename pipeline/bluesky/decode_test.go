package bluesky

import (
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

var door = pipeline.Door{
	Pseudonyms: hugops.NewPseudonyms([]byte("k")),
	OptedOut:   func(_ hugops.Network, did string) bool { return did == "did:plc:shy" },
}

func TestTIDTime(t *testing.T) {
	cases := []struct{ rkey, want string }{
		{"3jzfcijpj2z2a", "2023-06-30T15:03:01.887007Z"}, // 1688137381887007 µs, the specification's example
		{"3mzdi6xlae22l", "2026-11-02T13:58:20.123456Z"},
		{"2222222222222", ""}, // 1970
		{"jzzzzzzzzzzzz", ""}, // long after 2100
		{"zzzzzzzzzzzzz", ""}, // the highest bit is set
		{"3jzfcijpj2z2", ""},  // too short
		{"3jzfcijpj2z21", ""}, // 1 is no digit
		{"3JZFCIJPJ2Z2A", ""},
		{"", ""},
	}
	for _, c := range cases {
		got := ""
		if at, ok := TIDTime(c.rkey); ok {
			got = at.Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.rkey, got, c.want)
		}
	}
}

// TestDecode lists frames of both wires and what becomes of each.
func TestDecode(t *testing.T) {
	v1 := func(did, op, rkey, record string) string {
		return `{"did":"` + did + `","time_us":1793627960000000,"kind":"commit","commit":{"operation":"` + op +
			`","collection":"app.bsky.feed.post","rkey":"` + rkey + `"` + record + `}}`
	}
	v2 := func(kind, rest string) string {
		return `{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#` + kind + `","seq":1,"time":"2026-11-02T13:59:20Z"` + rest + `}}`
	}
	const (
		tid    = "3mzdi6xlae22l"
		record = `,"record":{"text":"t","createdAt":"1999-01-01T00:00:00Z"}`
		shy    = `,"record":{"text":"t","labels":{"values":[{"val":"!no-unauthenticated"}]}}`
		uri    = "at://did:plc:a/app.bsky.feed.post/" + tid
		posted = " posted 13:58:20"
	)
	cases := []struct{ name, raw, want string }{
		{"v1 create: the key's time, not the record's", v1("did:plc:a", "create", tid, record), "created " + uri + posted},
		{"v1 update", v1("did:plc:a", "update", tid, record), "edited " + uri + posted + " edited 13:59:20"},
		{"v1 delete", v1("did:plc:a", "delete", tid, ""), "deleted " + uri},
		{"v2 create", v2("commit", `,"did":"did:plc:a","operation":"create","collection":"app.bsky.feed.post","rkey":"`+tid+`"`+record), "created " + uri + posted},
		{"v2 delete", v2("commit", `,"did":"did:plc:a","operation":"delete","collection":"app.bsky.feed.post","rkey":"`+tid+`"`), "deleted " + uri},
		{"v2 account deleted", v2("account", `,"did":"did:plc:a","active":false,"status":"deleted"`), "author_gone"},
		{"v1 account deleted", `{"did":"did:plc:a","time_us":1,"kind":"account","account":{"active":false,"status":"deleted"}}`, "author_gone"},
		{"account deactivated", `{"did":"did:plc:a","kind":"account","account":{"active":false,"status":"deactivated"}}`, "skip other"},
		{"account back", `{"did":"did:plc:a","kind":"account","account":{"active":true}}`, "skip other"},
		{"identity", v2("identity", `,"did":"did:plc:a"`), "skip other"},
		{"sync", v2("sync", `,"did":"did:plc:a"`), "skip other"},
		{"info", v2("info", `,"name":"OutdatedCursor"`), "skip other"},
		{"a key of its own: the record's time", v1("did:plc:a", "create", "mine", `,"record":{"text":"t","createdAt":"2026-11-02T13:58:20Z"}`), "created at://did:plc:a/app.bsky.feed.post/mine posted 13:58:20"},
		{"a key that was made up: the record's time", v1("did:plc:a", "create", "3abcdefghij2a", `,"record":{"text":"t","createdAt":"2026-11-02T13:58:20Z"}`), "created at://did:plc:a/app.bsky.feed.post/3abcdefghij2a posted 13:58:20"},
		{"neither: the network's time", v1("did:plc:a", "create", "mine", `,"record":{"text":"t","createdAt":"??"}`), "created at://did:plc:a/app.bsky.feed.post/mine posted 13:59:20"},
		{"not for the public", v1("did:plc:a", "create", tid, shy), "skip opted-out"},
		{"no longer for the public", v1("did:plc:a", "update", tid, shy), "deleted " + uri + ", skip opted-out"},
		{"opted out", v1("did:plc:shy", "create", tid, record), "skip opted-out"},
		{"a repost", strings.Replace(v1("did:plc:a", "create", tid, record), "feed.post", "feed.repost", 1), "skip repost"},
		{"a like", strings.Replace(v1("did:plc:a", "create", tid, record), "feed.post", "feed.like", 1), "skip other"},
		{"no record", v1("did:plc:a", "create", tid, ""), "error record is missing"},
		{"no DID", v1("a", "create", tid, record), "error did"},
		{"no key", v1("did:plc:a", "create", "", record), "error rkey is missing"},
		{"text of another shape", v1("did:plc:a", "create", tid, `,"record":{"text":5}`), "error /text"},
		{"nothing", `{}`, "error neither kind"},
		{"nested payloads", `{"payload":{"payload":{}}}`, "error payload inside"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dec, err := Decode([]byte(c.raw), door)
			if err != nil {
				if want, isError := strings.CutPrefix(c.want, "error "); !isError || !strings.Contains(err.Error(), want) {
					t.Errorf("error %q, want %q", err, c.want)
				}
				return
			}
			var parts []string
			for _, e := range dec.Events {
				parts = append(parts, summary(e))
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

func summary(e hugops.Event) string {
	s := string(e.Kind)
	if e.ID != "" {
		s += " " + e.ID
	}
	if p := e.Post; p != nil {
		s += " " + p.ID + " posted " + p.PostedAt.Format(time.TimeOnly)
		if !p.EditedAt.IsZero() {
			s += " edited " + p.EditedAt.Format(time.TimeOnly)
		}
	}
	return s
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"did":"did:plc:a","time_us":1793627960000000,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"3mzdi6xlae22l","record":{"text":"t","langs":["en"],"facets":[{"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://a.example/"}]}],"labels":{"values":[{"val":"x"}]}}}}`))
	f.Add([]byte(`{"$type":"message","payload":{"$type":"x#account","did":"did:plc:a","active":false,"status":"deleted"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dec, _ := Decode(raw, door)
		for _, e := range dec.Events {
			if err := e.Validate(); err != nil {
				t.Error(err)
			}
			if e.Post != nil && !hugops.IsPseudonym(e.Post.Author) || e.Author != "" && !hugops.IsPseudonym(e.Author) {
				t.Errorf("an author left the door: %+v", e)
			}
		}
	})
}
