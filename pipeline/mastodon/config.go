package mastodon

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
)

// Config says which streams of which servers are read.
type Config struct {
	Servers []ServerConfig
	// Streams are read of each server: "public", "public:local" or "hashtag:" and
	// a tag; none means "public".
	Streams []string
	// StateDir is the folder of the positions in the streams; "" remembers them
	// while the process lasts.
	StateDir string
	Door     pipeline.Door
	Log      *slog.Logger
}

// ServerConfig is one server.
type ServerConfig struct {
	// Host is such as "mastodon.social", or its https address.
	Host string
	// Token is a user token with read:statuses; an app token is not enough.
	Token string
}

// New returns a source for each stream of each server. The sources of one server
// share what it says of itself, its rate limit and its bad days. They touch
// nothing before Run.
func New(cfg Config) ([]*Source, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	streams, err := parseStreams(cfg.Streams)
	if err != nil {
		return nil, err
	}
	base := newBase()
	var sources []*Source
	seen := map[string]bool{}
	for _, c := range cfg.Servers {
		srv, err := newServer(c, base, cfg.Log)
		if err != nil {
			return nil, err
		}
		if seen[srv.host] {
			continue
		}
		seen[srv.host] = true
		for _, st := range streams {
			sources = append(sources, newSource(cfg, srv, st))
		}
	}
	return sources, nil
}

// newBase returns what carries all requests.
func newBase() *http.Transport {
	base := live.NewTransport()
	base.DisableCompression = true // compressed events wait for each other
	return base
}

// Host returns the host of a server as sources name it, or says why it is none.
func Host(server string) (string, error) {
	_, host, err := parseServer(server)
	return host, err
}

// parseServer returns the server's address and host. Only https is accepted,
// because the token travels; http is for this machine alone.
func parseServer(server string) (address, host string, err error) {
	if !strings.Contains(server, "://") {
		server = "https://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return "", "", errors.New("the Mastodon server is no host such as mastodon.social")
	}
	host = strings.ToLower(u.Host)
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return "", "", fmt.Errorf("%s: only https is spoken with a Mastodon server", host)
	}
	return u.Scheme + "://" + host, host, nil
}

// stream is one of the streams that every server has.
type stream struct {
	name  string // "public", "public:local", "hashtag:hugops"
	local bool
	tag   string // without the sign, in small letters; "" for the public streams
}

// path is where the stream is asked for.
func (st stream) path() string {
	switch {
	case st.tag != "":
		return "/api/v1/streaming/hashtag?tag=" + url.QueryEscape(st.tag)
	case st.local:
		return "/api/v1/streaming/public/local"
	}
	return "/api/v1/streaming/public"
}

func parseStreams(names []string) ([]stream, error) {
	if len(names) == 0 {
		names = []string{"public"}
	}
	var streams []stream
	seen := map[string]bool{}
	for _, name := range names {
		st, err := parseStream(name)
		if err != nil {
			return nil, err
		}
		if !seen[st.name] {
			seen[st.name] = true
			streams = append(streams, st)
		}
	}
	return streams, nil
}

func parseStream(name string) (stream, error) {
	kind, argument, _ := strings.Cut(name, ":")
	tag := strings.ToLower(strings.TrimPrefix(argument, "#"))
	switch {
	case name == "public":
		return stream{name: name}, nil
	case name == "public:local":
		return stream{name: name, local: true}, nil
	case kind == "hashtag" && isTag(tag):
		return stream{name: "hashtag:" + tag, tag: tag}, nil
	}
	return stream{}, fmt.Errorf("stream %q is none of public, public:local, hashtag:TAG", name)
}

// isTag reports whether a tag is one that Mastodon would make: letters, digits,
// marks, underscores and middle dots.
func isTag(tag string) bool {
	for _, r := range tag {
		if r != '_' && r != '·' && !unicode.In(r, unicode.L, unicode.N, unicode.M) {
			return false
		}
	}
	return tag != "" && len(tag) <= 200
}
