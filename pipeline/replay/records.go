package replay

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"sync"

	"github.com/hugops/hugops/pipeline/wire"
)

const (
	batchRecords = 512
	batchBytes   = 256 << 10
)

// record is one decoded record of the input: a line, a row of a table, an item of
// a collection.
type record struct {
	number int64 // from 1: of the line on which it begins, or of the item
	last   int64 // of the line on which it ends
	end    int64 // offset of the byte after it
	dec    wire.Decoded
	raw    []byte // set with err: its bytes, or the beginning of them
	err    error
}

// batch is some records on their way through a decoder. The bytes of all of them
// stand in one buffer, which serves again once they are decoded.
type batch struct {
	records []record
	cuts    []cut
	bytes   []byte
	done    chan struct{}
}

// eachRecord reads the records of an input, decodes them on several cores and
// calls handle with each in order, blank ones too. Reading runs ahead of handle by
// a few batches and no more. It ends with the first error of handle or of the
// input.
func eachRecord(ctx context.Context, in *input, handle func(*record) error) error {
	parent := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := min(runtime.GOMAXPROCS(0), 4)
	work, ordered := make(chan *batch), make(chan *batch, 2*workers)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for b := range work {
				b.decode(in.decode)
			}
		})
	}
	var readErr error
	all.Go(func() {
		defer close(ordered)
		defer close(work)
		readErr = readBatches(in, func(b *batch) bool {
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

func handleBatches(ctx context.Context, ordered <-chan *batch, handle func(*record) error) error {
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
		for i := range b.records {
			if err := handle(&b.records[i]); err != nil {
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
	clear(b.records) // let go of the posts
	b.records, b.cuts, b.bytes = b.records[:0], b.cuts[:0], b.bytes[:0]
	batches.Put(b)
}

func (b *batch) decode(decode func([]byte) (wire.Decoded, error)) {
	defer close(b.done)
	for i := range b.records {
		r, c := &b.records[i], b.cuts[i]
		content := b.bytes[c.from:c.to]
		if r.err = c.err; r.err == nil {
			r.dec, r.err = decode(content)
		}
		if r.err != nil {
			raw := bytes.TrimSpace(content)
			if len(raw) > wire.MaxBytes {
				raw = raw[:wire.PrefixBytes]
			}
			r.raw = bytes.Clone(raw)
		}
	}
}

// readBatches cuts an input into records. A batch goes off when it is full, and
// when nothing more is there yet, so that a pipe that trickles is not held up.
func readBatches(in *input, emit func(*batch) bool) error {
	cuts, offset, number := in.cutter(in.br), in.offset, in.number
	b := newBatch()
	for {
		var c cut
		var err error
		b.bytes, c, err = cuts.next(b.bytes)
		if c.length > 0 {
			offset += c.length
			b.records = append(b.records, record{number: number + 1, last: number + c.lines, end: offset})
			b.cuts = append(b.cuts, c)
			number += c.lines
		}
		full := len(b.records) >= batchRecords || len(b.bytes) >= batchBytes
		if len(b.records) > 0 && (full || err != nil || in.br.Buffered() == 0) {
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
