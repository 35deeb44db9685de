package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hugops/hugops/pipeline"
)

// TestFolder replays a folder: its files in order, those that are no posts left
// out by name.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.ndjson":    postLine("2", 0) + postLine("3", 1),
		"a.csv":       "id,author,body,is_retweet,timestamp\n1,owl,t,no,2026-11-02 14:00:00\n",
		"c.json":      `{"orderedItems":[{"type":"Create","to":["as:Public"],"object":{"type":"Note","id":"https://pond.example/users/ada/statuses/4","published":"2026-11-02T14:00:00Z"}}]}`,
		"likes.json":  `{"orderedItems":["https://pond.example/1"]}`,
		"picture.png": "\x89PNG\r\n\x1a\n",
		"actor.json":  `{"type":"Person"}`,
		"table.csv":   least + "1,1,owl,t,2026-11-02 14:00:00\n",
		".hidden":     "x",
		"inner/x":     postLine("9", 0),
	} {
		file := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(file), 0o700)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, skipped, err := FilesIn(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, why := range skipped {
		for _, name := range []string{"actor.json", "inner", "likes.json", "picture.png", "table.csv"} {
			if strings.Contains(why.Error(), name) {
				left = append(left, name)
			}
		}
	}
	if want := []string{"actor.json", "inner", "likes.json", "picture.png", "table.csv"}; !slices.Equal(left, want) {
		t.Errorf("left out: %v\n%v", left, skipped)
	}
	var configs []Config
	for _, file := range files {
		configs = append(configs, Config{Path: file, StateDir: t.TempDir()})
	}
	run := func() (got []string) {
		err := NewFolder(dir, configs).Run(t.Context(), func(_ context.Context, it pipeline.Item) error {
			got = append(got, it.Event.Post.ID+" "+it.Source)
			it.Ack()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := []string{"1 backfill:a.csv", "2 backfill:b.ndjson", "3 backfill:b.ndjson", "https://pond.example/users/ada/statuses/4 backfill:c.json"}
	if got := run(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if again := run(); len(again) != 0 {
		t.Errorf("the second time %q is sent", again)
	}
	if name := NewFolder(dir, configs).Name(); name != "backfill:"+filepath.Base(dir) {
		t.Errorf("name %q", name)
	}
}

// TestFolderGoesOn: a file that breaks off does not keep the next one back, and the
// error says so at the end.
func TestFolderGoesOn(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	io.WriteString(w, strings.Repeat(postLine("1", 0), 9))
	w.Close()
	configs := []Config{{Path: "a", Data: zipped.Bytes()[:zipped.Len()-9]}, {Path: "b", Data: []byte(postLine("2", 0))}}
	var last string
	err := NewFolder("d", configs).Run(t.Context(), func(_ context.Context, it pipeline.Item) error {
		last = it.Event.Post.ID
		return nil
	})
	if err == nil || last != "2" {
		t.Errorf("%v; the last post was %q", err, last)
	}
}
