package replay

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"

	"github.com/hugops/hugops/pipeline/mastodon"
	"github.com/hugops/hugops/pipeline/wire"
)

// format is how an input holds its posts: lines, rows of a table, or the items of
// a collection.
type format struct {
	unit   string // what a record is called, "line" or "item"
	known  bool   // false for lines that may be anything
	cutter func(*bufio.Reader) cutter
	decode func([]byte) (wire.Decoded, error)

	// Where the first record begins, and the lines before it.
	offset, number int64
}

// sniffBytes is how much of an input decides on its format.
const sniffBytes = 64 << 10

// recognise looks at the beginning of an input and takes nothing from it. It
// waits for as much of it as the decision needs, and no more.
func (c *Config) recognise(br *bufio.Reader) (format, error) {
	for want := 1; ; {
		_, err := br.Peek(want)
		head, _ := br.Peek(min(br.Buffered(), sniffBytes))
		all := err != nil || len(head) == sniffBytes
		f, sure, err := c.guess(head, all)
		if err != nil || sure || all {
			return f, err
		}
		want = len(head) + 1
	}
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// foreign are the beginnings of what must be unpacked or converted first.
var foreign = []struct {
	at    int
	magic string
	what  string
}{
	{0, "PK\x03\x04", "a zip archive; unpack it and name the file or the folder"},
	{257, "ustar", "a tar archive; unpack it and name the file or the folder"},
	{0, "BZh", "compressed by bzip2; unpack it first, or use gzip or zstd"},
	{0, "\xfd7zXZ", "compressed by xz; unpack it first, or use gzip or zstd"},
	{0, "\xff\xfe", "text in UTF-16; save it as UTF-8"},
	{0, "\xfe\xff", "text in UTF-16; save it as UTF-8"},
}

// guess names the format of an input by its first bytes, and says whether more of
// them could change its mind. All means that there are no more.
func (c *Config) guess(head []byte, all bool) (f format, sure bool, err error) {
	for _, kind := range foreign {
		if len(head) > kind.at && bytes.HasPrefix(head[kind.at:], []byte(kind.magic)) {
			return f, true, errors.New(kind.what)
		}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n")
	switch {
	case len(text) == 0:
		return c.lines(nil), all, nil
	case text[0] == '{':
		return c.guessObject(head, text)
	case text[0] == '[':
		return c.guessArray(head, text, all)
	}
	return c.guessTable(head, all)
}

// guessObject tells a collection of activities, one big object, from lines of
// objects.
func (c *Config) guessObject(head, text []byte) (format, bool, error) {
	items, closed := collectionItems(text)
	if items < 0 {
		return c.lines(text), closed, nil
	}
	f := c.items(len(head)-len(text)+items, c.decodeActivity)
	switch first := bytes.TrimLeft(text[items:], " \t\r\n"); {
	case len(first) == 0:
		return f, false, nil
	case first[0] == '"':
		return f, true, errors.New("a collection of addresses, such as likes or bookmarks; the posts of a Mastodon archive are in its outbox.json")
	}
	return f, true, nil
}

// guessArray tells an array of objects from lines that begin with a bracket.
func (c *Config) guessArray(head, text []byte, all bool) (format, bool, error) {
	switch first := bytes.TrimLeft(text[1:], " \t\r\n"); {
	case len(first) == 0:
		return c.lines(nil), all, nil
	case first[0] == '{' || first[0] == ']':
		f := c.items(len(head)-len(text)+1, c.decodeLine)
		f.known = detect(first) != shapeUnknown
		return f, true, nil
	}
	return c.lines(nil), true, nil
}

// lines is the format of an input that is not known to be another one. It is known
// if one line of text, its beginning, is.
func (c *Config) lines(text []byte) format {
	f := format{unit: "line", decode: c.decodeLine, cutter: func(br *bufio.Reader) cutter { return &lineCutter{br} }}
	for line := range bytes.Lines(text) {
		f.known = f.known || detect(bytes.TrimSpace(line)) != shapeUnknown
	}
	return f
}

func (c *Config) items(offset int, decode func([]byte) (wire.Decoded, error)) format {
	return format{unit: "item", known: true, offset: int64(offset), decode: decode,
		cutter: func(br *bufio.Reader) cutter { return &itemCutter{br} }}
}

func (c *Config) decodeLine(line []byte) (wire.Decoded, error) {
	line = bytes.TrimSpace(bytes.TrimPrefix(line, byteOrderMark))
	if len(line) == 0 {
		return wire.Decoded{}, nil
	}
	return decodeLine(line, c.Server, c.Door)
}

func (c *Config) decodeActivity(item []byte) (wire.Decoded, error) {
	return mastodon.DecodeActivity(item, c.actor, c.Door)
}

// collectionItems returns where the first item of an ActivityStreams collection
// begins, or -1; and whether the object ends before one.
func collectionItems(text []byte) (items int, closed bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return -1, true
			}
		case '"':
			end := stringEnd(text, i+1)
			if end < 0 {
				return -1, false
			}
			if depth == 1 && string(text[i+1:end]) == "orderedItems" {
				if rest := bytes.TrimLeft(text[end+1:], ": \t\r\n"); len(rest) > 0 && rest[0] == '[' {
					return len(text) - len(rest) + 1, false
				}
			}
			i = end
		}
	}
	return -1, false
}

// position names a record for a dead letter.
func (f *format) position(path string, number int64) string {
	if f.unit == "line" {
		return fmt.Sprintf("%s:%d", path, number)
	}
	return fmt.Sprintf("%s: %s %d", path, f.unit, number)
}
