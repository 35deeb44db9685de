package replay

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/hugops/hugops/pipeline/mastodon"
)

// input is an opened file, standard input or bytes in memory, plain or
// compressed, at the place at which the next record begins.
type input struct {
	format
	br     *bufio.Reader
	closer []io.Closer
	size   int64        // of the file as stored; 0 when unknown
	read   atomic.Int64 // bytes as stored that were read
	zipped bool

	offset, number int64 // of uncompressed bytes and of lines before the next record
}

func (in *input) Close() error {
	var errs []error
	for _, c := range in.closer {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
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

// open opens the input, finds out its format and goes to an offset of its
// uncompressed bytes, before which there are so many lines; never to one before
// the first record.
func (c *Config) open(offset, number int64) (*input, error) {
	in := &input{}
	raw, err := c.openRaw(in)
	if err != nil {
		return nil, err
	}
	in.br = bufio.NewReaderSize(countingReader{raw, in}, bufferBytes)
	if err := in.unzip(); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", c.Path, err), in.Close())
	}
	if in.format, err = c.recognise(in.br); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot replay %s: %w", c.Path, err), in.Close())
	}
	if err := c.readActor(); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	in.offset, in.number = offset, number
	if offset < in.format.offset {
		in.offset, in.number = in.format.offset, in.format.number
	}
	if err := in.skip(raw); err != nil {
		return nil, errors.Join(fmt.Errorf("go to byte %d of %s: %w", offset, c.Path, err), in.Close())
	}
	return in, nil
}

// isZstd knows a frame of zstd, and a skippable one that some tools write first.
func isZstd(magic []byte) bool {
	return bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}) ||
		len(magic) == 4 && magic[0]&0xf0 == 0x50 && bytes.Equal(magic[1:], []byte{0x2a, 0x4d, 0x18})
}

// readActor reads what an archive says of its account, in the actor.json beside
// the outbox.json: whether it is a bot, and whether it opted out.
func (c *Config) readActor() error {
	if c.Data != nil || !strings.HasPrefix(filepath.Base(c.Path), "outbox.json") {
		return nil
	}
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(c.Path), "actor.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		c.actor, err = mastodon.DecodeActor(raw)
	}
	if err != nil {
		return fmt.Errorf("read the actor.json beside %s: %w", c.Path, err)
	}
	return nil
}

// maxWindow is how far back a zstd file may refer, and so how much memory it
// takes; the zstd tool refuses more unless it is told otherwise.
const maxWindow = 128 << 20

// unzip puts a decompressor before the reader if the first bytes call for one.
func (in *input) unzip() error {
	magic, _ := in.br.Peek(4)
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		unzip, err := gzip.NewReader(in.br)
		if err != nil {
			return err
		}
		in.br, in.zipped = bufio.NewReaderSize(unzip, bufferBytes), true
	case isZstd(magic):
		unzip, err := zstd.NewReader(in.br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return err
		}
		in.closer = append(in.closer, unzip.IOReadCloser())
		in.br, in.zipped = bufio.NewReaderSize(unzip, bufferBytes), true
	}
	return nil
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
	in.closer = append(in.closer, f)
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, errors.Join(fmt.Errorf("open replay: %w", err), f.Close())
	case info.IsDir():
		return nil, errors.Join(fmt.Errorf("replay %s: a folder; name one file in it", c.Path), f.Close())
	}
	in.size = info.Size()
	return f, nil
}

// skip goes forward to the offset: by a seek where that is possible.
func (in *input) skip(raw io.Reader) error {
	if in.offset == 0 {
		return nil
	}
	if seeker, ok := raw.(io.Seeker); ok && !in.zipped {
		if _, err := seeker.Seek(in.offset, io.SeekStart); err == nil {
			in.br.Reset(countingReader{raw, in})
			in.read.Store(in.offset)
			return nil
		}
	}
	_, err := io.CopyN(io.Discard, in.br, in.offset)
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
