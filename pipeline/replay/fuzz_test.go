package replay

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/hugops/hugops"
)

// FuzzDecodeLine feeds any line to whichever decoder it looks like: no panic, no
// raw author past the door, and no event with broken text.
func FuzzDecodeLine(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.in.*json*")
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
		checkEvents(t, dec.Events)
	})
}

// checkEvents looks for authors and texts that should not have come through.
func checkEvents(t *testing.T, events []hugops.Event) {
	t.Helper()
	for _, e := range events {
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
}

// FuzzFile replays any bytes as a file of a network: no panic, and whoever begins
// after some record reads what is left as the whole replay did. One byte chooses
// the network and the record.
func FuzzFile(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.in.*")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 1500)], byte(0)) // short ones are varied faster
	}
	f.Add([]byte(least+"1,1,\"a\nb\",t,2026-11-02 14:00:00\n\"2,1,a,t,\n"), byte(1))
	f.Add([]byte(`{"orderedItems":[{"type":"Announce"},"x",1]}`), byte(2))
	f.Fuzz(func(t *testing.T, data []byte, choice byte) {
		cfg := Config{Path: "f", Data: data, Server: "pond.example", Door: testDoor(), Network: hugops.Networks[choice%3]}
		all := readFrom(t, cfg, 0, 0)
		if len(all) == 0 {
			return
		}
		i := int(choice/3) % len(all)
		rest := readFrom(t, cfg, all[i].end, all[i].last)
		if !slices.EqualFunc(rest, all[i+1:], func(a, b record) bool { return a.end == b.end && a.number == b.number && bytes.Equal(a.raw, b.raw) }) {
			t.Errorf("after %d records %d are left, not %d", i+1, len(rest), len(all)-i-1)
		}
	})
}

// readFrom reads the records from an offset, until the end or an error. One
// goroutine does it, so that the fuzzer sees the same way each time.
func readFrom(t *testing.T, cfg Config, offset, number int64) (all []record) {
	in, err := cfg.open(offset, number)
	if err != nil {
		return nil
	}
	defer in.Close()
	b := new(batch)
	cuts, end := in.cutter(in.br), in.offset
	for err == nil {
		var c cut
		if b.bytes, c, err = cuts.next(b.bytes); c.length == 0 {
			break
		}
		r := record{number: in.number + 1, last: in.number + c.lines, end: end + c.length}
		b.records, b.cuts = append(b.records, r), append(b.cuts, c)
		in.number, end = r.last, r.end
	}
	b.done = make(chan struct{})
	b.decode(in.decode)
	for _, r := range b.records {
		checkEvents(t, r.dec.Events)
	}
	return b.records
}
