package replay

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/hugops/hugops/pipeline/wire"
	"github.com/hugops/hugops/pipeline/x"
)

// cutter cuts a stream into records.
type cutter interface {
	// next appends the content of the next record to a buffer and says where it
	// stands there. The last record may come together with io.EOF; a cut of length
	// 0 is no record.
	next(into []byte) ([]byte, cut, error)
}

// cut is one record of a stream.
type cut struct {
	from, to int   // where its content stands in the buffer
	length   int64 // of its bytes in the stream, with what parts it from its neighbours
	lines    int64 // how many it takes; an item is a line of its own
	err      error // why it is no record; the content may be the beginning only
}

// bufferBytes is the buffer of every input. A row or an item must fit into it.
const bufferBytes = wire.MaxBytes + 1

// maxLine is the longest line that is kept: a page of the API of X.
const maxLine = x.MaxPage

// lineCutter cuts lines. Of one above maxLine only the beginning is kept.
type lineCutter struct{ br *bufio.Reader }

func (l *lineCutter) next(into []byte) ([]byte, cut, error) {
	c := cut{from: len(into), lines: 1}
	var err error
	for {
		var part []byte
		part, err = l.br.ReadSlice('\n')
		c.length += int64(len(part))
		switch {
		case c.length <= maxLine+1: // the newline does not count
			if cap(into)-len(into) < len(part) {
				into = slices.Grow(into, max(len(into), bufferBytes)) // doubles
			}
			into = append(into, part...)
		case len(into)-c.from > wire.PrefixBytes:
			into = into[:c.from+wire.PrefixBytes]
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	content := c.length
	if err == nil {
		content--
	}
	if content > maxLine {
		c.err = wire.TooLong(content)
	}
	c.to = len(into)
	return into, c, err
}

// window returns all that is buffered, of which more than have bytes: it reads
// on for that, as far as the buffer goes. The error says why there is no more.
func window(br *bufio.Reader, have int) ([]byte, error) {
	_, err := br.Peek(have + 1)
	all, _ := br.Peek(br.Buffered())
	return all, err
}

// rowCutter cuts the rows of a table (RFC 4180): a quoted cell may hold line
// ends. A row whose quotes do not fit ends with its first line, so that a quote
// too many harms no more than that line.
type rowCutter struct {
	br    *bufio.Reader
	comma byte
}

var errQuotes = wire.Invalidf(`row: its quotes do not fit: the closing " of a cell is missing, or a " inside one is not doubled`)

func (r *rowCutter) next(into []byte) ([]byte, cut, error) {
	s := rowScan{comma: r.comma}
	for {
		rest, err := window(r.br, s.at)
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return into, cut{}, err
		}
		s.scan(rest)
		if s.state == rowEnd {
			return r.take(into, rest[:s.at], s.lines, s.err, nil)
		}
		if s.state == inQuotes && err != nil {
			s.err = errQuotes
		}
		switch {
		case s.err != nil && s.firstLine > 0:
			return r.take(into, rest[:s.firstLine], 1, s.err, nil)
		case err == bufio.ErrBufferFull:
			return r.skipLine(into)
		case err == io.EOF:
			return r.take(into, rest, s.lines+1, s.err, io.EOF)
		}
	}
}

// take moves the bytes of a row from the stream into the buffer.
func (r *rowCutter) take(into, row []byte, lines int64, bad, end error) ([]byte, cut, error) {
	c := cut{from: len(into), to: len(into) + len(row), length: int64(len(row)), lines: lines, err: bad}
	into = append(into, row...)
	_, _ = r.br.Discard(len(row))
	return into, c, end
}

// skipLine drops a line that does not fit into the buffer, but for its beginning.
func (r *rowCutter) skipLine(into []byte) ([]byte, cut, error) {
	lines := lineCutter{br: r.br}
	into, c, err := lines.next(into)
	c.err = wire.TooLong(max(c.length, bufferBytes))
	c.to = min(c.to, c.from+wire.PrefixBytes)
	return into[:c.to], c, err
}

// rowScan finds the end of a row, as far as its bytes are there.
type rowScan struct {
	comma     byte
	at        int // the next byte
	state     rowState
	lines     int64
	firstLine int // after the first line end inside a quoted cell; 0 before one
	err       error
}

type rowState int

const (
	cellStart rowState = iota
	inCell
	inQuotes
	afterQuotes // or at the first quote of two
	afterReturn // a carriage return after quotes
	rowEnd
)

// scan goes on until the row ends or the bytes do, or until its quotes turn out
// to be wrong behind its first line.
func (s *rowScan) scan(row []byte) {
	for s.at < len(row) && s.state != rowEnd && (s.err == nil || s.firstLine == 0) {
		if s.state == inQuotes && !s.skipQuoted(row) {
			return
		}
		c := row[s.at]
		s.at++
		switch {
		case s.state == inQuotes:
			s.quoted(c)
		case c == '\n':
			s.lines++
			s.state = rowEnd
		case s.state == afterQuotes && c == '"':
			s.state = inQuotes
		case c == s.comma && s.state != afterReturn:
			s.state = cellStart
		case s.state == cellStart && c == '"' && s.err == nil:
			s.state = inQuotes
		case s.state == afterQuotes && c == '\r':
			s.state = afterReturn
		case s.state == afterQuotes, s.state == afterReturn:
			s.err, s.state = errQuotes, inCell
		default:
			s.state = inCell
		}
	}
}

// skipQuoted goes to the next byte that matters in a quoted cell.
func (s *rowScan) skipQuoted(row []byte) bool {
	next := bytes.IndexAny(row[s.at:], "\"\n")
	if next < 0 {
		s.at = len(row)
		return false
	}
	s.at += next
	return true
}

func (s *rowScan) quoted(c byte) {
	if c == '"' {
		s.state = afterQuotes
		return
	}
	s.lines++
	if s.firstLine == 0 {
		s.firstLine = s.at
	}
}

// itemCutter cuts the items of a JSON array, after its opening bracket or after an
// item. Of one above the buffer only the beginning is kept.
type itemCutter struct{ br *bufio.Reader }

var errCutShort = wire.Invalidf("item: the file ends in the middle of it")

func (i *itemCutter) next(into []byte) ([]byte, cut, error) {
	c := cut{from: len(into), lines: 1}
	gap, err := i.skipGap()
	if err != nil {
		return into, cut{}, err
	}
	var s itemScan
	for {
		rest, err := window(i.br, s.at)
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return into, cut{}, err
		}
		s.scan(rest)
		if s.done || err != nil {
			into = append(into, rest[:min(s.at, bufferBytes-(len(into)-c.from))]...)
			c.length += int64(s.at)
			_, _ = i.br.Discard(s.at)
			s.at = 0
		}
		if s.done || err == io.EOF {
			return i.finish(into, c, gap, s.done)
		}
	}
}

