package replay

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

// testDoor knows one service's accounts and one person who opted out.
func testDoor() pipeline.Door {
	return pipeline.Door{
		Pseudonyms: hugops.NewPseudonyms([]byte("a key for tests")),
		AuthorService: func(_ hugops.Network, handle string) string {
			if name, _, _ := strings.Cut(strings.ToLower(handle), "@"); name == "nimbuscloud" {
				return "nimbus-cloud"
			}
			return ""
		},
		OptedOut: func(_ hugops.Network, handle string) bool { return handle == "optout" },
	}
}

// collect returns what a source emits, and acknowledges all of it.
func collect(t *testing.T, src *Source) []pipeline.Item {
	t.Helper()
	var items []pipeline.Item
	err := src.Run(context.Background(), func(_ context.Context, it pipeline.Item) error {
		items = append(items, it)
		if it.Ack != nil {
			it.Ack()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// TestGolden replays testdata/*.in.* and compares every event and every bad
// record with *.out.ndjson. The two files side by side are the manual of what
// hugops makes of each form.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.in.*")
	if err != nil || len(inputs) < 12 {
		t.Fatalf("%d inputs, %v", len(inputs), err)
	}
	for _, in := range inputs {
		t.Run(filepath.Base(in), func(t *testing.T) {
			src := New(Config{Path: in, Server: "pond.example", Door: testDoor()})
			got := render(t, collect(t, src))
			file := strings.TrimSuffix(strings.Replace(in, ".in.", ".", 1), ".ndjson") + ".out.ndjson"
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("events differ from %s (go test -update shows how)\ngot:\n%s", file, got)
			}
		})
	}
}

// render writes items one a line; a time that only the clock told is left out.
func render(t *testing.T, items []pipeline.Item) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, it := range items {
		var v any = it.Event
		if it.Bad != nil {
			v = map[string]string{"bad": reason(it.Bad.Err), "position": it.Bad.Position, "raw": string(it.Bad.Raw[:min(60, len(it.Bad.Raw))])}
		} else if err := it.Event.Validate(); err != nil {
			t.Errorf("emitted an invalid event: %v", err)
		}
		if err := json.MarshalWrite(&b, v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true)); err != nil {
			t.Fatal(err)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// reason is an error's text. The JSON library says "cannot" in one process and
// "unable to" in another, so that nobody relies on its words.
func reason(err error) string { return strings.ReplaceAll(err.Error(), "unable to", "cannot") }
