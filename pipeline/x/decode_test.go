package x

import (
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

var door = pipeline.Door{
	Pseudonyms: hugops.NewPseudonyms([]byte("k")),
	AuthorService: func(_ hugops.Network, handle string) string {
		return map[string]string{"NimbusCloud": "nimbus-cloud"}[handle]
	},
	OptedOut: func(_ hugops.Network, handle string) bool { return handle == "shy" },
}

// TestSnowflakeTime has ids whose moments are known from elsewhere.
func TestSnowflakeTime(t *testing.T) {
	cases := []struct{ id, want string }{
		{"1541815603606036480", "2022-06-28T16:07:40.105Z"}, // Wikipedia's example, "Snowflake ID"
		{"20", ""},          // from before snowflakes
		{"29700859247", ""}, // the last of those
		{"-5", ""},
		{"", ""},
		{"99999999999999999999", ""},
		{"12ab", ""},
	}
	for _, c := range cases {
		got := ""
		if at, ok := SnowflakeTime(c.id); ok {
			got = at.Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.id, got, c.want)
		}
	}
}

// TestDecode lists posts and what becomes of each: the kind and ID of its event,
// "skip" and a reason, or a part of the error.
func TestDecode(t *testing.T) {
	const id = `"id":"1985000000000000000","author_id":"7","text":"t"`
	cases := []struct{ name, raw, want string }{
		{"a post", `{"data":{` + id + `}}`, "created 1985000000000000000"},
		{"an edit keeps the first id", `{"data":{"id":"1985000500000000000","author_id":"7","text":"t","edit_history_tweet_ids":["1985000000000000000","1985000500000000000"]}}`, "edited 1985000000000000000"},
		{"a quote counts", `{"data":{` + id + `,"referenced_tweets":[{"type":"quoted","id":"1"}]}}`, "created 1985000000000000000"},
		{"a repost does not", `{"data":{` + id + `,"referenced_tweets":[{"type":"retweeted","id":"1"}]}}`, "skip repost"},
		{"opted out", `{"data":{` + id + `},"includes":{"users":[{"id":"7","username":"shy"}]}}`, "skip opted-out"},
		{"protected", `{"data":{` + id + `},"includes":{"users":[{"id":"7","username":"a","protected":true}]}}`, "skip not-public"},
		{"an array", `{"data":[{` + id + `},{"id":"1985000000000000001","author_id":"8","text":"u"}]}`, "created 1985000000000000000, created 1985000000000000001"},
		{"an empty array", `{"data":[]}`, ""},
		{"a notice", `{"errors":[{"title":"operational-disconnect"}]}`, "skip other"},
		{"a post with errors about its parts", `{"data":{` + id + `},"errors":[{"title":"Not Found Error"}]}`, "created 1985000000000000000"},
		{"no author", `{"data":{"id":"1985000000000000000","text":"t"}}`, "author_id is missing"},
		{"no id", `{"data":{"author_id":"7","text":"t"}}`, "id is missing"},
		{"an old id and no time", `{"data":{"id":"20","author_id":"7","text":"t"}}`, "tells a time"},
		{"an id from the far future", `{"data":{"id":"9223372036854775807","author_id":"7","text":"t"}}`, "created 9223372036854775807"},
		{"nothing", `{}`, "neither a post nor an array"},
		{"no JSON", `data`, "json"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dec, err := Decode([]byte(c.raw), door)
			if err != nil {
				if c.want == "" || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %q, want %q", err, c.want)
				}
				return
			}
			if got := summary(dec); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func summary(dec wire.Decoded) string {
	var parts []string
	for _, e := range dec.Events {
		parts = append(parts, string(e.Kind)+" "+e.Post.ID)
	}
	for _, reason := range dec.Skips {
		parts = append(parts, "skip "+reason)
	}
	return strings.Join(parts, ", ")
}

// TestPostedAt: the id tells the time, unless created_at shows that it was made up.
func TestPostedAt(t *testing.T) {
	for _, c := range []struct{ name, id, created, want string }{
		{"both", "1985000000000000000", "2025-11-02T15:04:14.000Z", "2025-11-02T15:04:14.173Z"},
		{"the id alone", "1985000000000000000", "", "2025-11-02T15:04:14.173Z"},
		{"created_at alone", "20", "2006-03-21T20:50:14.000Z", "2006-03-21T20:50:14"},
		{"an id that was made up", "1000000000000000001", "2026-11-02T09:05:00.000Z", "2026-11-02T09:05:00"},
	} {
		raw := `{"data":{"id":"` + c.id + `","author_id":"7","text":"t","created_at":"` + c.created + `"}}`
		dec, err := Decode([]byte(raw), door)
		if err != nil {
			t.Fatal(err)
		}
		if got := dec.Events[0].Post.PostedAt.Format(time.RFC3339Nano); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestPostedAtIsImmutable: whatever version of a post comes, its time is that of
// the first.
func TestPostedAtIsImmutable(t *testing.T) {
	var times []time.Time
	for _, raw := range []string{
		`{"data":{"id":"1985000000000000000","author_id":"7","text":"t","created_at":"2025-11-02T15:04:14.000Z","edit_history_tweet_ids":["1985000000000000000"]}}`,
		`{"data":{"id":"1985000500000000000","author_id":"7","text":"t","created_at":"2025-11-02T15:06:13.000Z","edit_history_tweet_ids":["1985000000000000000","1985000500000000000"]}}`,
	} {
		dec, err := Decode([]byte(raw), door)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, dec.Events[0].Post.PostedAt, dec.Events[0].Post.EditedAt)
	}
	if !times[0].Equal(times[2]) || !times[1].IsZero() || !times[3].After(times[0]) {
		t.Errorf("posted and edited: %v", times)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"data":{"id":"1985000500000000000","author_id":"7","text":"a &amp; b","created_at":"2025-11-02T15:06:13.000Z","lang":"und","edit_history_tweet_ids":["1985000000000000000"],"entities":{"urls":[{"expanded_url":"https://a.example/"}]}},"includes":{"users":[{"id":"7","username":"u"}]}}`))
	f.Add([]byte(`{"data":[{"id":"20"}],"errors":[{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dec, _ := Decode(raw, door)
		for _, e := range dec.Events {
			if err := e.Validate(); err != nil || !hugops.IsPseudonym(e.Post.Author) {
				t.Errorf("%+v: %v", e.Post, err)
			}
		}
	})
}
