package wire

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

func row(pairs ...string) Row {
	var r Row
	for i := 0; i < len(pairs); i += 2 {
		r.Columns, r.Cells = append(r.Columns, pairs[i]), append(r.Cells, pairs[i+1])
	}
	return r
}

func TestRowGet(t *testing.T) {
	r := Row{Columns: NewColumns([]string{"ID", " Lang ", "empty", "short"}), Cells: []string{" 7 ", "N/A", ""}}
	for _, c := range []struct{ names, want string }{
		{"id", "7"}, {"lang", ""}, {"empty id", "7"}, {"short", ""}, {"none", ""}, {"none id", "7"},
	} {
		if got := r.Get(strings.Fields(c.names)...); got != c.want {
			t.Errorf("%s: %q, want %q", c.names, got, c.want)
		}
	}
}

// TestRowID shows what spreadsheets do to ids, and what only looks like it.
func TestRowID(t *testing.T) {
	for _, c := range []struct {
		id      string
		damaged bool
	}{
		{"1985012345678901234", false},
		{"1.98501E+18", true},
		{"1,98501E+18", true},
		{"2E+18", true},
		{"1985012345678901248.0", true},
		{"12.0", false},
		{"at://did:plc:abc/app.bsky.feed.post/3kabc", false},
		{"1e5f", false}, // a hash
		{"", false},
	} {
		got, err := row("id", c.id).ID("id")
		if (err != nil) != c.damaged || err == nil && got != c.id {
			t.Errorf("%q: %q, %v", c.id, got, err)
		}
		if err != nil && (!errors.Is(err, hugops.ErrInvalid) || !strings.Contains(err.Error(), "spreadsheet")) {
			t.Errorf("%q: %v", c.id, err)
		}
	}
}

func TestRowAuthor(t *testing.T) {
	for _, c := range []struct{ id, name, want, err string }{
		{"77", "owl", "77", ""},
		{"", "owl", "owl", ""},
		{"", "", "", "author_id, author"},
		{"REDACTED", "REDACTED", "", "redacted"},
		{"1.2E+18", "owl", "", "spreadsheet"},
	} {
		got, err := row("author_id", c.id, "author", c.name).Author("author_id", "author")
		if got != c.want || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q %q: %q, %v", c.id, c.name, got, err)
		}
	}
}

func TestRowTime(t *testing.T) {
	want := time.Date(2026, 11, 2, 14, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		cell string
		ok   bool
	}{
		{"2026-11-02T14:00:00Z", true},
		{"2026-11-02T14:00:00.000Z", true},
		{"2026-11-02T15:00:00+01:00", true},
		{"2026-11-02 14:00:00", true},
		{"2026-11-02 15:00:00+01:00", true},
		{"2026-11-02T14:00:00", true},
		{"Mon Nov 02 14:00:00 +0000 2026", true},
		{"1793628000", true},
		{"1793628000.0", true},
		{"1793628000000", true},
		{"02/11/2026 14:00", false}, // the day or the month first?
		{"1.79E+09", false},         // rounded
		{"45963.58", false},         // the days of a spreadsheet
		{"NaN", false},
		{"", false},
	} {
		got, ok := row("a", "", "t", c.cell).Time("a", "t")
		if ok != c.ok || ok && !got.Equal(want) {
			t.Errorf("%q: %v %t", c.cell, got, ok)
		}
	}
}

func TestRowWebURLs(t *testing.T) {
	for cell, want := range map[string]string{
		"":                                       "",
		"https://a.example/1":                    "https://a.example/1",
		"https://a.example/1,https://b.example/": "https://a.example/1 https://b.example/",
		"https://a.example/@1.5,2.5z, https://b.example/": "https://a.example/@1.5,2.5z https://b.example/",
		"https://a.example/,https://a.example/":           "https://a.example/",
		"pic.example/x,https://a.example/":                "https://a.example/",
		"javascript:alert(1)":                             "",
	} {
		if got := strings.Join(row("urls", cell).WebURLs("urls"), " "); got != want {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
}
