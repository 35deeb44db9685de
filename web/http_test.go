package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
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
		if got := acceptsGzip([]string{header}); got != want {
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
		acceptsGzip([]string{s})
		if tag := etag([]byte(s)); !matches([]string{s, tag}, tag) {
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
		{"OPTIONS", "/api/v1/outages", 204, "GET, HEAD, OPTIONS", true},
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

// TestPreflight: a browser may ask with what it remembers, and read what it is told.
func TestPreflight(t *testing.T) {
	h := newSite(t, fixtures())
	w := ask(t, h, "OPTIONS", "/api/v1/outages/nimbus-2026-11-22", "Origin", "https://status.example", "Access-Control-Request-Method", "GET",
		"Access-Control-Request-Headers", "last-event-id")
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS", "Access-Control-Max-Age": "86400",
		"Access-Control-Allow-Headers": "If-None-Match, Last-Event-ID, Cache-Control", "Content-Length": "", "RateLimit": "", "Access-Control-Allow-Credentials": "",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := get(t, h, "/api/v1/outages").Header().Get("Access-Control-Expose-Headers"); got != "ETag, Link, RateLimit, RateLimit-Policy, Retry-After" {
		t.Errorf("readable: %s", got)
	}
}

// TestNotModified: a 304 says what its 200 would have said to caches (RFC 9110, 15.4.5),
// and whatever way headers are split over lines.
func TestNotModified(t *testing.T) {
	h := newSite(t, fixtures())
	for _, path := range []string{"/api/v1/outages", "/api/v1/outages/hopscotch-3/series.csv", "/api/v1/openapi.json", "/healthz", "/badge/nimbus-2026-11-22.svg", "/"} {
		full := get(t, h, path, "Accept-Encoding", "gzip")
		r := httptest.NewRequest("GET", path, nil)
		r.Header["If-None-Match"] = []string{`"other"`, full.Header().Get("ETag")}
		w := newRecorder()
		h.ServeHTTP(w, r)
		if full.Header().Get("ETag") == "" {
			if w.Code != 200 {
				t.Errorf("%s without an ETag: %d", path, w.Code)
			}
			continue
		}
		for _, name := range []string{"ETag", "Cache-Control", "Vary", "Content-Location", "Expires"} {
			if got, want := w.Header().Get(name), full.Header().Get(name); w.Code != 304 || got != want {
				t.Errorf("%s: %d, %s %q, want %q", path, w.Code, name, got, want)
			}
		}
		if w.Header().Get("Content-Type")+w.Header().Get("Content-Encoding")+w.Header().Get("Content-Length") != "" {
			t.Errorf("%s: a 304 describes a body: %v", path, w.Header())
		}
		head := ask(t, h, "HEAD", path, "Accept-Encoding", "gzip")
		for _, name := range []string{"Content-Length", "Content-Type", "Content-Encoding", "ETag", "Vary"} {
			if got, want := head.Header().Get(name), full.Header().Get(name); got != want || head.Body.Len() > 0 {
				t.Errorf("HEAD %s: %s %q, want %q", path, name, got, want)
			}
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
		{"", strings.Repeat("a.", 124) + "bcdef:65535", "", "http://" + strings.Repeat("a.", 124) + "bcdef:65535"},
		{"", strings.Repeat("x", 60_000), "", "http://localhost"}, // in each of thousands of links
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
		"a path":     {Store: fixtures(), Public: "https://hugops.example/below"},
		"no contact": {Store: fixtures(), Contact: "javascript:alert(1)"}, "a name": {Store: fixtures(), Contact: "Ada <ada@hugops.example>"},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestSearch: what is asked for stands in the list, and the link to more keeps it.
func TestSearch(t *testing.T) {
	h := newSite(t, crowded())
	for _, c := range []struct {
		query       string
		rows        int
		more        string
		has, hasNot string
	}{
		{"", 4 + aPage, `Older outages`, `data-key="nimbus-2026-11-22"`, `data-key="pay-29"`},
		{"?q=payments+PENNY", aPage, `&amp;q=payments&#43;PENNY`, `data-key="pay-00"`, `data-key="nimbus-2026-11-22"`},
		{"?q=teapot&days=3", 0, "", "No such outage that we know of.", `data-key="teapot-video-2"`},
		{"?q=teapot&days=7", 1, "", `data-key="teapot-video-2"`, "Older outages"},
		{"?network=bluesky", 1, `<option value="bluesky" selected>`, `data-key="nimbus-2026-11-22"`, `data-key="thicket-12"`},
	} {
		body := get(t, h, "/"+c.query).Body.String()
		if n := strings.Count(body, `<li class="outage"`); n != c.rows {
			t.Errorf("%q: %d rows, want %d", c.query, n, c.rows)
		}
		if !strings.Contains(body, c.has) || strings.Contains(body, c.hasNot) || !strings.Contains(body, c.more) {
			t.Errorf("%q: misses %s or %s, or has %s", c.query, c.has, c.more, c.hasNot)
		}
	}
	for _, bad := range []string{"days=x", "network=myspace", "after=now", "after=2026-11-22T11:14:00Z", "after=2026-11-22T11:14:00Z,%22%3E", "after=,id"} {
		if w := get(t, h, "/?"+bad); w.Code != 400 {
			t.Errorf("%s: %d, want 400", bad, w.Code)
		}
	}
}

// crowded are the fixtures with thirty older outages of one service.
func crowded() *shelf {
	store := fixtures()
	for i := range 30 {
		d := pennywhistle()
		d.Outage.ID = fmt.Sprintf("pay-%02d", i)
		d.Outage.StartedAt = d.Outage.StartedAt.AddDate(0, 0, -5-i)
		d.Outage.EndedAt = d.Outage.StartedAt.Add(time.Hour)
		store.details = append(store.details, d)
	}
	return store
}

// TestOlder: the links to older outages lead through all of them, once each.
func TestOlder(t *testing.T) {
	h := newSite(t, crowded())
	link, row := regexp.MustCompile(`href="([^"]*after=[^"]*)"`), regexp.MustCompile(`<li class="outage" data-key="([^"]*)"`)
	for start, want := range map[string]int{"/": 37, "/?q=pay": 31, "/services/pennywhistle-pay": 31} {
		seen := map[string]int{}
		for path, pages := start, 0; path != ""; pages++ {
			if pages > 4 {
				t.Fatalf("%s: no end of pages", start)
			}
			w := get(t, h, path)
			if w.Code != 200 {
				t.Fatalf("%s: %d", path, w.Code)
			}
			for _, m := range row.FindAllStringSubmatch(w.Body.String(), -1) {
				seen[m[1]]++
			}
			path = ""
			if m := link.FindStringSubmatch(w.Body.String()); m != nil {
				path = html.UnescapeString(m[1])
			}
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s: %s stands %d times", start, id, n)
			}
		}
		if len(seen) != want {
			t.Errorf("%s: %d outages, want %d", start, len(seen), want)
		}
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
