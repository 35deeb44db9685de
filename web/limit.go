package web

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"golang.org/x/time/rate"
)

// limiter gives every client the same number of requests a minute: a bucket of so many
// tokens, filled evenly. It says how many are left in the fields of
// draft-ietf-httpapi-ratelimit-headers-11.
type limiter struct {
	perMinute int
	trusted   []netip.Prefix
	now       func() time.Time
	warn      func(proxy netip.Addr) // called once, for a proxy that is not trusted

	mu         sync.Mutex
	young, old map[netip.Prefix]*rate.Limiter
	turned     time.Time // when the old were young
	warned     bool
}

// maxClients is how many buckets the limiter has at most, twice. A bucket that was not
// used for a minute is full, so nothing is lost with it; only where more clients than
// this come within a minute are some forgotten too early.
const maxClients = 1 << 15

var limitedTotal = metrics.NewCounter("hugops_web_limited_total")

// errQuota is what a client reads who asks too often.
var errQuota = &failure{code: http.StatusTooManyRequests, err: errors.New("too many requests"), more: &problemType{
	URI:      "https://iana.org/assignments/http-problem-types#quota-exceeded",
	Title:    "Request cannot be satisfied as assigned quota has been exceeded",
	Violated: []string{policy},
}}

// policy is the name of the only quota there is.
const policy = "client"

// take takes a token of the client who asks, and notes in h what is left. Without one the
// error is errQuota.
func (l *limiter) take(h http.Header, r *http.Request) error {
	if l.perMinute == 0 {
		return nil
	}
	now := l.now()
	bucket := l.bucket(network(l.client(r)), now)
	ok := bucket.AllowN(now, 1)
	left := bucket.TokensAt(now)
	// The next token comes when the broken one is whole.
	wait := (math.Floor(left) + 1 - left) / float64(bucket.Limit())
	seconds := strconv.Itoa(max(1, int(math.Ceil(wait))))
	h.Set("RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;w=60`, policy, l.perMinute))
	h.Set("RateLimit", fmt.Sprintf(`"%s";r=%d;t=%s`, policy, max(0, int(left)), seconds))
	if ok {
		return nil
	}
	h.Set("Retry-After", seconds)
	limitedTotal.Inc()
	return errQuota
}

// bucket is that of a client. Buckets that were not used for a minute or two are dropped,
// all at once.
func (l *limiter) bucket(client netip.Prefix, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.young) >= maxClients || now.Sub(l.turned) > time.Minute {
		l.old, l.young, l.turned = l.young, map[netip.Prefix]*rate.Limiter{}, now
	}
	b := l.young[client]
	if b == nil {
		if b = l.old[client]; b == nil {
			b = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		}
		l.young[client] = b
	}
	return b
}

// network is whom a quota is for: an address, or of IPv6 the 64 bits that a customer has
// for himself.
func network(client netip.Addr) netip.Prefix {
	bits := client.BitLen()
	if client.Is6() {
		bits = 64
	}
	p, _ := client.Prefix(bits) // without an address it is the prefix of none
	return p
}

// client is the address that asks. Who comes from a trusted proxy is who it says he is:
// X-Forwarded-For is read from the right, where the nearest proxy wrote, up to the first
// address that is no trusted proxy; what stands left of that anybody may have written.
func (l *limiter) client(r *http.Request) netip.Addr {
	from := address(r.RemoteAddr)
	forwarded := r.Header.Values("X-Forwarded-For")
	if len(forwarded) > 0 && !l.trusts(from) {
		l.warnOnce(from)
		return from
	}
	rest := strings.Join(forwarded, ",")
	for rest != "" && l.trusts(from) {
		comma := strings.LastIndexByte(rest, ',')
		before := address(strings.TrimSpace(rest[comma+1:]))
		if !before.IsValid() {
			break
		}
		from, rest = before, rest[:max(comma, 0)]
	}
	return from
}

func (l *limiter) trusts(a netip.Addr) bool {
	for _, p := range l.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// warnOnce tells of a proxy nearby that is not trusted: all who come through it share one
// quota. Proxies far away are other people's.
func (l *limiter) warnOnce(proxy netip.Addr) {
	if !proxy.IsLoopback() && !proxy.IsPrivate() {
		return
	}
	l.mu.Lock()
	first := !l.warned
	l.warned = true
	l.mu.Unlock()
	if first {
		l.warn(proxy)
	}
}

// address reads an address with or without a port; it is invalid if it is none.
func address(s string) netip.Addr {
	a, _ := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		a = withPort.Addr()
	}
	return a.Unmap().WithZone("")
}
