package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// requestTime is how long one request may take before it is given up.
const requestTime = 10 * time.Second

// answer is what an action gives: bytes, with what is to be known about them.
// A nil answer's error is written by the kind of the route.
type answer struct {
	Code  int    // 0: 200
	Type  string // Content-Type
	Cache string // Cache-Control
	Link  string // Link, "" for none
	Body  []byte

	// Of answers that are kept: the ETag, and the body under gzip.
	tag    string
	packed []byte
}

// packable says whether gzip makes the body smaller; pictures are packed already.
func (a *answer) packable() bool { return len(a.Body) >= 512 && a.Type != "image/png" }

// What may be kept for how long. Pages of ongoing outages are asked for every few
// seconds: they are always revalidated, and the ETag makes that cheap.
const (
	cacheShort = "public, max-age=2, stale-while-revalidate=10"
	cacheProse = "public, max-age=300"
	cacheEver  = "public, max-age=31536000, immutable"
	cacheNever = "no-store"
)

// action computes the answer to a request. It writes nothing itself, so a panic or
// an error half-way never leaves half a page.
type action func(r *http.Request) (*answer, error)

// kind is how a route meets the world: its headers, and the shape of its errors.
type kind int

const (
	asPage  kind = iota // a page of the site
	asAPI               // open to every origin, problem details
	asEmbed             // a page that others may frame
	asPlain             // assets, badges, probes
)

// handle wraps an action with everything that all routes share. Reads are the parameters
// that a page reads.
func (s *site) handle(pattern string, k kind, do action, reads ...string) http.Handler {
	total := func(code int) *metrics.Counter {
		return metrics.GetOrCreateCounter(fmt.Sprintf(`hugops_web_requests_total{route=%q,code="%d"}`, pattern, code))
	}
	seconds := metrics.GetOrCreateSummary(fmt.Sprintf(`hugops_web_request_seconds{route=%q}`, pattern))
	if k != asPlain {
		do = s.keeps(k, reads, do)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		s.headers(w.Header(), k)
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		r = r.WithContext(ctx)
		a, err := s.attempt(w, r, k, do)
		if err != nil {
			a = s.failure(w, r, k, err)
		}
		code := send(w, r, a)
		total(code).Inc()
		seconds.UpdateDuration(start)
	})
}

// guarded runs the action, and turns a panic into an error.
func (s *site) guarded(r *http.Request, do action) (a *answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			metrics.GetOrCreateCounter("hugops_web_panics_total").Inc()
			s.Log.Error("handler panicked", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			a, err = nil, fail(http.StatusInternalServerError, fmt.Errorf("panic: %v", p))
		}
	}()
	return do(r)
}

// attempt runs the action if the method is right and the client has not asked too often.
func (s *site) attempt(w http.ResponseWriter, r *http.Request, k kind, do action) (*answer, error) {
	allow := "GET, HEAD"
	if k == asAPI {
		allow = "GET, HEAD, OPTIONS"
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if k == asAPI && strings.HasPrefix(r.URL.Path, "/api/") { // what widgets ask for is not counted
			if err := s.limit.take(w.Header(), r); err != nil {
				return nil, err
			}
		}
		return s.guarded(r, do)
	case http.MethodOptions:
		if k == asAPI {
			return preflight(w.Header(), allow), nil
		}
	}
	w.Header().Set("Allow", allow)
	return nil, fail(http.StatusMethodNotAllowed, fmt.Errorf("method %s", r.Method))
}

// preflight answers a browser that asks before it asks (CORS), and costs nothing.
func preflight(h http.Header, allow string) *answer {
	h.Set("Allow", allow)
	h.Set("Access-Control-Allow-Methods", allow)
	h.Set("Access-Control-Allow-Headers", "If-None-Match, Last-Event-ID, Cache-Control")
	h.Set("Access-Control-Max-Age", "86400")
	return &answer{Code: http.StatusNoContent}
}

// Content-Security-Policy of the kinds. There is no inline script and no style
// attribute anywhere; default-src 'none' forbids whatever is not named.
const (
	cspPage = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	cspEmbed = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
	cspNone  = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func (s *site) headers(h http.Header, k kind) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), interest-cohort=()")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if strings.HasPrefix(s.Public, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	switch k {
	case asPage:
		h.Set("Content-Security-Policy", cspPage)
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
	case asEmbed:
		h.Set("Content-Security-Policy", cspEmbed)
		h.Set("Access-Control-Allow-Origin", "*") // in a sandbox it asks for itself from no origin
	default:
		h.Set("Content-Security-Policy", cspNone)
		h.Set("X-Frame-Options", "DENY")
	}
	if k == asAPI {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "ETag, Link, RateLimit, RateLimit-Policy, Retry-After")
	}
}

// send writes an answer: 304 if the client has it already, gzip if it may, no
// body for HEAD. It returns the status code.
func send(w http.ResponseWriter, r *http.Request, a *answer) int {
	h, code := w.Header(), a.Code
	if code == 0 {
		code = http.StatusOK
	}
	if a.Cache != "" {
		h.Set("Cache-Control", a.Cache)
	}
	if a.Link != "" {
		h.Set("Link", a.Link)
	}
	packable := a.packable()
	if packable {
		h.Set("Vary", "Accept-Encoding") // on 304 too
	}
	if code == http.StatusOK && a.Cache != cacheNever {
		tag := a.tag
		if tag == "" {
			tag = etag(a.Body)
		}
		h.Set("ETag", tag)
		if matches(r.Header.Values("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return http.StatusNotModified
		}
	}
	if a.Type != "" {
		h.Set("Content-Type", a.Type)
	}
	body := a.Body
	if packable && acceptsGzip(r.Header.Values("Accept-Encoding")) {
		if body = a.packed; body == nil {
			body = gzipped(a.Body, gzip.BestSpeed)
		}
		h.Set("Content-Encoding", "gzip")
	}
	if code != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		w.Write(body) // a client that has gone is no fault of ours
	}
	return code
}

// etag is weak: the same words may travel plain or compressed.
func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// matches is the weak comparison of RFC 9110, 13.1.2.
func matches(lines []string, tag string) bool {
	header := strings.Join(lines, ",")
	if header == "*" {
		return true
	}
	for one := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(one), "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3); q=0 is a refusal.
func acceptsGzip(lines []string) bool {
	star := false
	for one := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, param, _ := strings.Cut(strings.TrimSpace(one), ";")
		_, weight, _ := strings.Cut(strings.ReplaceAll(param, " ", ""), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		wanted := err != nil || q > 0
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			star = wanted
		}
	}
	return star
}

func gzipped(body []byte, level int) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, level) // the levels are valid
	z.Write(body)                          // a bytes.Buffer takes everything
	z.Close()
	return b.Bytes()
}
