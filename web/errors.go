package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/hugops/hugops"
)

// failure has two audiences: operators get the wrapped chain in the log, visitors
// a status and a safe sentence.
type failure struct {
	code int
	safe string // for visitors; "" says what the code says
	err  error
	more *problemType // what the API says beyond the code; nil: nothing
}

// problemType is what an error of the API says beyond its code.
type problemType struct {
	URI, Title string // URI is an address, or a path of the site
	Parameter  string // which one is wrong
	Violated   []string
}

// apiProblem is an error of the API (RFC 9457).
type apiProblem struct {
	Type      string   `json:"type"`
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Detail    string   `json:"detail"`
	Instance  string   `json:"instance"`
	Parameter string   `json:"parameter,omitempty"`
	Violated  []string `json:"violated-policies,omitempty"`
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(code int, err error) error { return &failure{code: code, err: err} }

// badParameter is a mistake in a parameter of the API; sentence says how to mend it.
func badParameter(name, sentence string) error {
	return &failure{http.StatusBadRequest, sentence, errors.New(sentence), &problemType{
		URI: "/problems/invalid-parameter", Title: "A parameter is not understood", Parameter: clip(name, 40),
	}}
}

// badRequest is an error that the visitor can mend; sentence says how.
func badRequest(sentence string) error {
	return &failure{code: http.StatusBadRequest, safe: sentence, err: errors.New(sentence)}
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
	http.StatusTooManyRequests:     "Too many requests came from your address. Please wait as long as Retry-After says.",
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
		return s.problemOf(r, err, code, sentence)
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

// problem answers an error of the API of which the code says all.
func problem(r *http.Request, code int, sentence string) *answer {
	return newProblem(r, code, sentence).answer()
}

// problemOf answers an error of the API, with what it says beyond the code.
func (s *site) problemOf(r *http.Request, err error, code int, sentence string) *answer {
	p := newProblem(r, code, sentence)
	var f *failure
	if errors.As(err, &f) && f.more != nil {
		p.Type, p.Title, p.Parameter, p.Violated = f.more.URI, f.more.Title, f.more.Parameter, f.more.Violated
		if strings.HasPrefix(p.Type, "/") {
			p.Type = s.base(r) + p.Type
		}
	}
	return p.answer()
}

func newProblem(r *http.Request, code int, sentence string) apiProblem {
	return apiProblem{Type: "about:blank", Title: http.StatusText(code), Status: code, Detail: sentence, Instance: r.URL.EscapedPath()}
}

func (p apiProblem) answer() *answer {
	body, _ := json.Marshal(p) // strings and a number always marshal
	return &answer{Code: p.Status, Type: "application/problem+json", Cache: cacheNever, Body: append(body, '\n')}
}

// problemPage says what a problem type of the API means.
func (s *site) problemPage(r *http.Request) (*answer, error) {
	if r.PathValue("name") != "invalid-parameter" {
		return nil, errNoPage
	}
	return s.render(r, "problem", cacheProse, view{Title: "A parameter is not understood", Nav: "data"})
}

func (s *site) noPage(*http.Request) (*answer, error) { return nil, errNoPage }
