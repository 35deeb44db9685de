package statusfeed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/live"
)

// maxAnswer is the largest answer that is read, after decompression.
const maxAnswer = 8 << 20

// staleAge is how old an answer out of a cache may be.
const staleAge = time.Hour

// response is an answer with a new body.
type response struct {
	body           []byte
	etag, modified string
	stale          bool // it lay in a cache for more than staleAge
}

// errStatus is an answer that is no 200.
type errStatus struct {
	code       int
	retryAfter time.Duration // what the server asked for, 0 for nothing
}

func (e *errStatus) Error() string { return "status " + strconv.Itoa(e.code) }

// get asks for an address, and returns nil when the answer is the one that the
// validators are of.
func get(ctx context.Context, client *http.Client, address, etag, modified string) (*response, error) {
	ctx, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json, application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5")
	req.Header.Set("User-Agent", "hugops/"+hugops.Version+" (+https://github.com/hugops/hugops)")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	if modified != "" {
		req.Header.Set("If-Modified-Since", modified)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && etag+modified != "":
		return nil, nil
	case resp.StatusCode != http.StatusOK:
		return nil, &errStatus{resp.StatusCode, retryAfter(resp.Header)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	age, _ := strconv.Atoi(resp.Header.Get("Age"))
	return &response{body: body, etag: resp.Header.Get("ETag"), modified: resp.Header.Get("Last-Modified"),
		stale: time.Duration(min(age, 1<<30))*time.Second > staleAge}, nil
}

// retryAfter reads the header in seconds or as a date; 0 without one.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 86400)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

var errElsewhere = errors.New("the page redirects to another host; if it has moved, change its address in the configuration")

// sameHost follows redirects within a host, over https.
func sameHost(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) >= 5:
		return errors.New("more than five redirects")
	case req.URL.Scheme != "https", req.URL.Host != via[0].URL.Host:
		return fmt.Errorf("%w: %s", errElsewhere, req.URL.Host)
	}
	return nil
}

// publicClient dials public addresses only, checked after the name is resolved,
// so that no feed can make hugops ask inside its own network.
func publicClient() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return checkPublic(address)
	}}
	transport := live.NewTransport()
	transport.DialContext = dialer.DialContext
	transport.Proxy = nil // a proxy would dial in our stead, unchecked
	return &http.Client{Transport: transport}
}

// checkPublic refuses loopback, private, link-local, multicast and unspecified
// addresses, and those of shared or benchmark networks.
func checkPublic(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	ip := at.Addr().Unmap()
	for _, network := range notPublic {
		if network.Contains(ip) {
			return fmt.Errorf("dial %s: not a public address", ip)
		}
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return fmt.Errorf("dial %s: not a public address", ip)
	}
	return nil
}

// notPublic are networks that netip does not know as private (RFC 6890, RFC
// 6052: the last two carry IPv4 addresses inside).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("2002::/16"),
}
