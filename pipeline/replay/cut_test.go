package replay

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hugops/hugops/pipeline/wire"
)

// cutAll returns the records of a text, one a string, with the line or item on
// which each begins; a bad one has a "!" before it.
func cutAll(t *testing.T, c cutter) (got []string) {
	t.Helper()
	var into []byte
	for {
		var one cut
		var err error
		into, one, err = c.next(into[:0])
		if one.length > 0 {
			content := string(into[one.from:one.to])
			if one.err != nil {
				content = "!" + content
			}
			if one.lines > 1 {
				content += "*"
			}
			got = append(got, strings.TrimRight(content, "\r\n"))
		}
		if err == io.EOF {
			return got
		}
		if err != nil {
			return append(got, "error: "+err.Error())
		}
	}
}

// TestRows cuts rows; "|" parts them in what is wanted. The reader gives one byte
// at a time, so that every state meets the end of what is there.
func TestRows(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "a,b\nc,d\n", "a,b|c,d"},
		{"no line end at the end", "a,b\nc,d", "a,b|c,d"},
		{"of Windows", "a,b\r\nc,d\r\n", "a,b|c,d"},
		{"a line end in a cell", "a,\"b\nc\",d\ne\n", "a,\"b\nc\",d\n*|e"},
		{"quotes in a cell", "\"a \"\"b\"\"\nc\"\nd\n", "\"a \"\"b\"\"\nc\"\n*|d"},
		{"an empty cell in quotes", "\"\",\"\"\na\n", "\"\",\"\"|a"},
		{"a quote inside a plain cell", "a 5\" disk,b\nc\n", "a 5\" disk,b|c"},
		{"blank lines", "a\n\n\r\nb\n", "a|||b"},
		{"an unclosed quote harms its line only", "a\n\"b\nc\nd\n", "a|!\"b|c|d"},
		{"and one that a later quote closes", "\"b,1\nc,\"x\"\nd\n", "!\"b,1|c,\"x\"|d"},
		{"a quote that is not doubled", "\"a \"b\" c\",1\nd\n", "!\"a \"b\" c\",1|d"},
		{"a quote that is not doubled, in a cell of two lines", "\"a\nb\"c\",1\nd\n", "!\"a|b\"c\",1|d"},
		{"an unclosed quote at the end", "a\n\"b", "a|!\"b"},
		{"NULs", "a\x00,b\n\"\x00\n\"\n", "a\x00,b|\"\x00\n\"\n*"},
		{"a carriage return after quotes", "\"a\"\rb\n", "!\"a\"\rb"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			br := bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(c.text)), bufferBytes)
			got := strings.Join(cutAll(t, &rowCutter{br, ','}), "|")
			if want := strings.ReplaceAll(c.want, "\n*", "\n*"); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// TestLongRows shows what happens to rows that do not fit into memory.
func TestLongRows(t *testing.T) {
	long := strings.Repeat("x", bufferBytes)
	lines := strings.Repeat("x\n", bufferBytes/2)
	for _, c := range []struct {
		name, text string
		rows, bad  int
	}{
		{"a line", "a\n" + long + "\nb\n", 3, 1},
		{"a line with a quote before it", "a\n\"" + long + "\nb\n", 3, 1},
		{"a quote that closes nowhere", "a\n\"" + lines + "b\n", 2 + bufferBytes/2, 1},
		{"a quoted cell that fits", "a\n\"" + lines[:bufferBytes/2] + "\"\nb\n", 3, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := cutAll(t, &rowCutter{bufio.NewReaderSize(strings.NewReader(c.text), bufferBytes), ','})
			bad := 0
			for _, row := range got {
				if strings.HasPrefix(row, "!") {
					bad++
				}
			}
			if len(got) != c.rows || bad != c.bad || !strings.HasPrefix(got[0], "a") || !strings.HasPrefix(got[len(got)-1], "b") {
				t.Errorf("%d rows, %d of them bad, want %d, %d", len(got), bad, c.rows, c.bad)
			}
		})
	}
}

// TestItems cuts what follows the opening bracket of an array.
func TestItems(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"objects", `{"a":1},{"b":[2]}]}`, `{"a":1}|{"b":[2]}`},
		{"with space", " {\"a\":1} ,\n{\"b\":2}\n]", `{"a":1}|{"b":2}`},
		{"brackets in strings", `{"a":"}]\"{"},{"b":"\\"}]`, `{"a":"}]\"{"}|{"b":"\\"}`},
		{"words, numbers and texts", `null,12,"a,]\"b",[1,[2]]]`, `null|12|"a,]\"b"|[1,[2]]`},
		{"nothing", `]`, ``},
		{"what follows does not count", `{"a":1}],"b":[{"c":1}]}`, `{"a":1}`},
		{"broken inside, whole outside", `{"a":},{"b":1}]`, `{"a":}|{"b":1}`},
		{"cut short in an item", `{"a":1},{"b":`, `{"a":1}|!{"b":`},
		{"cut short between items", `{"a":1},`, `{"a":1}|error: unexpected EOF`},
		{"a bracket too many", `{"a":1}},{"b":1}]`, `{"a":1}|}|{"b":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			br := bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(c.text)), bufferBytes)
			if got := strings.Join(cutAll(t, &itemCutter{br}), "|"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestLongItems: an item of 50 MB is bad, the next one is not, and neither takes
// more memory than the buffer.
func TestLongItems(t *testing.T) {
	text := io.MultiReader(strings.NewReader(`{"a":"`), io.LimitReader(endless{}, 50<<20), strings.NewReader(`"},{"b":1}]`))
	got := cutAll(t, &itemCutter{bufio.NewReaderSize(text, bufferBytes)})
	if len(got) != 2 || got[1] != `{"b":1}` || len(got[0]) != 1+wire.PrefixBytes || got[0][0] != '!' {
		t.Errorf("%d items", len(got))
	}
}
