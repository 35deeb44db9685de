package mastodon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	masto "github.com/mattn/go-mastodon"

	"github.com/hugops/hugops"
)

// checkTime is how long a server has to answer everything that is asked of one
// stream.
const checkTime = 30 * time.Second

// StreamCheck is what came of trying one stream of one server.
type StreamCheck struct {
	Stream  string // such as "mastodon.social/public"
	Version string // of the server's software
	Note    string // which part of the stream comes through; "" for all
	Err     error  // says what is wrong, and what to do
}

// Check tries each stream: what the server allows, the token, the stream itself
// and the timeline from which gaps are filled.
func Check(ctx context.Context, cfg Config) ([]StreamCheck, error) {
	sources, err := New(cfg)
	if err != nil {
		return nil, err
	}
	var checks []StreamCheck
	for _, s := range sources {
		c := StreamCheck{Stream: s.server.host + "/" + s.stream.name}
		ctx, cancel := context.WithTimeout(ctx, checkTime)
		if err := s.check(ctx, &c); err != nil {
			c.Err = errors.New(s.server.redact(err.Error()))
		}
		cancel()
		checks = append(checks, c)
	}
	return checks, nil
}

func (s *Source) check(ctx context.Context, c *StreamCheck) error {
	a, err := s.server.ask(ctx)
	if err != nil {
		return fmt.Errorf("cannot reach the server: %w", err)
	}
	c.Version = a.version
	if err := s.checkToken(ctx); err != nil {
		return err
	}
	if err := s.permit(ctx, a); err != nil {
		return err
	}
	_, c.Note, _ = a.of(s.stream).sees(s.stream.local)
	if s.sees == hugops.CoverageLive {
		c.Note = ""
	}
	if err := s.checkStream(ctx, a); err != nil {
		return err
	}
	if _, _, err := s.server.timeline(ctx, s.stream, "", 1); err != nil {
		return fmt.Errorf("the stream is open, but the timeline behind it is not, so that gaps would stay: %w", err)
	}
	return nil
}

// checkToken asks for the home timeline, which is open to a user token with
// read:statuses and to no other.
func (s *Source) checkToken(ctx context.Context) error {
	_, err := s.server.client(&rest{srv: s.server}).GetTimelineHome(ctx, &masto.Pagination{Limit: 1})
	err = plain(err)
	status, answered := err.(*statusError)
	switch {
	case err == nil:
		return nil
	case !answered:
		return fmt.Errorf("cannot reach the server: %w", err)
	case status.code == http.StatusUnauthorized, status.code == http.StatusForbidden, status.code == http.StatusUnprocessableEntity:
		return tokenError(s.server.host, status.code)
	}
	return fmt.Errorf("%w; try again later", err)
}

// checkStream opens the stream and waits for its first byte, a greeting.
func (s *Source) checkStream(ctx context.Context, a *about) error {
	scheme, _, _ := strings.Cut(s.server.address, "://")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+a.streaming+s.stream.path(), nil)
	if err != nil {
		return err
	}
	resp, err := s.server.send(req)
	if err != nil {
		return fmt.Errorf("cannot open the stream: %w", err)
	}
	defer resp.Body.Close()
	refused := newStatusError(resp)
	if fatal := s.fatal(refused); fatal != nil {
		return fatal
	}
	if !refused.isStream() {
		return fmt.Errorf("%w and no stream of server-sent events: the server may be in trouble, or have streams by WebSocket only (as GoToSocial and Pleroma do), which hugops does not read", refused)
	}
	if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("the stream is open, but nothing comes: %w", err)
	}
	return nil
}
