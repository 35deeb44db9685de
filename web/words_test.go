package web

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		lower, upper int
		ended        bool
		long, short  string
	}{
		{66, 78, false, "Most people are being kind.", "Mostly support"},
		{66, 78, true, "Most people were kind.", "Mostly support"},
		{51, 90, false, "Most people are being kind.", "Mostly support"},
		{50, 90, false, "Too close to call.", "Too close to call"}, // 50 is not above 50
		{24, 56, false, "Too close to call.", "Too close to call"},
		{24, 56, true, "It was too close to call.", "Too close to call"},
		{10, 50, false, "Too close to call.", "Too close to call"},
		{9, 49, false, "More people vented than sent support.", "Mostly venting"},
		{9, 16, true, "More people vented than sent support.", "Mostly venting"},
	} {
		if got := verdictOf(c.lower, c.upper, c.ended); got != (verdict{c.long, c.short}) {
			t.Errorf("verdictOf(%d, %d, ended %v) = %q", c.lower, c.upper, c.ended, got)
		}
	}
}

func TestSureness(t *testing.T) {
	for width, want := range map[int]string{
		0: "quite sure", 8: "quite sure", 9: "fairly sure", 16: "fairly sure",
		17: "a rough figure", 30: "a rough figure", 31: "a very rough figure", 100: "a very rough figure",
	} {
		if got := sureness(width); got != want {
			t.Errorf("sureness(%d) = %q, want %q", width, got, want)
		}
	}
}

func TestSentence(t *testing.T) {
	for _, c := range []struct {
		value, lower, upper, sided, support int
		want                                string
	}{
		{72, 66, 78, 1284, 921, "About 72 of every 100 people who took a side sent support. We are fairly sure: the true figure is very likely between 66 and 78."},
		{12, 9, 16, 1876, 229, "About 12 of every 100 people who took a side sent support. We are quite sure: the true figure is very likely between 9 and 16. Still, 229 people sent a hug."},
		{12, 4, 30, 33, 1, "About 12 of every 100 people who took a side sent support. With 33 people in all this is a rough figure: the true one is very likely between 4 and 30. Still, 1 person sent a hug."},
		{39, 24, 56, 41, 16, "About 39 of every 100 people who took a side sent support. With 41 people in all this is a very rough figure: the true one is very likely between 24 and 56."},
		{0, 0, 7, 60, 0, "About 0 of every 100 people who took a side sent support. We are quite sure: the true figure is very likely between 0 and 7."},
	} {
		if got := sentence(c.value, c.lower, c.upper, c.sided, c.support); got != c.want {
			t.Errorf("sentence(%d, %d–%d)\n got %s\nwant %s", c.value, c.lower, c.upper, got, c.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "under 1 min", 59 * time.Second: "under 1 min", time.Minute: "1 min", 48 * time.Minute: "48 min",
		time.Hour: "1 h", 65 * time.Minute: "1 h 05 min", 192 * time.Minute: "3 h 12 min", 47 * time.Hour: "47 h",
		48 * time.Hour: "2 days", 100 * time.Hour: "4 days 4 h",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1500: "-1,500", -999: "-999"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestDay(t *testing.T) {
	for _, c := range []struct{ at, want string }{
		{"2026-11-22T00:00:00Z", "today"}, {"2026-11-21T23:59:00Z", "yesterday"},
		{"2026-11-19T10:00:00Z", "19 November"}, {"2025-12-31T10:00:00Z", "31 December 2025"},
		{"2026-11-22T01:00:00+02:00", "yesterday"}, // 23:00 UTC the day before
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := day(at, noon); got != c.want {
			t.Errorf("day(%s) = %q, want %q", c.at, got, c.want)
		}
	}
}

func TestStatusWord(t *testing.T) {
	for status, want := range map[string]string{
		"investigating": "Looking into it", "In_Progress": "Under way", "RESOLVED": "Resolved", "": "Update", " \u202e ": "Update",
		"partially-degraded": "Partially degraded", "éclair": "Éclair", "a state that no status page has": "A state that no status…",
	} {
		if got := statusWord(status); got != want {
			t.Errorf("statusWord(%q) = %q, want %q", status, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for tag, want := range map[string]string{"en": "English", "pt-BR": "Portuguese", "": "Not said", "und": "Not said", "other": "All others", "tlh": "tlh"} {
		if got := language(tag); got != want {
			t.Errorf("language(%q) = %q, want %q", tag, got, want)
		}
	}
	for n, want := range map[int]string{1: "Mastodon", 2: "Mastodon and Bluesky", 3: "Mastodon, Bluesky and X"} {
		if got := list([]string{"Mastodon", "Bluesky", "X"}[:n]); got != want {
			t.Errorf("list of %d = %q, want %q", n, got, want)
		}
	}
}

// FuzzForeignWords holds what pages rely on: whatever a status page sends, what
// is left is valid, short and cannot turn the line around it.
func FuzzForeignWords(f *testing.F) {
	for _, s := range []string{"investigating", "\u202eevil", "a\x00b\nc", "\xff\xfe", "é", "", strings.Repeat("x", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := clip(clean(s), 40)
		if !utf8.ValidString(c) || utf8.RuneCountInString(c) > 40 || strings.ContainsAny(c, "\u202e\u202d\u2066\n\r\x00") {
			t.Errorf("clip(clean(%q)) = %q", s, c)
		}
		if w := statusWord(s); w == "" || utf8.RuneCountInString(w) > 26 {
			t.Errorf("statusWord(%q) = %q", s, w)
		}
	})
}