// finish completes the cut of an item.
func (i *itemCutter) finish(into []byte, c cut, gap int64, whole bool) ([]byte, cut, error) {
	switch {
	case c.length > wire.MaxBytes:
		c.err = wire.TooLong(c.length)
		into = into[:c.from+wire.PrefixBytes]
	case !whole:
		c.err = errCutShort
	}
	c.to = len(into)
	c.length += gap
	if !whole {
		return into, c, io.EOF
	}
	return into, c, nil
}

// skipGap drops white space and commas, and returns io.EOF at the end of the
// array.
func (i *itemCutter) skipGap() (gap int64, err error) {
	for {
		c, err := i.br.ReadByte()
		switch {
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case c == ']':
			return 0, io.EOF
		case !isGap(c):
			return gap, i.br.UnreadByte()
		}
		gap++
	}
}

func isGap(c byte) bool { return c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// itemScan finds the end of a JSON value, as far as its bytes are there. It looks
// at brackets and strings only; the rest is left to the decoder.
type itemScan struct {
	at      int // the next byte
	depth   int
	quoted  bool // in a string
	escaped bool // after a backslash in it
	begun   bool
	done    bool
}

func (s *itemScan) scan(item []byte) {
	for s.at < len(item) && !s.done {
		c := item[s.at]
		if s.begun && s.depth == 0 && !s.quoted && (isGap(c) || c == ']' || c == '}') {
			s.done = true // after a number or a word
			return
		}
		s.at++
		s.begun = true
		switch {
		case s.escaped:
			s.escaped = false
		case s.quoted:
			s.escaped, s.quoted = c == '\\', c != '"'
			s.done = !s.quoted && s.depth == 0
		case c == '"':
			s.quoted = true
		case c == '{', c == '[':
			s.depth++
		case c == '}', c == ']':
			s.depth--
			s.done = s.depth <= 0
		}
	}
}
