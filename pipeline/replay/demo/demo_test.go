package demo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/bluesky"
	"github.com/hugops/hugops/pipeline/mastodon"
	"github.com/hugops/hugops/pipeline/wire"
	"github.com/hugops/hugops/pipeline/x"
)

var anchorTime, _ = time.Parse(time.RFC3339, Anchor)

// door gives every author a pseudonym and knows the three providers.
func door() pipeline.Door {
	providers := map[string]string{"nimbuscloud@status.example": "nimbus-cloud", "chatterbee@status.example": "chatterbee",
		"pennywhistlepay@status.example": "pennywhistle-pay"}
	return pipeline.Door{
		Pseudonyms:    hugops.NewPseudonyms([]byte("a key of the test's own, 32 bytes")),
		AuthorService: func(_ hugops.Network, handle string) string { return providers[handle] },
	}
}

// line is one line of the file as the program's own decoders read it.
type line struct {
	network hugops.Network
	wire.Decoded
}

func decodeAll(t *testing.T) []line {
	t.Helper()
	var all []line
	scan := bufio.NewScanner(bytes.NewReader(Posts()))
	scan.Buffer(nil, 1<<20)
	for n := 1; scan.Scan(); n++ {
		raw := bytes.Clone(scan.Bytes())
		var l line
		var err error
		switch {
		case bytes.HasPrefix(raw, []byte(`{"did":`)):
			l.network = hugops.Bluesky
			l.Decoded, err = bluesky.Decode(raw, door())
		case bytes.HasPrefix(raw, []byte(`{"data":`)):
			l.network = hugops.X
			l.Decoded, err = x.Decode(raw, door())
		default:
			l.network = hugops.Mastodon
			l.Decoded, err = mastodon.Decode(raw, "social.example", door())
		}
		if err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		all = append(all, l)
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func events(lines []line) []hugops.Event {
	var all []hugops.Event
	for _, l := range lines {
		all = append(all, l.Events...)
	}
	return all
}

// TestMix counts what the decoders make of the file.
func TestMix(t *testing.T) {
	kinds, networks, langs, skips := map[hugops.EventKind]int{}, map[hugops.Network]int{}, map[string]int{}, map[string]int{}
	authors := map[string]bool{}
	var posts, live, bots, providers int
	all := decodeAll(t)
	for _, l := range all {
		for _, reason := range l.Skips {
			skips[reason]++
		}
	}
	for _, e := range events(all) {
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
		kinds[e.Kind]++
		if e.Kind != hugops.Created {
			continue
		}
		posts++
		networks[e.Post.Network]++
		langs[e.Post.Lang]++
		authors[e.Post.Author] = true
		if e.Post.PostedAt.After(anchorTime) {
			live++
		}
		if e.Post.Bot {
			bots++
		}
		if e.Post.AuthorService != "" {
			providers++
		}
	}
	t.Logf("%d posts (%v) by %d authors, %d of them live; kinds %v, languages %v, skipped %v", posts, networks, len(authors), live, kinds, langs, skips)

	for _, c := range []struct {
		what           string
		got, low, high int
	}{
		{"posts", posts, 1850, 2100},
		{"authors", len(authors), 1100, posts},
		{"percent live", 100 * live / posts, 20, 30},
		{"percent Mastodon", 100 * networks[hugops.Mastodon] / posts, 40, 50},
		{"percent Bluesky", 100 * networks[hugops.Bluesky] / posts, 30, 40},
		{"percent X", 100 * networks[hugops.X] / posts, 15, 25},
		{"percent English", 100 * langs["en"] / posts, 65, 80},
		{"edits", kinds[hugops.Edited], 12, 25},
		{"deletions", kinds[hugops.Deleted], 12, 25},
		{"authors gone", kinds[hugops.AuthorGone], 1, 1},
		{"notices of providers", providers, 19, 19},
		{"posts of a bot", bots, 10, 20},
		{"reposts", skips[wire.SkipRepost], 20, 60},
		{"opted out", skips[wire.SkipOptedOut], 6, 12},
		{"not public", skips[wire.SkipNotPublic], 1, 3},
		{"bytes", len(Posts()), 1 << 20, 3 << 20},
	} {
		if c.got < c.low || c.got > c.high {
			t.Errorf("%s: %d, want %d to %d", c.what, c.got, c.low, c.high)
		}
	}
	for _, lang := range []string{"de", "fr", "es", "pt", "nl", "ja"} {
		if langs[lang] < 25 {
			t.Errorf("only %d posts in %s", langs[lang], lang)
		}
	}
}

// TestTime holds the file to its order, and the part after the anchor to a pace
// at which the page moves: no half minute without a post.
func TestTime(t *testing.T) {
	var last time.Time
	for _, e := range events(decodeAll(t)) {
		if e.At.IsZero() {
			continue // a deletion on Mastodon does not tell
		}
		if e.At.Before(last) {
			t.Fatalf("an event of %s comes after one of %s", e.At.Format(time.RFC3339Nano), last.Format(time.RFC3339Nano))
		}
		if last.After(anchorTime) && e.At.Sub(last) > 30*time.Second {
			t.Errorf("nothing happens from %s to %s", last.Format(time.TimeOnly), e.At.Format(time.TimeOnly))
		}
		last = e.At
	}
	if late := last.Sub(anchorTime); late < 24*time.Minute || late > 26*time.Minute {
		t.Errorf("the last event is %s after the anchor, want about 25 minutes", late)
	}
}

// TestNoTwoAlike compares every two texts without case, tags, mentions, links
// and signs: none equal, and none of length with nearly the same words.
func TestNoTwoAlike(t *testing.T) {
	seen := map[string]string{}
	var long [][]string
	for _, e := range events(decodeAll(t)) {
		if e.Kind != hugops.Created || e.Post.Bot {
			continue
		}
		words := bareWords(e.Post.Text)
		key := strings.Join(words, " ")
		if before, ok := seen[key]; ok && key != "" {
			t.Errorf("two posts say the same:\n%s\n%s", before, e.Post.Text)
		}
		seen[key] = e.Post.Text
		if slices.Sort(words); len(slices.Compact(words)) >= 6 {
			long = append(long, slices.Compact(words))
		}
	}
	if len(seen) < 1750 {
		t.Errorf("only %d different texts", len(seen))
	}
	for i, a := range long {
		for _, b := range long[i+1:] {
			if overlap(a, b) > 0.8 {
				t.Errorf("two posts are nearly the same:\n%v\n%v", a, b)
			}
		}
	}
}

func bareWords(text string) []string {
	var words []string
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		if strings.ContainsAny(word[:1], "#@") || strings.HasPrefix(word, "https://") {
			continue
		}
		if w := strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// overlap is the share of common words among all of two sorted sets (Jaccard).
func overlap(a, b []string) float64 {
	if len(a) > 2*len(b) || len(b) > 2*len(a) {
		return 0
	}
	common, j := 0, 0
	for _, word := range a {
		for j < len(b) && b[j] < word {
			j++
		}
		if j < len(b) && b[j] == word {
			common++
		}
	}
	return float64(common) / float64(len(a)+len(b)-common)
}

// TestInvented holds the file to invented addresses: all hosts end in .example.
func TestInvented(t *testing.T) {
	for _, data := range [][]byte{Posts(), Outages()} {
		for _, after := range strings.Split(string(data), "https://")[1:] {
			host := after[:strings.IndexAny(after, "/\\\"< ?")]
			if host != "" && !strings.HasSuffix(host, ".example") { // Mastodon hides the scheme in a span
				t.Errorf("host %q is not invented", host)
			}
		}
	}
}

// TestEarlyDeletion finds the deletions that come before their posts.
func TestEarlyDeletion(t *testing.T) {
	gone, early, late := map[string]bool{}, 0, 0
	created := map[string]bool{}
	for _, e := range events(decodeAll(t)) {
		switch e.Kind {
		case hugops.Deleted:
			name := e.ID + e.Alias
			gone[name] = true
			if created[name] {
				late++
			}
		case hugops.Created:
			created[e.Post.ID], created[e.Post.Alias] = true, true
			if gone[e.Post.Alias] {
				early++
			}
		}
	}
	if early < 1 || late < 10 || early+late != len(gone) {
		t.Errorf("%d deletions: %d before their post, %d after; every one should have its post", len(gone), early, late)
	}
}

func readOutages(t *testing.T) []hugops.Outage {
	t.Helper()
	var file struct {
		Outages []hugops.Outage `json:"outages"`
	}
	if err := json.Unmarshal(Outages(), &file); err != nil {
		t.Fatal(err)
	}
	for i := range file.Outages {
		o := &file.Outages[i]
		o.ServiceName, o.Service = o.Service, hugops.Slug(o.Service)
	}
	return file.Outages
}

func TestOutages(t *testing.T) {
	open := map[string]bool{}
	for _, o := range readOutages(t) {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
		if !o.Demo || o.Title == "" || o.Impact == "" || len(o.Components) == 0 || len(o.Updates) < 4 {
			t.Errorf("%s: something is missing: %+v", o.ID, o)
		}
		if !slices.IsSortedFunc(o.Updates, func(a, b hugops.Update) int { return a.At.Compare(b.At) }) {
			t.Errorf("%s: updates are not sorted", o.ID)
		}
		open[o.Service] = o.OpenAt(anchorTime)
	}
	if len(open) != 3 || !open["nimbus-cloud"] || !open["chatterbee"] || open["pennywhistle-pay"] {
		t.Errorf("open at the anchor: %v", open)
	}
}
