package chdb

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// exception is an error in ClickHouse's own form, with its code and the HTTP
// status that a ClickHouse server would give.
type exception struct {
	code int
	text string // "Code: 60. DB::Exception: … (UNKNOWN_TABLE)"
}

func (e *exception) Error() string { return e.text }

var codePattern = regexp.MustCompile(`^(?:Error: )?Code: (\d+)\. `)

// newException reads an error text of the engine. A text without a code becomes
// an unknown exception.
func newException(text string) *exception {
	text = strings.TrimSpace(text)
	m := codePattern.FindStringSubmatch(text)
	if m == nil {
		return except(codeUnknown, "UNKNOWN_EXCEPTION", "%s", text)
	}
	code, err := strconv.Atoi(m[1])
	if err != nil {
		code = codeUnknown
	}
	return &exception{code: code, text: strings.TrimPrefix(text, "Error: ")}
}

// except makes an exception of our own in ClickHouse's form.
func except(code int, name, format string, args ...any) *exception {
	return &exception{code: code, text: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name)}
}

// asException turns any error into what the client is told.
func asException(err error) *exception {
	var e *exception
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, errClosed):
		return except(codeAborted, "ABORTED", "%s", err)
	}
	return except(codeUnknown, "UNKNOWN_EXCEPTION", "%s", err)
}

// Error codes of ClickHouse that this package gives itself.
const (
	codeBadArguments = 36
	codeNotSupported = 48
	codeSyntax       = 62
	codeReadonly     = 164
	codeAborted      = 236
	codeTooLarge     = 307
	codeCannotRead   = 1000
	codeUnknown      = 1002
)

// status is the HTTP status of an exception, after ClickHouse's own table
// (src/Server/HTTP/exceptionCodeToHTTPStatus.cpp); 500 for all others.
func (e *exception) status() int {
	switch e.code {
	case 6, 26, 27, 36, 38, 41, 43, 53, 62, 69, 70, 72, 130, 131, 190, 386, 456, 457:
		return http.StatusBadRequest
	case 46, 47, 50, 56, 60, 73, 81, 115:
		return http.StatusNotFound
	case codeTooLarge:
		return http.StatusRequestEntityTooLarge
	case codeNotSupported:
		return http.StatusNotImplemented
	case 159, 209:
		return http.StatusRequestTimeout
	case codeReadonly:
		return http.StatusForbidden
	case codeAborted, 202, 439:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// midStream frames an exception that comes after the first bytes of a result,
// as a server does; tag is the response's X-ClickHouse-Exception-Tag.
func (e *exception) midStream(tag string) []byte {
	text := e.text + "\n"
	return fmt.Appendf(nil, "\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n", tag, text, len(text), tag)
}
