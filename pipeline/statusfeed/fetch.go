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
)

// maxAnswer is the largest answer that is read, after decompression.
const maxAnswer = 8 << 20

// answer is a feed that has changed.
type answer struct {
	body           []byte
	etag, modified string
}

// fetch asks for the feed, and returns nil when it is the one known already.
func (f *feed) fetch(ctx context.Context) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "hugops/"+hugops.Version+" (+https://github.com/hugops/hugops)")
	if f.etag != "" {
		req.Header.Set("If-None-Match", f.etag)
	}
	if f.modified != "" {
		req.Header.Set("If-Modified-Since", f.modified)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && req.Header.Get("If-None-Match")+req.Header.Get("If-Modified-Since") != "":
		return nil, nil
	case resp.StatusCode != http.StatusOK:
		f.retryAfter = retryAfter(resp.Header)
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	return &answer{body: body, etag: resp.Header.Get("ETag"), modified: resp.Header.Get("Last-Modified")}, nil
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
	transport := http.DefaultTransport.(*http.Transport).Clone()
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
