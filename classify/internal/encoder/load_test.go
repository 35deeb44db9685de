package encoder

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
)

// split cuts a file into its header and what follows.
func split(file []byte) (head, body []byte) {
	rest := file[len(magic):]
	n := binary.BigEndian.Uint32(rest)
	return rest[4:][:n], rest[4+n:]
}

func join(head, body []byte) []byte {
	file := binary.BigEndian.AppendUint32([]byte(magic), uint32(len(head)))
	return append(append(file, head...), body...)
}

func TestLoadRefuses(t *testing.T) {
	file := readTiny(t)
	head, body := split(file)
	header := func(old, new string) []byte {
		if !bytes.Contains(head, []byte(old)) {
			t.Fatalf("the header lacks %s", old)
		}
		return join(bytes.Replace(head, []byte(old), []byte(new), 1), body)
	}
	vocabulary := func(old, new string) []byte {
		return join(head, bytes.Replace(body, []byte(old), []byte(new), 1))
	}
	notFinite := bytes.Clone(file)
	copy(notFinite[len(file)-4:], "\xff\xff\xff\xff")
	for _, c := range []struct {
		why  string
		file []byte
		want string
	}{
		{"nothing", nil, "does not begin with"},
		{"another format", []byte("hugops-stance-1\n"), "does not begin with"},
		{"no header", file[:len(magic)+2], "cut off before the header"},
		{"half a header", file[:len(magic)+50], "cut off within the header"},
		{"half a file", file[:len(file)/2], "cut off or foreign"},
		{"one byte too few", file[:len(file)-1], "cut off or foreign"},
		{"one byte too many", append(bytes.Clone(file), 0), "cut off or foreign"},
		{"a header that is not JSON", header("{", "["), "header: "},
		{"another number of layers", header(`"layers": 2`, `"layers": 3`), "cut off or foreign"},
		{"far too many layers", header(`"layers": 2`, `"layers": 2000000000`), "layers is 2000000000"},
		{"no layers", header(`"layers": 2`, `"layers": -1`), "layers is -1"},
		{"odd width", header(`"hidden": 64`, `"hidden": 80`), "multiples of 32"},
		{"heads that do not divide", header(`"heads": 4`, `"heads": 5`), "8*heads"},
		{"other outputs", header(`"outputs": 7`, `"outputs": 3`), "outputs is 3"},
		{"no [CLS]", vocabulary("[CLS]\n", "[clS]\n"), "lacks [CLS]"},
		{"a piece twice", vocabulary("\na\nb\n", "\na\na\n"), "stands twice"},
		{"a missing line", vocabulary("\na\nb\n", "\na_b\n"), "lines, want"},
		{"NaN", notFinite, "not finite"},
	} {
		if _, err := Load(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.why, err, c.want)
		}
	}
}

// FuzzLoad tries headers with bodies, and whole files. What Load allocates is
// bounded by the length of the file, whatever the header says.
func FuzzLoad(f *testing.F) {
	small := randomFile(f, 1, 32, 2, 32, 2)
	head, body := split(small)
	f.Add(head, body)
	f.Add(head, body[:100])
	f.Add([]byte(`{"layers":1}`), []byte("[CLS]\n[SEP]\n[UNK]\n"))
	f.Add(small, []byte{})
	f.Fuzz(func(t *testing.T, head, body []byte) {
		for _, file := range [][]byte{head, join(head, body)} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			m, err := Load(file)
			runtime.ReadMemStats(&after)
			if got, most := after.TotalAlloc-before.TotalAlloc, uint64(100*len(file)+1<<20); got > most {
				t.Fatalf("%d bytes allocated for a file of %d", got, len(file))
			}
			if err == nil {
				m.Logits(m.NewScratch(), "The file loads, so it reads: thé 😢!")
			}
		}
	})
}
