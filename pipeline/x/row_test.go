package x

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

func tableRow(pairs ...string) (r wire.Row) {
	for i := 0; i < len(pairs); i += 2 {
		r.Columns, r.Cells = append(r.Columns, pairs[i]), append(r.Cells, pairs[i+1])
	}
	return r
}

const id = "1985000000000000001"

// TestDecodeRow lists rows of few columns, as people make them, and what becomes of
// each. Whole rows of the tools are among the golden files of replay.
func TestDecodeRow(t *testing.T) {
	for _, c := range []struct {
		name string
		row  wire.Row
		want string
	}{
		{"the least", tableRow("id", id, "author", "owl", "body", "t"), "created " + id},
		{"an address for an id", tableRow("id", "https://x.com/owl/status/"+id+"?s=20", "author", "owl", "body", "t"), "created " + id},
		{"an address beside it", tableRow("id", "", "link", "https://twitter.com/owl/status/"+id, "author", "owl"), "created " + id},
		{"no id", tableRow("id", "", "author", "owl"), `id "" is no number`},
		{"a rounded id", tableRow("id", "1.985E+18", "author", "owl"), "rounded by a spreadsheet"},
		{"a rounded author", tableRow("id", id, "author_id", "1.2E+18", "author", "owl"), "rounded by a spreadsheet"},
		{"no author", tableRow("id", id, "body", "t"), "the author is missing"},
		{"a repost, by its column", tableRow("id", id, "author", "owl", "body", "t", "is_retweet", "yes"), "skip repost"},
		{"no repost, by its column", tableRow("id", id, "author", "owl", "body", "RT @me: really", "is_retweet", "no"), "created " + id},
		{"a repost, by its text", tableRow("id", id, "author", "owl", "body", "RT @me: really"), "skip repost"},
		{"a repost, by its references", tableRow("id", id, "author", "owl", "text", "t", "referenced_tweets", `[{"type":"retweeted","id":"1"}]`), "skip repost"},
		{"a repost, by whom it reposts", tableRow("id", id, "author", "owl", "text", "t", "retweeted_user_id", "7"), "skip repost"},
		{"protected", tableRow("id", id, "author_id", "7", "text", "t", "author.protected", "True"), "skip not-public"},
		{"opted out", tableRow("id", id, "author_id", "7", "author.username", "shy", "text", "t"), "skip opted-out"},
		{"opted out, by an @", tableRow("id", id, "author", "@shy", "text", "t"), "skip opted-out"},
		{"an id from before snowflakes", tableRow("id", "20", "author", "jack", "text", "t", "timestamp", "2006-03-21 20:50:14"), "created 20"},
		{"the same without a time", tableRow("id", "20", "author", "jack", "text", "t"), "tells a time"},
	} {
		if got := outcome(DecodeRow(c.row, door)); got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestRowAuthor: the number names the author as it does in the API; a handle does
// only where there is no number, and never as if it were one.
func TestRowAuthor(t *testing.T) {
	of := func(r wire.Row) string {
		dec, err := DecodeRow(r, door)
		if err != nil {
			t.Fatal(err)
		}
		return dec.Events[0].Post.Author
	}
	number := of(tableRow("id", id, "author_id", "7", "author", "Owl", "body", "t"))
	if want := door.Pseudonyms.Of(hugops.X, "7"); number != want {
		t.Errorf("author_id gives %s, the API %s", number, want)
	}
	handle := of(tableRow("id", id, "author", "Owl", "body", "t"))
	if again := of(tableRow("id", id, "author", "@owl", "body", "t")); handle != again || handle == number {
		t.Errorf("a handle gives %s and %s", handle, again)
	}
}

// TestDecodeTweet lists posts that stand alone.
func TestDecodeTweet(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"flattened", `{"id":"` + id + `","author_id":"7","text":"t","author":{"id":"7","username":"owl"}}`, "created " + id},
		{"its author is of another shape", `{"id":"` + id + `","author_id":"7","text":"t","author":"owl"}`, "created " + id},
		{"opted out", `{"id":"` + id + `","author_id":"7","text":"t","author_user":{"username":"shy"}}`, "skip opted-out"},
		{"gone when 4CAT asked for it", `{"id":"` + id + `","author_id":"UNKNOWN","text":""}`, "skip other"},
		{"redacted", `{"id":"` + id + `","author_id":"REDACTED","text":"t"}`, "redacted"},
		{"of the web site", `{"rest_id":"` + id + `","legacy":{"user_id_str":"7","full_text":"t"}}`, "created " + id},
		{"its name in the newer place", `{"rest_id":"` + id + `","core":{"user_results":{"result":{"core":{"screen_name":"shy"}}}},"legacy":{"user_id_str":"7","full_text":"t"}}`, "skip opted-out"},
		{"of the web site, protected", `{"rest_id":"` + id + `","core":{"user_results":{"result":{"privacy":{"protected":true}}}},"legacy":{"user_id_str":"7","full_text":"t"}}`, "skip not-public"},
		{"of the web site, empty", `{"rest_id":"` + id + `","legacy":7}`, "author_id is missing"},
	} {
		if got := outcome(DecodeTweet([]byte(c.raw), door)); got != c.want && !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestPages: an answer of the API may be longer than a frame of the stream.
func TestPages(t *testing.T) {
	page := func(bytes int) []byte {
		post := `{"id":"` + id + `","author_id":"7","text":"` + strings.Repeat("t", 9000) + `"}`
		return []byte(`{"data":[` + strings.TrimSuffix(strings.Repeat(post+",", bytes/len(post)), ",") + `],"meta":{"result_count":9}}`)
	}
	if dec, err := Decode(page(3*wire.MaxBytes), door); err != nil || len(dec.Events) < 300 {
		t.Errorf("%d events, %v", len(dec.Events), err)
	}
	if _, err := Decode(page(MaxPage+20_000), door); err == nil {
		t.Error("a page above MaxPage is read")
	}
	if got := outcome(Decode([]byte(`{"meta":{"result_count":0}}`), door)); got != "skip other" {
		t.Errorf("an empty page: %q", got)
	}
}

func FuzzDecodeTweet(f *testing.F) {
	f.Add([]byte(`{"id":"1985000000000000001","author_id":"7","text":"t","author":{"username":"owl"},"referenced_tweets":[{"type":"replied_to","id":"1"}]}`))
	f.Add([]byte(`{"rest_id":"1985000000000000001","core":{"user_results":{"result":{"legacy":{"screen_name":"owl"}}}},"legacy":{"user_id_str":"7","full_text":"t","created_at":"Mon Nov 02 14:00:00 +0000 2026","entities":{"urls":[{"expanded_url":"https://a.example/"}]}},"note_tweet":{"note_tweet_results":{"result":{"text":"long"}}},"edit_control":{"edit_tweet_ids":["1985000000000000001"]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dec, _ := DecodeTweet(raw, door)
		for _, e := range dec.Events {
			if err := e.Validate(); err != nil || !hugops.IsPseudonym(e.Post.Author) {
				t.Errorf("%+v: %v", e.Post, err)
			}
		}
	})
}
