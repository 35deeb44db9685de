package chdb

import (
	"errors"
	"io"
	"net/http"
	"runtime"
	"sync"
	"unsafe"
)

// insertChunk is how much of an insert's body is handed over at once.
const insertChunk = 1 << 20

var insertBuffers = sync.Pool{New: func() any { return new([insertChunk]byte) }}

// insert streams the body's rows into a table. Rows up to the engine's block
// size (1,048,449 rows) become visible together or not at all; of a longer insert
// that fails, blocks written before the failure stay, as on a server.
func (c *call) insert(req *request) (*answer, error) {
	written, err := c.insertRows(req)
	if err != nil {
		return nil, err
	}
	a := newAnswer(http.StatusOK, contentType(req.format), nil)
	a.header.Set("X-ClickHouse-Summary", summary(written))
	return a, nil
}

func (c *call) insertRows(req *request) (written uint64, err error) {
	// The library keeps the insert's status in a variable of the thread, from the
	// first call to the last.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	lib := c.e.lib
	stream := c.conn.begin(lib.insert, c.mark+req.query, req.dataFormat, req.params)
	if stream == nil {
		return 0, errors.New("chdb: the engine gave no insert stream")
	}
	defer lib.insertFree(stream)
	if text := lib.insertError(stream); text != "" {
		return 0, newException(text)
	}
	if err := c.pour(stream, req.data); err != nil {
		lib.insertCancel(stream)
		return 0, err
	}
	r, err := (&result{lib: lib, ptr: lib.insertDone(stream)}).check()
	if err != nil {
		return 0, err
	}
	defer r.free()
	return lib.resultWritten(r.ptr), nil
}

// pour hands the rows to the engine. It ends early without an error when the
// engine refuses them: insertDone tells why.
func (c *call) pour(stream unsafe.Pointer, rows io.Reader) error {
	buf := insertBuffers.Get().(*[insertChunk]byte)
	defer insertBuffers.Put(buf)
	for {
		n, err := rows.Read(buf[:])
		if c.aborted.Load() {
			return errClosed
		}
		if n > 0 && c.e.lib.insertAppend(stream, unsafe.Pointer(buf), uintptr(n)) != 0 {
			return nil
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return except(codeCannotRead, "CANNOT_READ", "rows of the insert: %s", err)
		}
	}
}
