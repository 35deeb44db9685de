package replay

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/hugops/hugops"
)

// FuzzDecodeLine feeds any line to whichever decoder it looks like: no panic, no
// raw author past the door, and no event with broken text.
func FuzzDecodeLine(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.in.ndjson")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range bytes.Split(data, []byte("\n")) {
			f.Add(line)
		}
	}
	door := testDoor()
	f.Fuzz(func(t *testing.T, line []byte) {
		dec, _ := decodeLine(line, "pond.example", door)
		for _, e := range dec.Events {
			if e.Author != "" && !hugops.IsPseudonym(e.Author) {
				t.Errorf("author %q left the door", e.Author)
			}
			p := e.Post
			if p == nil {
				continue
			}
			if !hugops.IsPseudonym(p.Author) {
				t.Errorf("author %q left the door", p.Author)
			}
			if !utf8.ValidString(p.Text) || len(p.Text) > hugops.MaxText {
				t.Errorf("text of %d bytes, valid UTF-8: %t", len(p.Text), utf8.ValidString(p.Text))
			}
		}
	})
}
