package x

import (
	"bufio"
	"errors"
	"io"

	"github.com/hugops/hugops/pipeline/wire"
)

// lines cuts the stream into its lines, which X ends by \r\n. A line above
// wire.MaxBytes is passed over, and never held as a whole.
type lines struct {
	r    *bufio.Reader
	line []byte
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, readBuffer)} }

// next returns the next line without its end, valid until the next call, and its
// length in bytes: when that is above wire.MaxBytes, the line is only its
// beginning. At the end of the stream it returns the error, with what there is of
// a line that was not ended.
func (l *lines) next() (line []byte, size int, err error) {
	l.line = l.line[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		size += len(part)
		room := wire.MaxBytes + 2 - len(l.line)
		l.line = append(l.line, part[:min(len(part), room)]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		line, ended := trimEnd(l.line)
		if size -= ended; size > wire.MaxBytes {
			line = line[:wire.PrefixBytes]
		}
		return line, size, err
	}
}

// trimEnd cuts \n or \r\n off, and says how many bytes that was.
func trimEnd(line []byte) ([]byte, int) {
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		n--
		if n > 0 && line[n-1] == '\r' {
			n--
		}
	}
	return line[:n], len(line) - n
}
