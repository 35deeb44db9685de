package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
)

// TestHeaders is what every kind of answer says about itself.
func TestHeaders(t *testing.T) {
	const none = "\x00" // the header must be missing
	for _, c := range []struct {
		path string
		code int
		want map[string]string
	}{
		{"/", 200, map[string]string{"Content-Type": "text/html; charset=utf-8", "Cache-Control": cacheShort,
			"Content-Security-Policy": cspPage, "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
			"Access-Control-Allow-Origin": none, "Set-Cookie": none, "Strict-Transport-Security": "max-age=31536000"}},
		{"/outages/nimbus-2026-11-22", 200, map[string]string{"Content-Security-Policy": cspPage, "X-Frame-Options": "DENY"}},
		{"/methodology", 200, map[string]string{"Cache-Control": cacheProse, "Content-Security-Policy": cspPage}},
		{"/embed/nimbus-2026-11-22", 200, map[string]string{"Content-Security-Policy": cspEmbed, "X-Frame-Options": none,
			"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*", "Set-Cookie": none}},
		{"/embed/unknown", 404, map[string]string{"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": cspEmbed, "Cache-Control": cacheNever}},
		{"/api/v1/outages", 200, map[string]string{"Content-Type": "application/json", "Access-Control-Allow-Origin": "*",
			"Content-Security-Policy": cspNone, "Cross-Origin-Resource-Policy": "cross-origin", "Set-Cookie": none}},
		{"/api/v1/outages/nimbus-2026-11-22/series.csv", 200, map[string]string{"Content-Type": "text/csv; charset=utf-8", "Access-Control-Allow-Origin": "*"}},
		{"/api/v1/outages/unknown", 404, map[string]string{"Content-Type": "application/problem+json", "Access-Control-Allow-Origin": "*", "Cache-Control": cacheNever, "ETag": none}},
		{"/widget.js", 200, map[string]string{"Content-Type": "text/javascript; charset=utf-8", "Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": cacheProse}},
		{"/badge/nimbus-2026-11-22.svg", 200, map[string]string{"Content-Type": "image/svg+xml", "Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "public, max-age=60"}},
		{"/favicon.ico", 200, map[string]string{"Content-Type": "image/svg+xml"}},
		{"/healthz", 200, map[string]string{"Content-Type": "text/plain; charset=utf-8", "Cache-Control": cacheNever, "ETag": none}},
		{"/readyz", 200, map[string]string{"Cache-Control": cacheNever}},
		{"/metrics", 200, map[string]string{"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}},
		{"/nothing/here", 404, map[string]string{"Content-Type": "text/html; charset=utf-8", "Cache-Control": cacheNever, "Content-Security-Policy": cspPage}},
		{"/outages/unknown", 404, map[string]string{"Content-Type": "text/html; charset=utf-8"}},
		{"/outages/" + strings.Repeat("x", 129), 404, nil},
		{"/badge/unknown.svg", 404, map[string]string{"Content-Type": "image/svg+xml"}},
		{"/badge/nimbus-2026-11-22.png", 200, map[string]string{"Content-Type": "image/png", "Cache-Control": "public, max-age=60", "Vary": none}},
		{"/badge/nimbus-2026-11-22.json", 200, map[string]string{"Content-Type": "application/json"}},
		{"/badge/nimbus-2026-11-22.gif", 404, nil},
		{"/badge/nimbus-2026-11-22", 404, nil},
		{"/badge/service/thicket-code.svg", 200, map[string]string{"Content-Type": "image/svg+xml"}},
		{"/badge/service/unknown.png", 404, map[string]string{"Content-Type": "image/png"}},
		{"/badge/service/unknown.json", 200, nil}, // Shields draws nothing from a 404
		{"/card/nimbus-2026-11-22.png", 200, map[string]string{"Content-Type": "image/png", "Cross-Origin-Resource-Policy": "cross-origin", "Content-Security-Policy": cspNone}},
		{"/card/nimbus-2026-11-22.svg", 200, map[string]string{"Content-Type": "image/svg+xml"}},
		{"/card/unknown.png", 404, nil},
		{"/card/nimbus-2026-11-22", 404, nil},
		{"/embed/service/thicket-code", 200, map[string]string{"Content-Security-Policy": cspEmbed, "X-Frame-Options": none}},
		{"/embed/service/unknown", 404, map[string]string{"Content-Security-Policy": cspEmbed}},
		{"/embed", 200, map[string]string{"Content-Security-Policy": cspPage}},
		{"/embed?show=everything", 400, nil},
		{"/embed?outage=unknown", 400, nil},
		{"/embed?service=unknown", 400, nil},
		{"/widget/nimbus-2026-11-22", 200, map[string]string{"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "Cache-Control": cacheWidget, "Set-Cookie": none}},
		{"/widget/unknown", 404, map[string]string{"Access-Control-Allow-Origin": "*"}},
		{"/widget/service/unknown", 404, nil},
		{"/api/v2/outages", 404, map[string]string{"Content-Type": "application/problem+json"}},
		{"/assets/site.css", 404, nil}, // only with the hash
	} {
		t.Run(c.path, func(t *testing.T) {
			w := get(t, newSite(t, fixtures()), c.path)
			if w.Code != c.code {
				t.Fatalf("code %d, want %d", w.Code, c.code)
			}
			c.want = merge(c.want, map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin"})
			for name, want := range c.want {
				got := w.Header().Get(name)
				if want == none && got != "" || want != none && got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func merge(maps ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range maps {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// TestUnchanged: what the client has is not sent again, and what changed is.
func TestUnchanged(t *testing.T) {
	store := fixtures()
	h := newSite(t, store)
	for _, path := range []string{"/", "/outages/chatterbee-7", "/api/v1/outages", "/badge/chatterbee-7.svg", "/badge/chatterbee-7.png", "/card/chatterbee-7.png", "/widget.js", "/widget/chatterbee-7", "/embed/chatterbee-7"} {
		first := get(t, h, path)
		tag := first.Header().Get("ETag")
		if tag == "" {
			t.Errorf("%s has no ETag", path)
			continue
		}
		for _, v := range []string{tag, "*", `"other", ` + tag, strings.TrimPrefix(tag, "W/")} {
			if w := get(t, h, path, "If-None-Match", v); w.Code != http.StatusNotModified || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
				t.Errorf("%s with If-None-Match %s: %d, %d bytes, ETag %s", path, v, w.Code, w.Body.Len(), w.Header().Get("ETag"))
			}
		}
		if w := get(t, h, path, "If-None-Match", `W/"other"`); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s with another ETag: %d", path, w.Code)
		}
	}
	before := get(t, h, "/outages/chatterbee-7").Header().Get("ETag")
	store.details[2].Index.Support++
	if after := get(t, h, "/outages/chatterbee-7").Header().Get("ETag"); after == before {
		t.Error("a new post does not change the page's ETag")
	}
}

func TestGzip(t *testing.T) {
	h := newSite(t, fixtures())
	plain := get(t, h, "/")
	packed := get(t, h, "/", "Accept-Encoding", "br, gzip")
	if packed.Header().Get("Content-Encoding") != "gzip" || packed.Header().Get("Vary") != "Accept-Encoding" || plain.Header().Get("Content-Encoding") != "" {
		t.Errorf("headers: %v", packed.Header())
	}
	if packed.Header().Get("ETag") != plain.Header().Get("ETag") {
		t.Error("plain and packed differ in their weak ETag")
	}
	if packed.Header().Get("Content-Length") != fmt.Sprint(packed.Body.Len()) {
		t.Error("Content-Length is not that of the packed body")
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(z); err != nil || !bytes.Equal(body, plain.Body.Bytes()) {
		t.Errorf("unpacked body differs: %v", err)
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "br, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.000": false, "*": true,
		"*;q=0": false, "identity": false, "deflate, *;q=0.1": true, "gzip;q=0, *": false, "gzip;q=x": true, ";;,=,": false,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("acceptsGzip(%q) = %v", header, got)
		}
	}
}

// FuzzRequestHeaders: no header makes the readers fail.
func FuzzRequestHeaders(f *testing.F) {
	for _, s := range []string{"gzip;q=0.5, *", `W/"a", "b"`, "*", ",,;q=", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		acceptsGzip(s)
		if tag := etag([]byte(s)); !matches(s+", "+tag, tag) {
			t.Errorf("a list that ends with %s does not match it: %q", tag, s)
		}
	})
}

func TestMethods(t *testing.T) {
	h := newSite(t, fixtures())
	for _, c := range []struct {
		method, path string
		code         int
		allow        string
		empty        bool
	}{
		{"HEAD", "/", 200, "", true},
		{"HEAD", "/api/v1/outages/nimbus-2026-11-22", 200, "", true},
		{"HEAD", "/outages/unknown", 404, "", true},
		{"POST", "/", 405, "GET, HEAD", false},
		{"DELETE", "/api/v1/outages/nimbus-2026-11-22", 405, "GET, HEAD, OPTIONS", false},
		{"OPTIONS", "/api/v1/outages", 204, "", true},
		{"OPTIONS", "/", 405, "GET, HEAD", false},
	} {
		w := ask(t, h, c.method, c.path)
		if w.Code != c.code || w.Header().Get("Allow") != c.allow || (w.Body.Len() == 0) != c.empty {
			t.Errorf("%s %s: %d, Allow %q, %d bytes", c.method, c.path, w.Code, w.Header().Get("Allow"), w.Body.Len())
		}
	}
	if w := ask(t, h, "HEAD", "/"); w.Header().Get("Content-Length") != fmt.Sprint(get(t, h, "/").Body.Len()) {
		t.Error("HEAD does not say the length of GET")
	}
}

// moody is a store in trouble.
type moody struct {
	shelf
	panics bool
}

func (m *moody) Detail(ctx context.Context, id string, now time.Time) (hugops.Detail, error) {
	if m.panics {
		panic("secret of the store")
	}
	return m.shelf.Detail(ctx, id, now)
}

// TestTrouble: visitors get a status and a safe sentence, never the cause.
func TestTrouble(t *testing.T) {
	secret := errors.New("dial tcp 10.1.2.3:8123: secret of the store")
	for _, c := range []struct {
		name  string
		store Store
		path  string
		code  int
	}{
		{"broken store, page", &moody{shelf: shelf{err: secret}}, "/", 500},
		{"broken store, API", &moody{shelf: shelf{err: secret}}, "/api/v1/outages", 500},
		{"broken store, iframe", &moody{shelf: shelf{err: secret}}, "/embed/x", 500},
		{"broken store, badge", &moody{shelf: shelf{err: secret}}, "/badge/x.svg", 500},
		{"too slow", &moody{shelf: shelf{err: fmt.Errorf("secret: %w", context.DeadlineExceeded)}}, "/api/v1/outages/x", 503},
		{"panic, page", &moody{panics: true}, "/outages/x", 500},
		{"panic, API", &moody{panics: true}, "/api/v1/outages/x/series", 500},
		{"not ready", &moody{shelf: shelf{err: secret}}, "/readyz", 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(t, newSite(t, c.store), c.path)
			if w.Code != c.code || w.Body.Len() == 0 {
				t.Errorf("code %d, %d bytes; want %d", w.Code, w.Body.Len(), c.code)
			}
			if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "10.1.2.3") {
				t.Errorf("the visitor reads the cause: %s", w.Body)
			}
			if c.code == 503 && c.path != "/readyz" && w.Header().Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
		})
	}
}

func TestProblemDetails(t *testing.T) {
	h := newSite(t, fixtures())
	for _, c := range []struct {
		path   string
		code   int
		detail string
	}{
		{"/api/v1/outages/unknown", 404, "The address may have moved, or the outage was joined with another."},
		{"/api/v1/outages/nimbus-2026-11-22/series?bucket=90s", 400, "bucket is a length of whole minutes from 1m to 24h, for example 5m."},
		{"/api/v1/outages/nimbus-2026-11-22/series?bucket=0", 400, "bucket is a length of whole minutes from 1m to 24h, for example 5m."},
		{"/api/v1/outages/nimbus-2026-11-22/series.csv?bucket=48h", 400, "bucket is a length of whole minutes from 1m to 24h, for example 5m."},
		{"/api/v1/outages?limit=0", 400, "limit is a whole number from 1 to 500."},
		{"/api/v1/outages?limit=x", 400, "limit is a whole number from 1 to 500."},
		{"/api/v1/outages?open=maybe", 400, "open is true or false."},
	} {
		w := get(t, h, c.path)
		var p struct {
			Type, Title, Detail, Instance string
			Status                        int
		}
		d := json.NewDecoder(w.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		path, _, _ := strings.Cut(c.path, "?")
		if w.Code != c.code || p.Status != c.code || p.Type != "about:blank" || p.Title != http.StatusText(c.code) || p.Detail != c.detail || p.Instance != path {
			t.Errorf("%s: %d %+v", c.path, w.Code, p)
		}
	}
}

// TestBase: the address in links is the configured one, or that of the request,
// but never what a hostile Host header says.
func TestBase(t *testing.T) {
	for _, c := range []struct{ public, host, proto, want string }{
		{"https://hugops.example/", "ignored.example", "", "https://hugops.example"},
		{"http://a.example:8080", "x", "", "http://a.example:8080"},
		{"", "status.example:8080", "", "http://status.example:8080"},
		{"", "status.example", "https", "https://status.example"},
		{"", `x"><script>`, "", "http://localhost"},
		{"", "evil.example/path?", "", "http://localhost"},
	} {
		h := newSite(t, fixtures(), func(cfg *Config) { cfg.Public = c.public })
		r, _ := http.NewRequest("GET", "/api/v1/outages?limit=1", nil)
		r.Host = c.host
		r.Header.Set("X-Forwarded-Proto", c.proto)
		w := newRecorder()
		h.ServeHTTP(w, r)
		var got struct {
			Outages []struct{ Links struct{ HTML string } }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if link := got.Outages[0].Links.HTML; link != c.want+"/outages/hopscotch-3" {
			t.Errorf("public %q, host %q: %s, want %s/…", c.public, c.host, link, c.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]Config{
		"no store": {}, "no scheme": {Store: fixtures(), Public: "hugops.example"}, "script": {Store: fixtures(), Public: "javascript:alert(1)"},
		"a path": {Store: fixtures(), Public: "https://hugops.example/below"},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestSearch: what is asked for stands in the list, and the link to more keeps it.
func TestSearch(t *testing.T) {
	store := fixtures()
	for i := range 30 {
		d := pennywhistle()
		d.Outage.ID = fmt.Sprintf("pay-%02d", i)
		store.details = append(store.details, d)
	}
	h := newSite(t, store)
	for _, c := range []struct {
		query       string
		rows        int
		more        string
		has, hasNot string
	}{
		{"", 4 + lately, `href="/?all=1"`, `data-key="nimbus-2026-11-22"`, `data-key="pay-29"`},
		{"?all=1", 4 + 33, "", `data-key="pay-29"`, "Older outages"},
		{"?q=payments+PENNY", lately, `href="/?all=1&amp;q=payments&#43;PENNY"`, `data-key="pay-00"`, `data-key="nimbus-2026-11-22"`},
		{"?q=teapot&days=3", 0, "", "No outage in these days that we know of.", `data-key="teapot-video-2"`},
		{"?q=teapot&days=7", 1, "", `data-key="teapot-video-2"`, "Older outages"},
	} {
		body := get(t, h, "/"+c.query).Body.String()
		if n := strings.Count(body, `<li class="outage"`); n != c.rows {
			t.Errorf("%q: %d rows, want %d", c.query, n, c.rows)
		}
		if !strings.Contains(body, c.has) || strings.Contains(body, c.hasNot) || !strings.Contains(body, c.more) {
			t.Errorf("%q: misses %s or %s, or has %s", c.query, c.has, c.more, c.hasNot)
		}
	}
	if w := get(t, h, "/?days=x"); w.Code != 400 {
		t.Errorf("days=x: %d", w.Code)
	}
}

// TestMetrics: requests are counted by route and code.
func TestMetrics(t *testing.T) {
	h := newSite(t, fixtures(), func(c *Config) { c.Metrics = func(w io.Writer) { metrics.WritePrometheus(w, false) } })
	get(t, h, "/outages/unknown-to-all")
	body := get(t, h, "/metrics").Body.String()
	if !strings.Contains(body, `hugops_web_requests_total{route="/outages/{id}",code="404"}`) {
		t.Errorf("metrics: %s", body)
	}
	if w := get(t, newSite(t, fixtures(), func(c *Config) { c.Metrics = nil }), "/metrics"); w.Code != 404 {
		t.Errorf("without metrics: %d", w.Code)
	}
}
