package chdb

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// session is what a request wants of its connection.
type session struct {
	database string            // empty is "default"
	settings map[string]string // beside base
}

func (s session) equal(t session) bool {
	return s.database == t.database && maps.Equal(s.settings, t.settings)
}

// conn is one connection of the library; it runs one statement at a time.
type conn struct {
	lib    *library
	handle unsafe.Pointer // chdb_connection *, what close takes
	ptr    unsafe.Pointer // chdb_connection, what all others take
	now    session        // what enter brought it to
	spent  bool           // not to be used by another request
}

// open makes a connection; the engine's first one boots it.
func (e *Engine) open() (*conn, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	argv := make([]unsafe.Pointer, len(e.args))
	for i, arg := range e.args {
		b := append([]byte(arg), 0)
		pin.Pin(&b[0])
		argv[i] = unsafe.Pointer(&b[0])
	}
	pin.Pin(&argv[0])
	var handle unsafe.Pointer
	keepSignals(func() { handle = e.lib.connect(int32(len(argv)), &argv[0]) })
	if handle == nil {
		return nil, whyNot(e.dir)
	}
	c := &conn{lib: e.lib, handle: handle, ptr: *(*unsafe.Pointer)(handle), now: session{database: "default"}}
	if err := c.run(setStatement(nil, base)); err != nil {
		c.close()
		return nil, fmt.Errorf("chdb: settings of a new connection: %w", err)
	}
	return c, nil
}

func (c *conn) close() { c.lib.close(c.handle) }

// enter brings the connection from its present session into the wanted one.
func (c *conn) enter(want session) error {
	if want.database != c.now.database {
		if err := c.run("USE " + quoteName(want.database)); err != nil {
			return err
		}
		c.now.database = want.database
	}
	if !maps.Equal(want.settings, c.now.settings) {
		if err := c.run(setStatement(c.now.settings, want.settings)); err != nil {
			return err
		}
		c.now.settings = want.settings
	}
	return nil
}

// setStatement is the SET that leads from the settings have to want.
func setStatement(have, want map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[name]; ok {
			continue
		}
		if value, ok := base[name]; ok {
			parts = append(parts, name+" = "+quoteString(value))
		} else {
			parts = append(parts, name+" = DEFAULT")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if value, ok := have[name]; !ok || value != want[name] {
			parts = append(parts, name+" = "+quoteString(want[name]))
		}
	}
	return "SET " + strings.Join(parts, ", ")
}

var stringEscaper = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

func quoteString(s string) string { return "'" + stringEscaper.Replace(s) + "'" }

var nameEscaper = strings.NewReplacer(`\`, `\\`, "`", "\\`")

func quoteName(s string) string { return "`" + nameEscaper.Replace(s) + "`" }

// run executes a statement whose result does not matter.
func (c *conn) run(statement string) error {
	r, err := c.query(statement, "Null", nil)
	if err != nil {
		return err
	}
	r.free()
	return nil
}

// text executes a query that gives one line of text.
func (c *conn) text(query, format string) (string, error) {
	r, err := c.query(query, format, nil)
	if err != nil {
		return "", err
	}
	defer r.free()
	return strings.TrimRight(string(r.bytes()), "\n"), nil
}

// query executes a statement and returns its whole result, which the caller
// frees.
func (c *conn) query(query, format string, params []param) (*result, error) {
	r := &result{lib: c.lib, ptr: c.begin(c.lib.query, query, format, params)}
	return r.check()
}

// begin calls one of the library's functions that take a statement, a format
// and parameters.
func (c *conn) begin(call statementFunc, query, format string, params []param) unsafe.Pointer {
	var pin runtime.Pinner
	defer pin.Unpin()
	q, qn := cText(&pin, query)
	f, fn := cText(&pin, format)
	p := cParams(&pin, params)
	return call(c.ptr, q, qn, f, fn, p.names, p.nameLens, p.values, p.valueLens, uintptr(len(params)))
}

// What the library's classifier says of a statement (chdb_query_class).
const (
	classReadOnly = 0
	classControl  = 3
)

// classify says how many statements a text holds, and their class; it executes
// nothing. A text that the engine cannot parse has zero statements.
func (c *conn) classify(query string) (count, class uint32) {
	var pin runtime.Pinner
	defer pin.Unpin()
	q, n := cText(&pin, query)
	report := [4]uint32{0: 16} // chdb_query_analysis_v1: size, count, flags, class
	pin.Pin(&report)
	if c.lib.classify(c.ptr, q, n, nil, 0, unsafe.Pointer(&report)) != 0 {
		return 0, 0
	}
	return report[1], report[3]
}

// result is a result of the library, outside Go's memory.
type result struct {
	lib *library
	ptr unsafe.Pointer
}

// check returns the result, or frees it and returns its error.
func (r *result) check() (*result, error) {
	if r.ptr == nil {
		return nil, errors.New("chdb: the engine gave no result")
	}
	if text := r.lib.resultError(r.ptr); text != "" {
		r.free()
		return nil, newException(text)
	}
	return r, nil
}

// bytes is the result's data, valid until free.
func (r *result) bytes() []byte {
	n := r.lib.resultLen(r.ptr)
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(r.lib.resultBuffer(r.ptr)), n)
}

func (r *result) free() {
	r.lib.resultFree(r.ptr)
	r.ptr = nil
}
