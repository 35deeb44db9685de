package chdb

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxText bounds a statement that comes as text, its inline data included.
// Larger inserts come with the statement in ?query= and are streamed.
const maxText = 256 << 20

// request is a ClickHouse HTTP request, read.
type request struct {
	query      string
	data       io.Reader // the rows of an insert; nil for other statements
	dataFormat string    // their format
	format     string    // the result's format unless the query names one
	revision   uint64    // client_protocol_version
	session    session
	params     []param
	readOnly   bool // GET and HEAD must not change anything
}

// notSettings are the URL parameters that are no query settings.
var notSettings = []string{
	"query", "database", "default_format", "query_id", "client_protocol_version", "user", "password", "quota_key",
	"buffer_size", "wait_end_of_query", "stacktrace", "role", "close_session", "session_timeout", "session_check",
}

// unsupported are the URL parameters that change the meaning of a request in a
// way this package does not follow.
var unsupported = map[string]string{
	"compress":   "compressed results: set no compression in the client",
	"decompress": "compressed inserts: set no compression in the client",
	"session_id": "sessions: put what belongs together into one request",
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]{0,127}$`)

// readRequest reads the statement and everything beside it. Of the body it
// reads what is statement; the rows of an insert stay in data.
func readRequest(r *http.Request) (*request, error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, "":
	default:
		return nil, except(codeNotSupported, "NOT_IMPLEMENTED", "method %s: use GET or POST", r.Method)
	}
	if err := checkHeaders(r.Header); err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, except(codeBadArguments, "BAD_ARGUMENTS", "URL parameters: %s", err)
	}
	req := &request{format: "TabSeparated", session: session{database: "default"}, readOnly: r.Method != http.MethodPost}
	if err := req.readValues(r.Header, values); err != nil {
		return nil, err
	}
	return req, req.readBody(values.Get("query"), r.Body)
}

// checkHeaders refuses bodies in forms that are not followed here.
func checkHeaders(h http.Header) error {
	if enc := h.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return except(codeNotSupported, "NOT_IMPLEMENTED", "Content-Encoding %s: set no compression in the client", enc)
	}
	if kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")); kind == "multipart/form-data" {
		return except(codeNotSupported, "NOT_IMPLEMENTED", "external tables are not supported by the embedded engine")
	}
	return nil
}

// readValues reads the URL's parameters, and the headers that stand for some.
func (req *request) readValues(h http.Header, values url.Values) error {
	if format := h.Get("X-ClickHouse-Format"); format != "" {
		req.format = format
	}
	if database := h.Get("X-ClickHouse-Database"); database != "" {
		req.session.database = database
	}
	for name, all := range values {
		value := all[len(all)-1]
		key, isParam := strings.CutPrefix(name, "param_")
		switch {
		case isParam:
			req.params = append(req.params, param{key, value})
		case name == "database" && value != "":
			req.session.database = value
		case name == "default_format" && value != "":
			req.format = value
		case name == "client_protocol_version":
			n, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return except(codeBadArguments, "BAD_ARGUMENTS", "client_protocol_version %q is no number", value)
			}
			req.revision = n
		case unsupported[name] != "" && value != "" && value != "0":
			return except(codeNotSupported, "NOT_IMPLEMENTED", "%s: the embedded engine has no %s", name, unsupported[name])
		case unsupported[name] != "" || slices.Contains(notSettings, name):
		case !settingName.MatchString(name):
			return except(codeBadArguments, "BAD_ARGUMENTS", "URL parameter %q is no setting", name)
		default:
			if req.session.settings == nil {
				req.session.settings = map[string]string{}
			}
			req.session.settings[name] = value
		}
	}
	return nil
}

// readBody decides what the body is: the statement, the rows of an insert, or
// the rest of a statement that ?query= began.
func (req *request) readBody(query string, body io.Reader) error {
	if body == nil {
		body = http.NoBody
	}
	if in, ok := splitInsert(query); ok {
		req.setInsert(in, io.MultiReader(strings.NewReader(in.data), body))
		return nil
	}
	var text strings.Builder
	if query != "" {
		text.WriteString(query + "\n")
	}
	n, err := io.Copy(&text, io.LimitReader(body, maxText+1))
	if err != nil {
		return except(codeCannotRead, "CANNOT_READ", "request body: %s", err)
	}
	if n > maxText {
		return except(codeTooLarge, "TOO_LARGE", "statement of more than %d bytes: send the INSERT in ?query= and the rows in the body", maxText)
	}
	if in, ok := splitInsert(text.String()); ok {
		req.setInsert(in, strings.NewReader(in.data))
		return nil
	}
	// The line break after a whole ?query= would be no part of it.
	if req.query = strings.TrimSuffix(text.String(), "\n"); n > 0 {
		req.query = text.String()
	}
	if keyword(req.query) == "" {
		return except(codeSyntax, "SYNTAX_ERROR", "Empty query")
	}
	return nil
}

func (req *request) setInsert(in insertText, rows io.Reader) {
	req.query, req.dataFormat, req.data = in.statement, in.format, rows
}

// formatClause finds a FORMAT at the end of a query.
var formatClause = regexp.MustCompile(`(?is)\sFORMAT\s+([a-z][a-z0-9_]*)\s*;?\s*$`)

// resultFormat is the format in which a query's result comes.
func (req *request) resultFormat() string {
	tail := req.query[max(0, len(req.query)-512):] // a query may be megabytes
	if m := formatClause.FindStringSubmatch(tail); m != nil {
		return m[1]
	}
	return req.format
}
