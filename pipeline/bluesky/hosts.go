package bluesky

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The wires of Jetstream.
const (
	WireV1 = "v1"
	WireV2 = "v2"
)

// publicHosts are those that Bluesky runs for everybody.
var publicHosts = map[string][]string{
	WireV2: {"jetstream.us-west.bsky.network", "jetstream.us-east.bsky.network"},
	WireV1: {"jetstream2.us-east.bsky.network", "jetstream1.us-west.bsky.network",
		"jetstream1.us-east.bsky.network", "jetstream2.us-west.bsky.network"},
}

const subprotocol = "xrpc.v1.json" // of wire v2

// host is one Jetstream server.
type host struct {
	name string // with its port, if it has one
	base string // "https://" and the name
	wire string
}

// parseHosts reads hosts. Only TLS is spoken, but with this machine itself.
func parseHosts(names []string, wire string) ([]host, error) {
	public, ok := publicHosts[wire]
	if !ok {
		return nil, fmt.Errorf("the wire of Jetstream is %s or %s, not %q", WireV2, WireV1, wire)
	}
	if len(names) == 0 {
		names = public
	}
	var hosts []host
	for _, name := range names {
		h, err := parseHost(name, wire)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return hosts, nil
}

func parseHost(name, wire string) (host, error) {
	base, err := parseBase(name, publicHosts[WireV2][0])
	if err != nil {
		return host{}, err
	}
	_, bare, _ := strings.Cut(base, "://")
	return host{strings.ToLower(bare), base, wire}, nil
}

// parseBase returns the address of a host that is given with or without a scheme.
func parseBase(name, example string) (string, error) {
	address := name
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", fmt.Errorf("%q is no host such as %s", name, example)
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	switch {
	case u.Scheme == "wss" || u.Scheme == "https":
		return "https://" + u.Host, nil
	case local && (u.Scheme == "ws" || u.Scheme == "http"):
		return "http://" + u.Host, nil
	}
	return "", fmt.Errorf("%s: only TLS is spoken with a host of Bluesky (https or wss)", u.Host)
}

// streamURL is the address of the stream from a cursor on; 0 begins with what
// comes now. compression is the wire's own parameter for it, "" for none.
func (h host) streamURL(collections []string, cursor int64, compression string) string {
	q := url.Values{}
	if cursor > 0 {
		q.Set("cursor", strconv.FormatInt(cursor, 10))
	}
	if h.wire == WireV1 {
		q["wantedCollections"] = collections
		if compression != "" {
			q.Set("compress", compression)
		}
		return h.base + "/subscribe?" + q.Encode()
	}
	q["collections"] = collections
	q["kinds"] = []string{"commit", "account"}
	if compression != "" {
		q.Set("zstdDictionary", compression)
	}
	return h.base + "/xrpc/network.bsky.jetstream.subscribeEvents?" + q.Encode()
}

// position is how far the stream was read. Numbers belong to one host; time
// holds on all of them.
type position struct {
	Host   string `json:"host"`
	Seq    int64  `json:"seq,omitzero"` // of wire v2
	TimeUS int64  `json:"time_us"`      // by the network's clock, since 1970
}

func (p position) time() time.Time {
	if p.TimeUS == 0 {
		return time.Time{}
	}
	return time.UnixMicro(p.TimeUS).UTC()
}

// ask is from where a connection reads.
type ask struct {
	cursor int64
	by     string // "now", "number" or "time"
}

// ask resumes by number where the numbers are the host's own, and by time
// elsewhere, a little earlier, since hosts see things a little apart and times
// need not come in order. Cursors are inclusive, and what comes twice does no
// harm.
func (p position) ask(h host, rewind time.Duration) ask {
	switch {
	case p.TimeUS == 0:
		return ask{by: "now"}
	case h.name == p.Host && h.wire == WireV2 && p.Seq > 0:
		return ask{p.Seq, "number"}
	}
	return ask{p.TimeUS - rewind.Microseconds(), "time"}
}
