package replay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/hugops/hugops/pipeline/wire"
)

const (
	batchLines = 512
	batchBytes = 256 << 10
)

// line is one decoded line of the input.
type line struct {
	number int64 // from 1
	end    int64 // offset of the byte after it
	dec    wire.Decoded
	raw    []byte // set with err: the line, or the beginning of one too long
	err    error
}

// batch is some lines on their way through a decoder. The bytes of all lines
// stand in one buffer, which serves again once the lines are decoded.
type batch struct {
	lines []line
	raws  []rawLine
	bytes []byte
	done  chan struct{}
}

// rawLine is where a line stands in batch.bytes; length is its true length, which
// is more than stands there when the line is too long.
type rawLine struct {
	from, to int
	length   int64
}

// eachLine reads lines from r, decodes them on several cores and calls handle
// with each in order, blank ones too. Reading runs ahead of handle by a few
// batches and no more. It ends with the first error of handle or of r.
func eachLine(ctx context.Context, r io.Reader, offset, number int64,
	decode func([]byte) (wire.Decoded, error), handle func(*line) error) error {
	parent := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := min(runtime.GOMAXPROCS(0), 4)
	work, ordered := make(chan *batch), make(chan *batch, 2*workers)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for b := range work {
				b.decode(decode)
			}
		})
	}
	var readErr error
	all.Go(func() {
		defer close(ordered)
		defer close(work)
		readErr = readBatches(r, offset, number, func(b *batch) bool {
			return send(ctx, ordered, b) && send(ctx, work, b)
		})
	})
	if err := handleBatches(ctx, ordered, handle); err != nil {
		return err // the reader may hang in a Read (a pipe): nobody waits for it
	}
	all.Wait()
	if err := parent.Err(); err != nil {
		return err
	}
	return readErr
}

func send(ctx context.Context, to chan<- *batch, b *batch) bool {
	select {
	case to <- b:
		return true
	case <-ctx.Done():
		return false
	}
}

func handleBatches(ctx context.Context, ordered <-chan *batch, handle func(*line) error) error {
	for {
		var b *batch
		var more bool
		select {
		case b, more = <-ordered:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !more {
			return nil
		}
		select {
		case <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		for i := range b.lines {
			if err := handle(&b.lines[i]); err != nil {
				return err
			}
		}
		b.recycle()
	}
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func newBatch() *batch {
	b := batches.Get().(*batch)
	b.done = make(chan struct{})
	return b
}

func (b *batch) recycle() {
	clear(b.lines) // let go of the posts
	b.lines, b.raws, b.bytes = b.lines[:0], b.raws[:0], b.bytes[:0]
	batches.Put(b)
}

func (b *batch) decode(decode func([]byte) (wire.Decoded, error)) {
	defer close(b.done)
	for i := range b.lines {
		l, raw := &b.lines[i], b.raws[i]
		text := trimLine(b.bytes[raw.from:raw.to], l.number)
		switch {
		case raw.length > int64(raw.to-raw.from):
			l.err = wire.TooLong(raw.length)
		case len(text) > 0:
			l.dec, l.err = decode(text)
		}
		if l.err != nil {
			if len(text) > wire.MaxBytes {
				text = text[:wire.PrefixBytes]
			}
			l.raw = bytes.Clone(text)
		}
	}
}

// trimLine takes the white space around a line away, and a byte order mark
// before the first.
func trimLine(text []byte, number int64) []byte {
	if number == 1 {
		text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	}
	return bytes.TrimSpace(text)
}

// readBatches cuts r into lines. A batch goes off when it is full, and when
// nothing more is there yet, so that a pipe that trickles is not held up.
func readBatches(r io.Reader, offset, number int64, emit func(*batch) bool) error {
	br := bufio.NewReaderSize(r, batchBytes)
	b := newBatch()
	for {
		length, err := b.readLine(br)
		if length > 0 {
			number++
			offset += length
			b.lines = append(b.lines, line{number: number, end: offset})
		}
		full := len(b.lines) >= batchLines || len(b.bytes) >= batchBytes
		if len(b.lines) > 0 && (full || err != nil || br.Buffered() == 0) {
			if !emit(b) {
				return nil
			}
			b = newBatch()
		}
		if err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

// readLine appends one line to the batch and returns its length with the
// newline. Of a line above wire.MaxBytes only the beginning is kept.
func (b *batch) readLine(br *bufio.Reader) (length int64, err error) {
	from := len(b.bytes)
	for {
		var part []byte
		part, err = br.ReadSlice('\n')
		length += int64(len(part))
		switch {
		case length <= wire.MaxBytes+2: // the newline does not count
			b.bytes = append(b.bytes, part...)
		case len(b.bytes)-from > wire.PrefixBytes:
			b.bytes = b.bytes[:from+wire.PrefixBytes]
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	if length > 0 {
		content := length
		if err == nil {
			content-- // the newline
		}
		b.raws = append(b.raws, rawLine{from: from, to: len(b.bytes), length: content})
	}
	return length, err
}
