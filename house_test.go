package hugops_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/hugops/hugops"

// mayImport holds the arrows of the house: cmd/hugops → {pipeline…, classify,
// store, web} → the root, and no sibling imports another. A room is the longest
// key that begins a package's path; what a room does not list, it may not import.
var mayImport = map[string][]string{
	"":         {},
	"cmd":      {"", "cmd", "pipeline", "classify", "store", "web"},
	"pipeline": {"", "pipeline"},
	"classify": {"", "classify"},
	"store":    {"", "store"},
	"web":      {""},
}

// onePlace says where each third-party client may be imported.
var onePlace = map[string]string{
	"github.com/segmentio/kafka-go":          "pipeline",
	"github.com/twmb/franz-go/pkg/kfake":     "pipeline/broker",
	"github.com/mattn/go-mastodon":           "pipeline/mastodon",
	"github.com/coder/websocket":             "pipeline/bluesky",
	"github.com/jdkato/prose/v2":             "classify",
	"github.com/jonreiter/govader":           "classify/evaluate",
	"github.com/ClickHouse/clickhouse-go/v2": "store",
	"github.com/ebitengine/purego":           "store/chdb",
	"golang.org/x/image":                     "web",
}

// TestHouse reads every Go file's imports, tests excepted (a test may wire
// rooms together, as cmd does), and compares them with the two tables.
func TestHouse(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && name != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		checkFile(t, filepath.ToSlash(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("only %d files were read: the walk has lost its way", files)
	}
}

func checkFile(t *testing.T, path string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	dir := filepath.ToSlash(filepath.Dir(path))
	if dir == "." {
		dir = ""
	}
	from, _, _ := strings.Cut(dir, "/")
	allowed, known := mayImport[from]
	if !known {
		t.Errorf("%s: %q is no room of the house; add it to mayImport and docs/ARCHITECTURE.md", path, from)
	}
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		for client, place := range onePlace {
			if (imported == client || strings.HasPrefix(imported, client+"/")) && !within(dir, place) {
				t.Errorf("%s imports %s, which belongs in %s alone", path, imported, place)
			}
		}
		rest, ours := strings.CutPrefix(imported, module)
		if !ours {
			if from == "" && strings.Contains(strings.Split(imported, "/")[0], ".") {
				t.Errorf("%s imports %s: the root imports the standard library only", path, imported)
			}
			continue
		}
		to, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
		if !slices.Contains(allowed, to) {
			t.Errorf("%s imports %s: %q may not import %q", path, imported, from, to)
		}
	}
}

func within(dir, place string) bool { return dir == place || strings.HasPrefix(dir, place+"/") }
