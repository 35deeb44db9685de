package mastodon

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/wire"
)

const instanceTimeout = 15 * time.Second

// about is what a server says of itself (docs.joinmastodon.org/entities/Instance).
type about struct {
	version   string
	streaming string // the host of its streams
	live      access // of the public streams
	hashtag   access
}

// access is who may read a feed: "public", "authenticated" or "disabled", of posts
// from the server's own users and from elsewhere; "" where it does not say
// (before 4.5).
type access struct {
	Local  string `json:"local"`
	Remote string `json:"remote"`
}

const disabled = "disabled"

// sees says how much of a stream comes through: all, a part (with a word about
// which), or, with ok false, nothing.
func (a access) sees(local bool) (state hugops.CoverageState, note string, ok bool) {
	noLocal, noRemote := a.Local == disabled, a.Remote == disabled
	switch {
	case noLocal && (noRemote || local):
		return hugops.CoverageGap, "", false
	case noLocal:
		return hugops.CoverageSample, "only posts from other servers: the feed of its own users is switched off", true
	case noRemote && !local:
		return hugops.CoverageSample, "only posts of its own users: the feed from other servers is switched off", true
	}
	return hugops.CoverageLive, "", true
}

func (a *about) of(st stream) access {
	if st.tag != "" {
		return a.hashtag
	}
	return a.live
}

// ask returns what the server says of itself. It is asked once, and again after a
// stream failed, since that may have moved.
func (s *server) ask(ctx context.Context) (*about, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.about != nil && !s.stale {
		return s.about, nil
	}
	a, err := s.fetchAbout(ctx)
	if err != nil {
		return nil, err
	}
	if s.about == nil || *s.about != *a {
		s.log.Info("what the server allows", "version", a.version, "streaming", a.streaming,
			"live_local", a.live.Local, "live_remote", a.live.Remote, "hashtag_local", a.hashtag.Local, "hashtag_remote", a.hashtag.Remote)
	}
	s.about, s.stale = a, false
	return a, nil
}

func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = true
}

// instance is the answer of either version.
type instance struct {
	Version string `json:"version"`
	URLs    struct {
		Streaming string `json:"streaming_api"` // version 1
	} `json:"urls"`
	Configuration struct {
		URLs struct {
			Streaming string `json:"streaming"`
		} `json:"urls"`
		Access wire.Soft[struct {
			Live    access `json:"live_feeds"`
			Hashtag access `json:"hashtag_feeds"`
		}] `json:"timelines_access"`
	} `json:"configuration"`
}

// fetchAbout asks version 2, and version 1 of servers that have no other.
func (s *server) fetchAbout(ctx context.Context) (*about, error) {
	ctx, cancel := context.WithTimeout(ctx, instanceTimeout)
	defer cancel()
	raw, err := s.get(ctx, "/api/v2/instance")
	if status, ok := err.(*statusError); ok && status.code == http.StatusNotFound {
		raw, err = s.get(ctx, "/api/v1/instance")
	}
	if err != nil {
		return nil, err
	}
	return s.readAbout(raw)
}

// readAbout reads what both versions of the answer say that matters here.
func (s *server) readAbout(raw []byte) (*about, error) {
	var in instance
	if err := wire.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("%s does not describe itself: %w", s.host, err)
	}
	version := strings.ToValidUTF8(s.redact(in.Version), "")
	a := &about{version: version[:min(len(version), 60)], streaming: s.host,
		live: in.Configuration.Access.V.Live, hashtag: in.Configuration.Access.V.Hashtag}
	u, err := url.Parse(cmp.Or(in.Configuration.URLs.Streaming, in.URLs.Streaming))
	switch {
	case err != nil || u.Host == "":
	case !sameDomain(u.Hostname(), s.hostname()):
		s.log.Warn("the server names a foreign host for its streams, which does not get the token: trying the server itself", "foreign", u.Host)
	default:
		a.streaming = u.Host
	}
	return a, nil
}

// get reads a path of the server itself.
func (s *server) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.send(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, newStatusError(resp)
	}
	return io.ReadAll(io.LimitReader(resp.Body, wire.MaxBytes+1))
}
