package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// The golden files are the contract of what travels in Kafka.
func TestEventsInKafka(t *testing.T) {
	full := hugops.Event{Kind: hugops.Edited, At: noon, Post: &hugops.Post{
		ID: "https://mastodon.example/users/ada/statuses/1", Network: hugops.Mastodon, Alias: "mastodon.example/1",
		Author: "p1-00000000000000000000000000", AuthorService: "nimbus-cloud", Bot: true,
		PostedAt: noon.Add(-time.Hour), EditedAt: noon, Lang: "de",
		Text: "Ein Hug für die Leute vom Dienst 🤗\n\"Danke\" <3", URLs: []string{"https://status.nimbus-cloud.example/incidents/1"},
		ReplyTo: "https://mastodon.example/users/bob/statuses/9", Source: "replay:demo.ndjson",
	}}
	cases := map[string]hugops.Event{
		"created.json":     created(1),
		"edited.json":      full,
		"deleted.json":     {Kind: hugops.Deleted, At: noon, Network: hugops.Mastodon, Alias: "mastodon.example/1"},
		"author_gone.json": {Kind: hugops.AuthorGone, At: noon, Network: hugops.Bluesky, Author: "p1-00000000000000000000000000"},
	}
	for name, e := range cases {
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			got, err := EncodeEvent(&e)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "JSON", string(got), strings.TrimSpace(string(want)))
			back, err := DecodeEvent(got)
			if err != nil || !reflect.DeepEqual(back, e) {
				t.Errorf("came back as %+v (%v), want %+v", back, err, e)
			}
		})
	}
}

func TestDecodeIsTolerantOfTheFuture(t *testing.T) {
	e, err := DecodeEvent([]byte(`{"kind":"deleted","network":"x","id":"1","since":{"version":[2]}}`))
	if err != nil || e.ID != "1" {
		t.Errorf("%+v, %v: an unknown member must be skipped", e, err)
	}
}

func TestDecodeCutsTexts(t *testing.T) {
	e := created(1)
	e.Post.Text = strings.Repeat("a", hugops.MaxText-1) + "äöü"
	raw, err := EncodeEvent(&e)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeEvent(raw)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "bytes of text", len(back.Post.Text), hugops.MaxText-1)
}

func TestLongestTextFitsIntoKafka(t *testing.T) {
	e := created(1)
	e.Post.Text = strings.Repeat("\x01", hugops.MaxText) // six bytes each in JSON
	if _, err := EncodeEvent(&e); err != nil {
		t.Error(err)
	}
}

// Whatever the bytes: a clear refusal, or an event that is valid and comes back
// the same.
func FuzzDecodeEvent(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"kind":"created","post":{"id":"\u0000","text":"\ud800"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := DecodeEvent(raw)
		if err != nil {
			if !errors.Is(err, hugops.ErrInvalid) {
				t.Errorf("error %v does not say that the input is invalid", err)
			}
			return
		}
		again, err := EncodeEvent(&e)
		if err != nil {
			if errors.Is(err, errTooLarge) {
				return // escapes can make it longer
			}
			t.Fatalf("%+v cannot be written: %v", e, err)
		}
		back, err := DecodeEvent(again)
		if err != nil || back.Key() != e.Key() {
			t.Fatalf("%s came back as %+v, %v", again, back, err)
		}
	})
}

func TestDeadLetterKeepsBytes(t *testing.T) {
	cases := []struct {
		name   string
		raw    string
		text   string
		base64 int // bytes
	}{
		{"text", "hällo", "hällo", 0},
		{"not text", "h\xffllo", "", 5},
		{"long", strings.Repeat("x", MaxLetterRaw+1), strings.Repeat("x", MaxLetterRaw), 0},
		{"cut within a character", strings.Repeat("x", MaxLetterRaw-1) + "ä", strings.Repeat("x", MaxLetterRaw-1), 0},
		{"long and not text", strings.Repeat("\xff", MaxLetterRaw+9), "", MaxLetterRaw},
		{"nothing", "", "", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var l Letter
			l.keep([]byte(c.raw))
			equal(t, "text", l.Raw, c.text)
			equal(t, "bytes", len(l.RawBase64), c.base64)
			equal(t, "size", l.Size, len(c.raw))
		})
	}
}
