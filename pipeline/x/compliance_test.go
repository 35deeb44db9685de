package x

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

// TestDecodeResult lists lines of a compliance result about the posts 1, and 2, of
// which an edit came, and whether the post goes.
func TestDecodeResult(t *testing.T) {
	asked := map[uint64]known{1: 1 << 1, 2: 2<<1 | 1}
	cases := []struct{ name, line, want string }{
		{"deleted", `{"id":"1","action":"delete","created_at":"2026-11-01T10:00:00.000Z","redacted_at":"2026-11-02T10:00:00.000Z","reason":"deleted"}`, "1 2026-11-02T10:00:00Z"},
		{"its author is suspended", `{"id":"1","action":"delete","redacted_at":null,"reason":"suspended"}`, "1"},
		{"its author is protected now", `{"id":"1","action":"delete","deleted_at":"2026-11-02T10:00:00Z","reason":"protected"}`, "1 2026-11-02T10:00:00Z"},
		{"its place was scrubbed", `{"id":"1","action":"delete","reason":"scrub_geo"}`, ""},
		{"the same, as X says it now", `{"id":"1","action":"scrub_geo","reason":"geo_scrubbed"}`, ""},
		{"edited, and we have the words of before", `{"id":"1","action":"rehydrate","reason":"tweet_edited"}`, "1"},
		{"edited, and the edit came", `{"id":"2","action":"rehydrate","reason":"tweet_edited"}`, ""},
		{"deleted after an edit", `{"id":"2","action":"delete","reason":"deleted"}`, "2"},
		{"one that nobody asked about", `{"id":"3","action":"delete","reason":"deleted"}`, ""},
		{"X does not know it", `{"id":"1","error":"not found"}`, ""},
		{"a blank line", " ", ""},
		{"an action nobody knows", `{"id":"1","action":"explode"}`, "error"},
		{"no number", `{"id":"x","action":"delete"}`, "error"},
		{"no JSON", `<html>`, "error"},
	}
	for _, c := range cases {
		event, id, err := decodeResult([]byte(c.line), asked)
		got := ""
		switch {
		case err != nil:
			got = "error"
		case event != nil:
			got = event.ID + " " + event.At.Format(time.RFC3339)
			if event.Kind != hugops.Deleted || event.Validate() != nil || fmt.Sprint(id) != event.ID {
				t.Errorf("%s: %+v", c.name, event)
			}
		}
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestIDs: what is remembered of posts, for how long, and what is forgotten.
func TestIDs(t *testing.T) {
	clk := &clock{at: noon}
	i := &ids{dir: filepath.Join(t.TempDir(), "posts"), now: clk.now}
	add := func(kind hugops.EventKind, id string) {
		if err := i.add([]hugops.Event{{Kind: kind, Post: &hugops.Post{ID: id}}, {Kind: hugops.Deleted, ID: "9"}}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what, want string) {
		t.Helper()
		all, err := i.all()
		var got []string
		for _, k := range all {
			got = append(got, fmt.Sprintf("%d%s", k.id(), map[bool]string{true: "e"}[k.edited()]))
		}
		if slices.Sort(got); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v, want %q", what, strings.Join(got, " "), err, want)
		}
	}
	check("nothing yet", "")
	add(hugops.Created, "10")
	clk.set(noon.Add(24 * time.Hour))
	add(hugops.Created, "20")
	add(hugops.Created, "20")
	add(hugops.Edited, "10")
	add(hugops.Created, "no number")
	check("each once, with its edit", "10e 20")
	f, _ := os.OpenFile(i.name("2026-11-30"), os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString("30\nhalf a li")
	f.Close()
	check("a line that a crash cut off", "10e 20 30")
	if err := i.forget(map[uint64]bool{10: true}); err != nil {
		t.Fatal(err)
	}
	check("forgotten", "20 30")
	clk.set(noon.Add(32 * 24 * time.Hour))
	add(hugops.Created, "40")
	check("those of 31 days ago are too old", "40")
}

// TestDeletions: X is asked which posts are gone; their deletions go out, and they
// are asked about no more. The fake's storage fails the test if it sees the token.
func TestDeletions(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := config(f, &board{})
	cfg.StateDir = t.TempDir()
	r := startWith(t, f, cfg, nil)
	r.says("the stream is open")
	one, two := f.add(keyHugops, "one"), f.add(keyHugops, "two")
	r.wants("created one", "created two")
	r.stop()
	f.results = []string{fmt.Sprintf(`{"id":%q,"action":"delete","reason":"deleted"}`, one.id), "", "{}"}
	r = startWith(t, f, cfg, func(s *Source) { s.jobs.every = 20 * time.Millisecond })
	r.says("gone=1")
	gone := slices.ContainsFunc(r.early, func(it pipeline.Item) bool { return describe(it) == "deleted "+one.id })
	if !gone {
		t.Errorf("no deletion came out")
	}
	r.until("it is not asked about again", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.ids == two.id+"\n"
	})
}

// TestDeletionsResume: a job that another process began is read to its end.
func TestDeletionsResume(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := config(f, &board{})
	cfg.StateDir = t.TempDir()
	os.MkdirAll(filepath.Join(cfg.StateDir, "x-posts"), 0o700)
	os.WriteFile(filepath.Join(cfg.StateDir, "x-posts", time.Now().UTC().Format(time.DateOnly)+".txt"), []byte("17\n"), 0o600)
	os.WriteFile(filepath.Join(cfg.StateDir, "x-compliance.json"), []byte(`{"done":"2026-11-01T00:00:00Z","job":"99","from":"2026-11-01T01:00:00Z"}`), 0o600)
	f.job, f.results = "complete", []string{`{"id":"17","action":"delete","reason":"deleted"}`}
	r := startWith(t, f, cfg, nil)
	r.wants("deleted 17")
}

// TestDeletionsTryAgain: what X does not do is tried again, and said.
func TestDeletionsTryAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := config(f, &board{})
	cfg.StateDir = t.TempDir()
	os.MkdirAll(filepath.Join(cfg.StateDir, "x-posts"), 0o700)
	os.WriteFile(filepath.Join(cfg.StateDir, "x-posts", time.Now().UTC().Format(time.DateOnly)+".txt"), []byte("17\n"), 0o600)
	f.job = "failed" // another job is there: X takes one at a time
	r := startWith(t, f, cfg, func(s *Source) { s.jobs.every = time.Millisecond })
	r.says("There is a job already")
	f.set(func() { f.job, f.results = "", []string{`{"id":"17","action":"delete"}`} })
	r.wants("deleted 17")
}
