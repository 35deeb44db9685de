package chdb

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// call is one request in the engine. Whoever holds mu may use the connection and
// the stream; a C call holds it for as long as it takes.
type call struct {
	e       *Engine
	ctx     context.Context
	mark    string // comment before the statement, by which kill finds it
	unblock func() // ends a Read of the request's body that waits
	aborted atomic.Bool

	mu     sync.Mutex
	conn   *conn          // nil before acquire and after finish
	stream unsafe.Pointer // the SELECT that is being streamed, or nil
}

// lastCall numbers the calls of all engines: they see each other's queries.
var lastCall atomic.Uint64

func newCall(e *Engine, ctx context.Context, unblock func()) *call {
	return &call{e: e, ctx: ctx, unblock: unblock, mark: "/*" + strconv.FormatUint(lastCall.Add(1), 36) + "*/ "}
}

// do runs the request up to the first bytes of its result.
func (c *call) do(r *http.Request) (*answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	req, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	if err := c.begin(req.session); err != nil {
		return nil, err
	}
	a, err := c.run(req)
	if err != nil {
		// A statement that failed may leave output behind, which the library
		// would put before the connection's next result.
		c.discard()
	}
	if c.stream == nil {
		c.finish()
	}
	return a, err
}

// discard ends the call and its connection with it. The caller holds mu.
func (c *call) discard() {
	if c.conn != nil {
		c.conn.spent = true
	}
	c.finish()
}

// begin takes a connection, and makes the call known to Close.
func (c *call) begin(want session) error {
	conn, err := c.e.acquire(c.ctx, want)
	if err != nil {
		return err
	}
	c.conn = conn
	c.e.mu.Lock()
	c.e.live[c] = struct{}{}
	ended := c.e.ended
	c.e.mu.Unlock()
	if ended || c.aborted.Load() {
		c.finish()
		return errClosed
	}
	return nil
}

// finish gives everything back. It may be called again. The caller holds mu.
func (c *call) finish() {
	if c.stream != nil {
		c.e.lib.streamStop(c.conn.ptr, c.stream)
		c.e.lib.resultFree(c.stream)
		c.stream = nil
	}
	if c.conn == nil {
		return
	}
	c.e.mu.Lock()
	delete(c.e.live, c)
	c.e.mu.Unlock()
	if c.aborted.Load() {
		c.conn.spent = true
	}
	c.e.release(c.conn)
	c.conn = nil
}

// killPause is how long abort waits before it looks for the query again, which
// may not have begun at the first time.
const killPause = 20 * time.Millisecond

// abort ends the call from outside, without waiting: at once when it rests
// between two C calls, else by killing its query.
func (c *call) abort() {
	if c.aborted.Swap(true) {
		return
	}
	go func() {
		c.unblock()
		for !c.mu.TryLock() {
			c.e.kill(c.mark)
			time.Sleep(killPause)
		}
		defer c.mu.Unlock()
		c.finish()
	}()
}

// run executes the statement on the call's connection.
func (c *call) run(req *request) (*answer, error) {
	if req.query == helloQuery && req.format == "Native" {
		body := hello(req.revision, "hugops", c.e.version, c.e.timezone)
		return newAnswer(http.StatusOK, contentType("Native"), body), nil
	}
	if req.data != nil {
		if req.readOnly {
			return nil, errReadOnly
		}
		return c.insert(req)
	}
	count, class := c.conn.classify(req.query)
	switch {
	case count > 1:
		return nil, except(codeSyntax, "SYNTAX_ERROR", "Multi-statements are not allowed")
	case count == 1 && class != classReadOnly && req.readOnly:
		return nil, errReadOnly
	}
	if class == classReadOnly && slices.Contains(streamable, req.resultFormat()) {
		switch keyword(req.query) {
		case "SELECT", "WITH", "(":
			a, err := c.selectStream(req)
			if !errors.Is(err, errNotStreamable) {
				return a, err
			}
		}
	}
	return c.whole(req, class)
}

var errReadOnly = except(codeReadonly, "READONLY", "GET and HEAD only read: use POST")

// whole executes a statement and answers with its whole result.
func (c *call) whole(req *request, class uint32) (*answer, error) {
	// SET, USE and temporary tables would outlive the request.
	if word := keyword(req.query); class == classControl || temporary.MatchString(req.query) && (word == "CREATE" || word == "DROP") {
		c.conn.spent = true
	}
	r, err := c.conn.query(c.mark+req.query, req.format, req.params)
	if err != nil {
		return nil, err
	}
	written := c.e.lib.resultWritten(r.ptr)
	body := &resultBody{result: r, rest: r.bytes()}
	a := newAnswer(http.StatusOK, contentType(req.resultFormat()), nil)
	a.body, a.length = body, int64(len(body.rest))
	a.header.Set("X-ClickHouse-Summary", summary(written))
	return a, nil
}

// resultBody reads a whole result, which it frees at its end.
type resultBody struct {
	mu     sync.Mutex
	result *result
	rest   []byte
}

func (b *resultBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	if len(b.rest) == 0 {
		b.free()
		if n == 0 {
			return 0, io.EOF
		}
	}
	return n, nil
}

func (b *resultBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free()
	return nil
}

func (b *resultBody) free() {
	b.rest = nil
	if b.result != nil {
		b.result.free()
		b.result = nil
	}
}
