package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestFilesAreCurrent makes the files anew and compares them byte by byte.
func TestFilesAreCurrent(t *testing.T) {
	posts, labels, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, made := range map[string][]byte{"posts.ndjson": posts, "labels.tsv": labels} {
		kept, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(made, kept) {
			t.Errorf("%s is not what gen makes of the texts: run go generate in its folder", name)
		}
	}
}

// TestBadTexts shows what a writer is told.
func TestBadTexts(t *testing.T) {
	for text, want := range map[string]string{
		"1s":                     "CODE TEXT",
		"9z hello":               "phase and a stance",
		"1s,loud hello":          `unknown option "loud"`,
		"1s,m,e hello":           "edited version is missing",
		"1s hello\n> hello you":  "no option e",
		"1s,b,cw=work hello":     "do not fit its network",
		"1s,x,d hello":           "do not fit its network",
		"1s,d0 hello":            "do not fit its network",
		"1s,m,gone hello":        "do not fit its network",
		"1n first\n\n1n another": "texts/nimbus.en.txt:2",
		"8n after the end":       "no phase 8",
		"1n one\n@ 09:50\n1n two\n@ 09:45\n1n three": "go backwards",
	} {
		if _, err := parseTexts("texts/nimbus.en.txt", text+"\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

// TestIDs holds the ids to the moments that they encode.
func TestIDs(t *testing.T) {
	at, r := clock("10:30"), &random{state: 1}
	if got := tid(at, r); len(got) != 13 || got[:10] != tid(at, r)[:10] || got >= tid(at.AddDate(0, 0, 1), r) {
		t.Errorf("tid %q: not 13 sortable characters", got)
	}
	if got := int64(xID(at, r)>>22) + xEpoch; got != at.UnixMilli() {
		t.Errorf("number on X: %d ms, want %d", got, at.UnixMilli())
	}
	if got := int64(mastodonID(at, r) >> 16); got != at.UnixMilli() {
		t.Errorf("number on Mastodon: %d ms, want %d", got, at.UnixMilli())
	}
}

// TestSides checks what the demo is to show: how many people take which side.
func TestSides(t *testing.T) {
	entries, err := readTexts()
	if err != nil {
		t.Fatal(err)
	}
	all := place(entries, &random{state: seed})
	cast(all, &random{state: seed})
	for _, c := range []struct {
		theme                   string
		sided                   int // distinct authors, at least
		supportLow, supportHigh int // percent of the posts that take a side
	}{
		{"nimbus", 400, 40, 60},
		{"chatterbee", 150, 35, 50},
		{"pennywhistle", 150, 10, 22},
	} {
		people, support, sided, neutral := map[*author]bool{}, 0, 0, 0
		for _, p := range all {
			switch {
			case p.theme != c.theme || p.author.provider || p.author.bot:
			case p.stance == "neutral":
				neutral++
			default:
				people[p.author] = true
				sided++
				if p.stance == "support" {
					support++
				}
			}
		}
		share := 100 * support / sided
		t.Logf("%s: %d posts take a side, %d do not; %d authors; %d %% support", c.theme, sided, neutral, len(people), share)
		if len(people) < c.sided || share < c.supportLow || share > c.supportHigh || sided < 3*neutral/2 {
			t.Errorf("%s: want at least %d authors, %d to %d %% support, six of ten posts with a side", c.theme, c.sided, c.supportLow, c.supportHigh)
		}
	}
}
