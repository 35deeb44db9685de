package web

import (
	"encoding/binary"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// from makes a request of an address, with lines of X-Forwarded-For.
func from(peer string, forwarded ...string) *http.Request {
	r := httptest.NewRequest("GET", "/api/v1/outages", nil)
	r.RemoteAddr = peer
	for _, line := range forwarded {
		r.Header.Add("X-Forwarded-For", line)
	}
	return r
}

// TestClient is whose quota a request takes from. The proxies 10.1.0.0/16 and fd00::/8
// are trusted; nobody gets another's address by writing it into a header.
func TestClient(t *testing.T) {
	l := &limiter{trusted: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}, warn: func(netip.Addr) {}}
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "203.0.113.7:4000", nil, "203.0.113.7/32"},
		{"a header without a proxy", "203.0.113.7:4000", []string{"198.51.100.1"}, "203.0.113.7/32"},
		{"a trusted proxy", "10.1.0.1:4000", []string{"198.51.100.1"}, "198.51.100.1/32"},
		{"a proxy that adds nothing", "10.1.0.1:4000", nil, "10.1.0.1/32"},
		{"a proxy that is not trusted", "10.2.0.1:4000", []string{"198.51.100.1"}, "10.2.0.1/32"},
		{"two proxies", "10.1.0.1:4000", []string{"198.51.100.1, 10.1.0.2"}, "198.51.100.1/32"},
		{"two lines", "10.1.0.1:4000", []string{"198.51.100.1", "10.1.0.2"}, "198.51.100.1/32"},
		{"spoofed: the client wrote an address", "10.1.0.1:4000", []string{"192.0.2.99, 198.51.100.1"}, "198.51.100.1/32"},
		{"spoofed: the client wrote a line", "10.1.0.1:4000", []string{"192.0.2.99", "198.51.100.1"}, "198.51.100.1/32"},
		{"spoofed: the client wrote a trusted proxy", "10.1.0.1:4000", []string{"192.0.2.99, 10.1.0.9, 198.51.100.1"}, "198.51.100.1/32"},
		{"all are trusted", "10.1.0.1:4000", []string{"10.1.0.3, 10.1.0.2"}, "10.1.0.3/32"},
		{"nonsense", "10.1.0.1:4000", []string{"unknown"}, "10.1.0.1/32"},
		{"nonsense on the left", "10.1.0.1:4000", []string{"<script>, 10.1.0.2"}, "10.1.0.2/32"},
		{"an empty place", "10.1.0.1:4000", []string{"198.51.100.1,"}, "10.1.0.1/32"},
		{"an empty line", "10.1.0.1:4000", []string{""}, "10.1.0.1/32"},
		{"with a port", "10.1.0.1:4000", []string{"198.51.100.1:5000"}, "198.51.100.1/32"},
		{"IPv6 counts by its network", "[2001:db8:1:2:3:4:5:6]:4000", nil, "2001:db8:1:2::/64"},
		{"IPv6 behind a proxy", "[fd00::1]:4000", []string{"[2001:db8:1:2::9]:4000"}, "2001:db8:1:2::/64"},
		{"IPv6 in brackets", "[fd00::1]:4000", []string{"[2001:db8:1:2::9]"}, "2001:db8:1:2::/64"},
		{"IPv6 of a link", "[fe80::1%eth0]:4000", nil, "fe80::/64"},
		{"IPv4 within IPv6", "[::ffff:10.1.0.1]:4000", []string{"::ffff:198.51.100.1"}, "198.51.100.1/32"},
		{"no address", "@", nil, "invalid Prefix"},
	} {
		if got := network(l.client(from(c.peer, c.forwarded...))).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestQuota: as many requests as the quota at once, then one each time that its share of
// a minute has gone by; others are not touched.
func TestQuota(t *testing.T) {
	now := noon
	l := &limiter{perMinute: 6, now: func() time.Time { return now }}
	steps := []struct {
		wait      time.Duration
		peer      string
		ok        bool
		rateLimit string
		retry     string
	}{
		{0, "192.0.2.1:1", true, `"client";r=5;t=10`, ""},
		{4 * time.Second, "192.0.2.1:1", true, `"client";r=4;t=6`, ""},
		{0, "192.0.2.1:2", true, `"client";r=3;t=6`, ""},
		{0, "192.0.2.1:1", true, `"client";r=2;t=6`, ""},
		{0, "192.0.2.1:1", true, `"client";r=1;t=6`, ""},
		{0, "192.0.2.1:1", true, `"client";r=0;t=6`, ""},
		{0, "192.0.2.1:1", false, `"client";r=0;t=6`, "6"},
		{0, "192.0.2.2:1", true, `"client";r=5;t=10`, ""},
		{5 * time.Second, "192.0.2.1:1", false, `"client";r=0;t=1`, "1"},
		{time.Second, "192.0.2.1:1", true, `"client";r=0;t=10`, ""},
		{9500 * time.Millisecond, "192.0.2.1:1", false, `"client";r=0;t=1`, "1"},
		{time.Hour, "192.0.2.1:1", true, `"client";r=5;t=10`, ""},
	}
	for i, c := range steps {
		now = now.Add(c.wait)
		h := http.Header{}
		err := l.take(h, from(c.peer))
		if (err == nil) != c.ok || h.Get("RateLimit") != c.rateLimit || h.Get("Retry-After") != c.retry || h.Get("RateLimit-Policy") != `"client";q=6;w=60` {
			t.Errorf("step %d: %v, %v; want %+v", i, err, h, c)
		}
	}
}

// TestQuotaIsKept: a client who goes on asking, at whatever times, gets its quota and no
// more, also when the buckets of others are dropped.
func TestQuotaIsKept(t *testing.T) {
	now := noon
	l := &limiter{perMinute: 60, now: func() time.Time { return now }}
	taken := 0
	for range 5 * 60 * 4 { // four a second, five minutes
		now = now.Add(250 * time.Millisecond)
		if l.take(http.Header{}, from("192.0.2.1:1")) == nil {
			taken++
		}
	}
	if want := 60 + 5*60; taken < want-1 || taken > want+1 {
		t.Errorf("%d requests in five minutes, want %d", taken, want)
	}
}

// TestClientsAreBounded: many clients do not fill the memory, and do not empty the
// bucket of one who asks all the time.
func TestClientsAreBounded(t *testing.T) {
	l := &limiter{perMinute: 10, now: func() time.Time { return noon }}
	left := 10
	for i := range 5 * maxClients {
		if i%(maxClients/2) == 0 {
			if ok := l.take(http.Header{}, from("192.0.2.1:1")) == nil; ok != (left > 0) {
				t.Fatalf("after %d others: %v with %d left", i, ok, left)
			}
			left = max(0, left-1)
		}
		var a [16]byte
		a[0] = 0x20
		binary.BigEndian.PutUint32(a[4:], uint32(i))
		l.bucket(network(netip.AddrFrom16(a)), noon)
		if n := len(l.young) + len(l.old); n > 2*maxClients {
			t.Fatalf("%d buckets", n)
		}
	}
}

// TestLimitedSite: the API is limited, everything else is not; asking what may be asked
// is free; the answer is a problem that says how long to wait.
func TestLimitedSite(t *testing.T) {
	h := newSite(t, fixtures(), func(c *Config) { c.RateLimit = 3 })
	for _, free := range []string{"/", "/outages/nimbus-2026-11-22", "/badge/nimbus-2026-11-22.svg", "/embed/nimbus-2026-11-22", "/widget.js", "/healthz", "/outages.atom"} {
		for range 5 {
			if w := get(t, h, free); w.Code != 200 || w.Header().Get("RateLimit") != "" {
				t.Fatalf("%s: %d, %s", free, w.Code, w.Header().Get("RateLimit"))
			}
		}
	}
	tag := get(t, h, "/api/v1/outages").Header().Get("ETag")
	for range 9 {
		if w := ask(t, h, "OPTIONS", "/api/v1/outages"); w.Code != 204 {
			t.Fatalf("OPTIONS: %d", w.Code)
		}
	}
	if w := get(t, h, "/api/v1/outages", "If-None-Match", tag); w.Code != 304 || w.Header().Get("RateLimit") != `"client";r=1;t=20` {
		t.Errorf("unchanged: %d, %s", w.Code, w.Header().Get("RateLimit"))
	}
	if w := ask(t, h, "HEAD", "/api/v1/outages/nimbus-2026-11-22/series.csv"); w.Code != 200 || w.Header().Get("RateLimit") != `"client";r=0;t=20` {
		t.Errorf("HEAD: %d, %s", w.Code, w.Header().Get("RateLimit"))
	}
	for _, path := range []string{"/api/v1/outages", "/api/v1/nothing", "/api/v1/outages/nimbus-2026-11-22/coverage.csv"} {
		w := get(t, h, path)
		var p apiProblem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if w.Code != 429 || w.Header().Get("Retry-After") != "20" || w.Header().Get("Cache-Control") != cacheNever || w.Header().Get("Access-Control-Allow-Origin") != "*" ||
			p.Type != "https://iana.org/assignments/http-problem-types#quota-exceeded" || !slices.Equal(p.Violated, []string{"client"}) || p.Detail == "" {
			t.Errorf("%s: %d %v %+v", path, w.Code, w.Header(), p)
		}
	}
	if w := get(t, newSite(t, fixtures()), "/api/v1/outages"); w.Header().Get("RateLimit") != "" || w.Header().Get("RateLimit-Policy") != "" {
		t.Error("a site without a limit tells of one")
	}
	if _, err := New(Config{Store: fixtures(), RateLimit: -1}); err == nil {
		t.Error("a limit of -1 was accepted")
	}
}

// TestUntrustedProxy: the operator is told once of a proxy nearby that nobody named.
func TestUntrustedProxy(t *testing.T) {
	var told []string
	l := &limiter{perMinute: 9, now: time.Now, warn: func(a netip.Addr) { told = append(told, a.String()) }}
	l.take(http.Header{}, from("203.0.113.7:1", "192.0.2.1")) // anybody may write a header
	for range 3 {
		l.take(http.Header{}, from("127.0.0.1:1", "192.0.2.1"))
	}
	if strings.Join(told, " ") != "127.0.0.1" {
		t.Errorf("told of %q", told)
	}
}

func TestLimiterAtOnce(t *testing.T) {
	l := &limiter{perMinute: 100, now: func() time.Time { return noon }, warn: func(netip.Addr) {}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	taken := 0
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if l.take(http.Header{}, from("192.0.2.1:1", "x")) == nil {
					mu.Lock()
					taken++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if taken != 100 {
		t.Errorf("%d requests, want 100", taken)
	}
}

// TestBehindAProxy: two people who come through a real proxy have a quota each, also when
// one of them writes the other's address into a header.
func TestBehindAProxy(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has more than one loopback address without further ado")
	}
	site := httptest.NewServer(newSite(t, fixtures(), func(c *Config) {
		c.RateLimit, c.TrustedProxies = 3, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	}))
	defer site.Close()
	target, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"] // as many proxies do
		r.SetXForwarded()
	}})
	defer proxy.Close()
	person := func(ip, claims string) (code int, rateLimit string) {
		t.Helper()
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true,
			DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}).DialContext}}
		r, err := http.NewRequest("GET", proxy.URL+"/api/v1/outages", nil)
		if err != nil {
			t.Fatal(err)
		}
		if claims != "" {
			r.Header.Set("X-Forwarded-For", claims)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode, answer.Header.Get("RateLimit")
	}
	for i, c := range []struct {
		ip, claims string
		code       int
		rateLimit  string
	}{
		{"127.0.0.2", "", 200, `"client";r=2;t=20`},
		{"127.0.0.2", "127.0.0.3", 200, `"client";r=1;t=20`},
		{"127.0.0.2", "127.0.0.3, 127.0.0.1", 200, `"client";r=0;t=20`},
		{"127.0.0.2", "127.0.0.4", 429, `"client";r=0;t=20`},
		{"127.0.0.3", "", 200, `"client";r=2;t=20`},
	} {
		if code, rateLimit := person(c.ip, c.claims); code != c.code || rateLimit != c.rateLimit {
			t.Errorf("request %d: %d %s, want %d %s", i, code, rateLimit, c.code, c.rateLimit)
		}
	}
}

// FuzzClient: whatever stands in the headers, a client who is not a proxy is who he is,
// and a proxy never makes the reader fail.
func FuzzClient(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "a, b,,", "[::1]:80", "10.1.0.1, 10.1.0.1", "fe80::1%eth0", "1.2.3.4:99999"} {
		f.Add(s)
	}
	l := &limiter{trusted: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, warn: func(netip.Addr) {}}
	f.Fuzz(func(t *testing.T, header string) {
		if got := l.client(from("203.0.113.7:1", header)); got.String() != "203.0.113.7" {
			t.Errorf("%q made it %s", header, got)
		}
		if got := l.client(from("10.1.0.1:1", header)); !got.IsValid() {
			t.Errorf("%q made it nobody", header)
		}
		if got := l.client(from("10.1.0.1:1", header, "198.51.100.1")); got.String() != "198.51.100.1" {
			t.Errorf("%q before the proxy's own word made it %s", header, got)
		}
	})
}
