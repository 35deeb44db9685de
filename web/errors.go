package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/hugops/hugops"
)

// failure has two audiences: operators get the wrapped chain in the log, visitors
// a status and a safe sentence.
type failure struct {
	code int
	safe string // for visitors; "" says what the code says
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(code int, err error) error { return &failure{code: code, err: err} }

// badRequest is an error that the visitor can mend; sentence says how.
func badRequest(sentence string) error {
	return &failure{http.StatusBadRequest, sentence, errors.New(sentence)}
}

var errNoPage = fail(http.StatusNotFound, errors.New("no such page"))

// classify gives any error its status code and sentence.
func classify(err error) (code int, sentence string) {
	var f *failure
	switch {
	case errors.As(err, &f):
		code, sentence = f.code, f.safe
	case errors.Is(err, hugops.ErrNotFound):
		code = http.StatusNotFound
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		code = http.StatusServiceUnavailable
	default:
		code = http.StatusInternalServerError
	}
	if sentence == "" {
		sentence = sentences[code]
	}
	return code, sentence
}

var sentences = map[int]string{
	http.StatusNotFound:            "The address may have moved, or the outage was joined with another.",
	http.StatusMethodNotAllowed:    "Everything here is for reading: use GET or HEAD.",
	http.StatusServiceUnavailable:  "The figures take too long right now. Please try again in a moment.",
	http.StatusInternalServerError: "Something broke on our side; the address is right.",
}

var headings = map[int]string{
	http.StatusNotFound:            "There is no page here.",
	http.StatusBadRequest:          "We do not understand this address.",
	http.StatusMethodNotAllowed:    "This page can only be read.",
	http.StatusServiceUnavailable:  "Too slow, for once.",
	http.StatusInternalServerError: "This page is down.",
}

// failure turns an error into the answer of its kind of route, and logs what is
// our fault.
func (s *site) failure(w http.ResponseWriter, r *http.Request, k kind, err error) *answer {
	code, sentence := classify(err)
	if code >= 500 && r.Context().Err() != context.Canceled {
		s.Log.Error("request failed", "path", r.URL.Path, "code", code, "err", err)
	}
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	switch k {
	case asAPI:
		return problem(r, code, sentence)
	case asPlain:
		return &answer{Code: code, Type: "text/plain; charset=utf-8", Cache: cacheNever, Body: []byte(sentence + "\n")}
	}
	a, err := s.errorPage(r, k, code, sentence)
	if err != nil {
		s.Log.Error("error page failed", "err", err)
		return &answer{Code: code, Type: "text/plain; charset=utf-8", Cache: cacheNever, Body: []byte(sentence + "\n")}
	}
	return a
}

// problem is an error of the API: RFC 9457 without a type of its own.
func problem(r *http.Request, code int, sentence string) *answer {
	body, _ := json.Marshal(struct { // strings and a number always marshal
		Type     string `json:"type"`
		Title    string `json:"title"`
		Status   int    `json:"status"`
		Detail   string `json:"detail"`
		Instance string `json:"instance"`
	}{"about:blank", http.StatusText(code), code, sentence, r.URL.EscapedPath()})
	return &answer{Code: code, Type: "application/problem+json", Cache: cacheNever, Body: append(body, '\n')}
}

func (s *site) noPage(*http.Request) (*answer, error) { return nil, errNoPage }
