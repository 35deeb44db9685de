package replay

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/bluesky"
	"github.com/hugops/hugops/pipeline/mastodon"
	"github.com/hugops/hugops/pipeline/wire"
	"github.com/hugops/hugops/pipeline/x"
)

// table is a file of rows (RFC 4180) under a first row of names. All its posts
// are of one network.
type table struct {
	cfg     *Config
	columns wire.Columns
	comma   byte
	network hugops.Network
}

// The columns of which a table needs one each: the id, the text, the author.
var needed = [][]string{
	{"id", "uri", "tweet_id"},
	{"body", "text", "content"},
	{"author", "author_id", "author.id", "author.username", "account.acct", "account.url"},
}

// guessTable reads the first row of what may be a table, and as many others as it
// takes to know the network.
func (c *Config) guessTable(head []byte, all bool) (format, bool, error) {
	t, size, lines := c.tableHead(head, all)
	if t == nil {
		return c.lines(nil), all || bytes.IndexByte(head, '\n') >= 0, nil
	}
	for _, names := range needed {
		if !t.columns.HasAny(names...) {
			return format{}, true, fmt.Errorf("a table without a column %s; its first row must name the columns, as 4CAT and twarc-csv write them",
				strings.Join(names, " or "))
		}
	}
	rows := t.sample(head[size:])
	if t.rounded(rows) {
		return format{}, true, errors.New("a spreadsheet has rounded the ids, which end in zeros all; export the file again and do not save it in one")
	}
	t.network = t.findNetwork(rows)
	f := format{unit: "line", known: true, decode: t.decode, offset: int64(size), number: lines,
		cutter: func(br *bufio.Reader) cutter { return &rowCutter{br, t.comma} }}
	switch {
	case t.network != "":
		return f, true, nil
	case !all:
		return f, false, nil
	case c.Network.Valid() || len(rows) == 0:
		t.network = c.Network
		return f, true, nil
	}
	return f, true, errNetwork
}

var errNetwork = errors.New("neither its columns nor its ids nor its addresses tell the network of this table; say it by --network x, mastodon or bluesky")

// tableHead reads the names of the columns, whatever parts them. It returns nil
// if none of them is one that a table needs.
func (c *Config) tableHead(head []byte, all bool) (t *table, size int, lines int64) {
	for _, comma := range []byte(",;\t") {
		s := rowScan{comma: comma}
		s.scan(head)
		if s.state != rowEnd && !all {
			continue
		}
		cells, err := parseRow(bytes.TrimPrefix(head[:s.at], byteOrderMark), comma)
		if err != nil || t != nil && len(cells) <= len(t.columns) {
			continue
		}
		columns, known := wire.NewColumns(cells), false
		for _, names := range needed {
			known = known || columns.HasAny(names...)
		}
		if known {
			t, size, lines = &table{cfg: c, columns: columns, comma: comma}, s.at, max(1, s.lines)
		}
	}
	return t, size, lines
}

// sample returns the whole rows at the beginning of some bytes, without those
// that are broken.
func (t *table) sample(text []byte) (rows []wire.Row) {
	for {
		s := rowScan{comma: t.comma}
		if s.scan(text); s.state != rowEnd {
			return rows
		}
		if cells, err := parseRow(text[:s.at], t.comma); err == nil && len(cells) == len(t.columns) {
			rows = append(rows, wire.Row{Columns: t.columns, Cells: cells})
		}
		text = text[s.at:]
	}
}

// findNetwork looks at the columns first, then at the addresses in the rows.
func (t *table) findNetwork(rows []wire.Row) hugops.Network {
	switch {
	case x.IsTable(t.columns):
		return hugops.X
	case bluesky.IsTable(t.columns):
		return hugops.Bluesky
	case mastodon.IsTable(t.columns):
		return hugops.Mastodon
	}
	for _, row := range rows {
		for _, name := range []string{"id", "uri", "link", "url"} {
			switch at := row.Get(name); {
			case at == "":
			case x.IsAddress(at):
				return hugops.X
			case bluesky.IsAddress(at):
				return hugops.Bluesky
			case mastodon.IsAddress(at):
				return hugops.Mastodon
			}
		}
	}
	return ""
}

// rounded reports whether a spreadsheet, which keeps 15 digits, has rounded all
// the ids.
func (t *table) rounded(rows []wire.Row) bool {
	long := 0
	for _, row := range rows {
		id := row.Get("id", "tweet_id")
		if len(id) < 18 || strings.Trim(id, "0123456789") != "" {
			continue
		}
		if long++; strings.Trim(id[15:], "0") != "" {
			return false
		}
	}
	return long >= 3
}

// decode reads one row.
func (t *table) decode(raw []byte) (wire.Decoded, error) {
	cells, err := parseRow(raw, t.comma)
	switch {
	case err == io.EOF: // a blank line
		return wire.Decoded{}, nil
	case err != nil:
		return wire.Decoded{}, wire.Invalidf("row: %w", err)
	case len(cells) != len(t.columns):
		return wire.Decoded{}, wire.Invalidf("row: %d cells under %d columns", len(cells), len(t.columns))
	case !utf8.Valid(raw):
		return wire.Decoded{}, wire.Invalidf("row: not valid UTF-8; save the file as UTF-8")
	}
	row := wire.Row{Columns: t.columns, Cells: cells}
	switch t.network {
	case hugops.X:
		return x.DecodeRow(row, t.cfg.Door)
	case hugops.Bluesky:
		return bluesky.DecodeRow(row, t.cfg.Door)
	}
	return mastodon.DecodeRow(row, t.cfg.Server, t.cfg.Door)
}

// rowReader is a csv.Reader that reads one row after another from memory.
type rowReader struct {
	bytes bytes.Reader
	buf   *bufio.Reader
	csv   *csv.Reader
}

var rowReaders = sync.Pool{New: func() any {
	r := &rowReader{}
	r.buf = bufio.NewReader(&r.bytes)
	r.csv = csv.NewReader(r.buf)
	r.csv.FieldsPerRecord, r.csv.LazyQuotes = -1, true
	return r
}}

// parseRow returns the cells of one row, and io.EOF if it is blank.
func parseRow(row []byte, comma byte) ([]string, error) {
	r := rowReaders.Get().(*rowReader)
	defer rowReaders.Put(r)
	r.bytes.Reset(row)
	r.buf.Reset(&r.bytes)
	r.csv.Comma = rune(comma)
	return r.csv.Read()
}
