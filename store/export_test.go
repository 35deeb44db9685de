package store

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestExport compares an export with testdata/export, to the byte.
func TestExport(t *testing.T) {
	s := fresh(t)
	odd := hugops.Outage{ID: "odd", Service: "nimbus", Title: "=HYPERLINK(\"http://x\")\n@all, \"quoted\"", StartedAt: begin.Add(-time.Hour), URL: "https://status.example/odd", Demo: true,
		Suspected: true, MergedInto: "nimbus-1", Parent: "cirrus-1", Impact: "major", Components: []string{"=API", "Console"}, Regions: []string{"eu-north"}, WithdrawnAt: begin}
	if err := s.PutOutages(t.Context(), []hugops.Outage{nimbus, cirrus, odd}); err != nil {
		t.Fatal(err)
	}
	posts := append(crowd(36),
		reading("at://did:plc:abc/app.bsky.feed.post/1", 3, hugops.Neutral, about("nimbus-1", "odd"), func(r *hugops.Reading) {
			r.Post.Network, r.Post.Lang, r.Post.Author = hugops.Bluesky, "@cmd", "did:plc:abc"
			r.Links[0].Evidence = []string{"+1", "url:a.example"}
		}),
		reading("1234567890", 3, hugops.Venting, about("odd"), func(r *hugops.Reading) { r.Post.Network = hugops.X }),
		reading("bot", 4, hugops.Support, func(r *hugops.Reading) { r.Post.Bot = true }),
		reading("own", 4, hugops.Support, func(r *hugops.Reading) { r.Post.AuthorService = "nimbus" }),
		reading("unsure", 5, hugops.Support, abstaining),
		reading("unread", 5, hugops.Support, unreadIn("ko")),
		reading("untagged", 5, hugops.Venting, func(r *hugops.Reading) { r.Post.Lang, r.Lang = "", "" }),
		reading("nowhere", 4, hugops.Support, about()))
	for i := range 6 { // five accounts and a bot with the same words
		posts = append(posts, reading(fmt.Sprintf("copy%d", i), 6, hugops.Support, about("odd"), func(r *hugops.Reading) {
			r.Gist, r.Post.Bot = 0x1122334455667788, i == 2
		}))
	}
	if err := s.Write(t.Context(), posts, nil); err != nil {
		t.Fatal(err)
	}
	for name, got := range exportOf(t, s) {
		golden := filepath.Join("testdata", "export", name)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
		table, err := csv.NewReader(strings.NewReader(got)).ReadAll()
		if err != nil || len(table) < 3 {
			t.Errorf("%s: %d rows, %v", name, len(table), err)
		}
		for _, secret := range []string{"did:plc", "text of", "p1-"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s tells %q", name, secret)
			}
		}
		for _, row := range table {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("%s: a spreadsheet takes %q for a formula", name, cell)
				}
			}
		}
	}
}

func exportOf(t *testing.T, s *Store) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	told := map[string]int{}
	err := s.Export(t.Context(), dir, hugops.NewPseudonyms([]byte("key")), func(file string, rows int) { told[file] = rows })
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d files: %v", len(list), err)
	}
	for _, f := range list {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name()] = string(b)
		if told[f.Name()] == 0 {
			t.Errorf("no progress was told of %s", f.Name())
		}
	}
	return files
}

// TestExportLeavesNoHalfFile: an export that fails leaves what was there.
func TestExportLeavesNoHalfFile(t *testing.T) {
	c := config(t)
	line := &failing{RoundTripper: c.Transport}
	c.Transport = line
	s := open(t, c)
	if err := s.PutOutages(t.Context(), []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), crowd(5), nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	old := filepath.Join(dir, "readings.csv")
	if err := os.WriteFile(old, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	for k := int64(1); ; k++ {
		line.left.Store(k)
		err := s.Export(t.Context(), dir, hugops.NewPseudonyms([]byte("key")), nil)
		reached := line.left.Load() <= 0
		line.left.Store(0)
		if !reached {
			break
		}
		if !errors.Is(err, errCut) {
			t.Fatalf("request %d was cut, and Export said: %v", k, err)
		}
		if b, err := os.ReadFile(old); err != nil || string(b) != "old" {
			t.Errorf("cut at request %d: %q, %v", k, b, err)
		}
		left, err := filepath.Glob(filepath.Join(dir, ".*"))
		if err != nil || len(left) > 0 {
			t.Errorf("cut at request %d: %v left behind, %v", k, left, err)
		}
	}
}
