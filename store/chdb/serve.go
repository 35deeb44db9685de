package chdb

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is a response before it is one: of RoundTrip or of ServeHTTP.
type answer struct {
	status int
	header http.Header
	body   io.ReadCloser
	length int64 // -1 when it is not known beforehand
}

func newAnswer(status int, contentType string, body []byte) *answer {
	a := &answer{status: status, header: http.Header{}, body: io.NopCloser(bytes.NewReader(body)), length: int64(len(body))}
	a.header.Set("Content-Type", contentType)
	return a
}

func failed(err error) *answer {
	e := asException(err)
	a := newAnswer(e.status(), "text/plain; charset=UTF-8", []byte(e.text+"\n"))
	a.header.Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.code))
	return a
}

// RoundTrip answers a ClickHouse HTTP request from the engine; scheme, host and
// credentials are ignored. Errors of ClickHouse are responses, as they are of a
// server; the error is the context's. The caller must close the response's body:
// it may hold a connection.
func (e *Engine) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := e.answer(r, func() { closeBody(r) })
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: strconv.Itoa(a.status) + " " + http.StatusText(a.status), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: a.body, ContentLength: a.length, Request: r,
	}, nil
}

// ServeHTTP is RoundTrip as a handler. GET changes nothing; there is no
// authentication: whoever reaches the handler may do everything by POST, so
// serve it on loopback only, if at all.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Closing a server's body waits for a Read of it; a deadline ends the Read.
	// Where deadlines are not supported, the Read ends with the client.
	a, err := e.answer(r, func() { _ = http.NewResponseController(w).SetReadDeadline(time.Now()) })
	if err != nil {
		// The client has gone, or the engine is closing: no answer, rather than
		// net/http's 200.
		panic(http.ErrAbortHandler)
	}
	defer a.body.Close()
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.length >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(a.length, 10))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, a.body) // the client has gone, or the status is out
	}
}

// answer does a request. An error means that the context ended first; unblock
// ends a Read of the body that waits.
func (e *Engine) answer(r *http.Request, unblock func()) (*answer, error) {
	if r.URL.Path == "/ping" {
		closeBody(r)
		return newAnswer(http.StatusOK, "text/plain; charset=UTF-8", []byte("Ok.\n")), nil
	}
	// The work goes on beside the caller: a C call cannot be left early, but the
	// caller can be let go.
	done := make(chan *answer, 1)
	ctx := r.Context()
	c := newCall(e, ctx, unblock)
	go func() {
		a, err := c.do(r)
		closeBody(r)
		if err != nil {
			a = failed(err)
		}
		done <- a
	}()
	select {
	case a := <-done:
		if err := ctx.Err(); err != nil {
			a.body.Close()
			return nil, err
		}
		return a, nil
	case <-ctx.Done():
		c.abort()
		go func() { (<-done).body.Close() }()
		return nil, ctx.Err()
	}
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

// summary is the X-ClickHouse-Summary header of an insert.
func summary(rows uint64) string { return `{"written_rows":"` + strconv.FormatUint(rows, 10) + `"}` }

// contentType is what a server says of a format's bytes.
func contentType(format string) string {
	switch {
	case strings.HasPrefix(format, "JSONEachRow"):
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(format, "JSON"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(format, "CSV"):
		return "text/csv; charset=UTF-8"
	case strings.HasPrefix(format, "Tab"), strings.HasPrefix(format, "TSV"):
		return "text/tab-separated-values; charset=UTF-8"
	case format == "Native", strings.HasPrefix(format, "RowBinary"), format == "Parquet", strings.HasPrefix(format, "Arrow"):
		return "application/octet-stream"
	}
	return "text/plain; charset=UTF-8"
}
