package replay

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// input is an opened file, standard input or bytes in memory, plain or gzip.
type input struct {
	io.Reader
	closer io.Closer
	size   int64        // of the file as stored; 0 when unknown
	read   atomic.Int64 // bytes as stored that were read
	zipped bool
}

func (in *input) Close() error {
	if in.closer == nil {
		return nil
	}
	return in.closer.Close()
}

// countingReader counts what passes through into input.read.
type countingReader struct {
	r  io.Reader
	in *input
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.in.read.Add(int64(n))
	return n, err
}

// open opens the input and goes to an offset of its uncompressed bytes.
func (c *Config) open(offset int64) (*input, error) {
	in := &input{}
	raw, err := c.openRaw(in)
	if err != nil {
		return nil, err
	}
	br := bufio.NewReaderSize(countingReader{raw, in}, 64<<10)
	in.Reader = br
	if magic, _ := br.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		in.zipped = true
		unzip, err := gzip.NewReader(br)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read %s: %w", c.Path, err), in.Close())
		}
		in.Reader = unzip
	}
	if err := in.skip(raw, br, offset); err != nil {
		return nil, errors.Join(fmt.Errorf("go to byte %d of %s: %w", offset, c.Path, err), in.Close())
	}
	return in, nil
}

func (c *Config) openRaw(in *input) (io.Reader, error) {
	switch {
	case c.Data != nil:
		in.size = int64(len(c.Data))
		return bytes.NewReader(c.Data), nil
	case c.Path == "-":
		return os.Stdin, nil
	}
	f, err := os.Open(c.Path)
	if err != nil {
		return nil, fmt.Errorf("open replay: %w", err)
	}
	in.closer = f
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, errors.Join(fmt.Errorf("open replay: %w", err), f.Close())
	case info.IsDir():
		return nil, errors.Join(fmt.Errorf("replay %s: a folder; name one file of lines of JSON", c.Path), f.Close())
	}
	in.size = info.Size()
	return f, nil
}

// skip goes forward to an offset: by a seek where that is possible.
func (in *input) skip(raw io.Reader, br *bufio.Reader, offset int64) error {
	if offset == 0 {
		return nil
	}
	if seeker, ok := raw.(io.Seeker); ok && !in.zipped {
		if _, err := seeker.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		br.Reset(countingReader{raw, in})
		in.read.Store(offset)
		return nil
	}
	_, err := io.CopyN(io.Discard, in.Reader, offset)
	return err
}

// prefixHash is the SHA-256 of the first n bytes as stored, and how many there
// were.
func (c *Config) prefixHash(n int64) (hash string, read int64, err error) {
	in := &input{}
	raw, err := c.openRaw(in)
	if err != nil {
		return "", 0, err
	}
	defer in.Close()
	h := sha256.New()
	read, err = io.Copy(h, io.LimitReader(raw, n))
	if err != nil {
		return "", 0, fmt.Errorf("read %s: %w", c.Path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), read, nil
}
