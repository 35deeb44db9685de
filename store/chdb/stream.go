package chdb

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strings"
)

// streamable are the formats whose results may be joined from chunks: no header,
// no footer, no array around the rows.
var streamable = []string{"Native", "TabSeparated", "TSV", "CSV", "JSONEachRow", "RowBinary", "LineAsString"}

var errNotStreamable = errors.New("chdb: not streamable")

// selectStream begins a SELECT and answers with a body that fetches its chunks
// as they are read. Errors before the first chunk are the request's; later ones
// end the body in the way of a server.
func (c *call) selectStream(req *request) (*answer, error) {
	lib := c.e.lib
	stream := c.conn.begin(lib.streamQuery, c.mark+req.query, req.format, req.params)
	if text := lib.resultError(stream); text != "" {
		lib.resultFree(stream)
		// The library refuses before anything has run.
		if strings.Contains(text, "Streaming query is not supported") {
			return nil, errNotStreamable
		}
		return nil, newException(text)
	}
	c.stream = stream
	body := &streamBody{call: c}
	if err := body.fetch(); err != nil {
		return nil, err
	}
	a := newAnswer(http.StatusOK, contentType(req.resultFormat()), nil)
	if body.chunk == nil {
		return a, nil // no rows
	}
	body.tag = strings.ToLower(rand.Text()[:16])
	a.body, a.length = body, -1
	a.header.Set("X-ClickHouse-Exception-Tag", body.tag)
	body.stop = context.AfterFunc(c.ctx, c.abort)
	return a, nil
}

// streamBody reads a SELECT's result chunk by chunk. The call's mu guards it.
type streamBody struct {
	call  *call
	tag   string
	chunk *result // the present chunk, outside Go's memory; nil at the end
	rest  []byte  // what is unread of it, or of the exception after it
	stop  func() bool
}

// fetch gets the next chunk; at the end it gives the connection back.
func (b *streamBody) fetch() error {
	c := b.call
	b.drop()
	next, err := (&result{lib: c.e.lib, ptr: c.e.lib.streamFetch(c.conn.ptr, c.stream)}).check()
	if err != nil {
		c.discard()
		return err
	}
	if b.rest = next.bytes(); len(b.rest) == 0 {
		next.free()
		c.finish()
		return nil
	}
	b.chunk = next
	return nil
}

// drop frees the present chunk.
func (b *streamBody) drop() {
	b.rest = nil
	if b.chunk != nil {
		b.chunk.free()
		b.chunk = nil
	}
}

func (b *streamBody) Read(p []byte) (int, error) {
	c := b.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(b.rest) == 0 && c.stream != nil && !c.aborted.Load() {
		if err := b.fetch(); err != nil {
			b.rest = asException(err).midStream(b.tag)
		}
	}
	if len(b.rest) == 0 || c.aborted.Load() {
		return 0, b.end()
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// end is what a Read says that has nothing more.
func (b *streamBody) end() error {
	b.drop()
	switch {
	case !b.call.aborted.Load():
		return io.EOF
	case b.call.ctx.Err() != nil:
		return b.call.ctx.Err()
	}
	return errClosed
}

// Close ends the query if it still runs.
func (b *streamBody) Close() error {
	b.stop()
	c := b.call
	if !c.mu.TryLock() {
		c.abort() // another goroutine reads
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	b.drop()
	c.finish()
	return nil
}
