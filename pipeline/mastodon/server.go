package mastodon

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/live"
)

// server is what the streams of one server share.
type server struct {
	address, host string // "https://pond.example", "pond.example"
	token         string
	base          http.RoundTripper
	log           *slog.Logger
	limit         limit
	gate          gate

	mu    baton
	about *about // what it said of itself last, nil before that
	stale bool   // it is to be asked again
}

func newServer(c ServerConfig, base http.RoundTripper, log *slog.Logger) (*server, error) {
	address, host, err := parseServer(c.Host)
	if err != nil {
		return nil, err
	}
	if c.Token == "" {
		return nil, fmt.Errorf("%s: no token is given: %s", host, tokenHelp)
	}
	return &server{address: address, host: host, token: c.Token, base: base, log: log.With("server", host), mu: newBaton(),
		gate: newGate(live.Pauses{Min: time.Second, Max: 5 * time.Minute})}, nil
}

const tokenHelp = "log in, open Preferences → Development → New application, tick the scope read:statuses, and use \"Your access token\", which is a *user* token"

// tokenError says in the words of Mastodon's settings what is wrong with a token.
func tokenError(host string, code int) error {
	wrong := map[int]string{
		http.StatusUnauthorized:        "it is unknown or revoked, belongs to an app and not to a user, or lacks the scope read:statuses",
		http.StatusForbidden:           "it lacks the scope read:statuses, or its account is limited",
		http.StatusUnprocessableEntity: "it is the token of an app, and an app token is not enough",
	}[code]
	return fmt.Errorf("%s refused the token (%d): %s. To make another: %s", host, code, wrong, tokenHelp)
}

// send is the only place where the token is put on a request. go-mastodon never
// holds it, since it would send it to whatever host a server names as that of its
// streams.
func (s *server) send(req *http.Request) (*http.Response, error) {
	if !s.trusts(req.URL) {
		return nil, fmt.Errorf("the token of %s is not sent to %s", s.host, req.URL.Host)
	}
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", "hugops/"+hugops.Version+" (+https://github.com/hugops/hugops)")
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.base.RoundTrip(req)
	if err == nil {
		unzip(resp)
	}
	return resp, err
}

// trusts reports whether a request may carry the token: by the server's own
// scheme, which is https but on this machine, to the server or to a host of the
// same registered domain. So streaming.pond.example may have the token of
// pond.example and of social.pond.example, and nobody else's.
func (s *server) trusts(u *url.URL) bool {
	return strings.HasPrefix(s.address, u.Scheme+"://") && sameDomain(u.Hostname(), s.hostname())
}

// hostname is the host without a port.
func (s *server) hostname() string {
	u, err := url.Parse(s.address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func sameDomain(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	da, errA := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(a))
	db, errB := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(b))
	return errA == nil && errB == nil && da == db
}

// redact takes the token out of a text, wherever it came from.
func (s *server) redact(text string) string {
	return strings.ReplaceAll(text, s.token, "[token]")
}

// redacted is an error whose text does not show the token.
type redacted struct {
	error
	s *server
}

func (r *redacted) Error() string { return r.s.redact(r.error.Error()) }
func (r *redacted) Unwrap() error { return r.error }

// statusError is an answer that is not what was asked for. It tells nothing of
// the answer's text, which is the server's.
type statusError struct {
	host  string
	code  int
	media string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s answered with status %d, %q", e.host, e.code, e.media)
}

// refused reports whether Mastodon itself said no. A page of HTML is some guard
// before it, which may change its mind; so may a server in trouble.
func (e *statusError) refused() bool {
	return e.code >= 400 && e.code < 500 && e.code != http.StatusTooManyRequests && e.media == "application/json"
}

func (e *statusError) isStream() bool {
	return e.code == http.StatusOK && e.media == "text/event-stream"
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// gate lets the streams of one server knock one after the other, and less and
// less often while it is the server that fails.
type gate struct {
	turn   baton
	pauses live.Pauses
	down   *live.Backoff // nil while the server answers; of who has the turn
}

func newGate(p live.Pauses) gate {
	return gate{turn: newBaton(), pauses: p}
}

// enter returns when an attempt to connect may begin; leave must follow, unless
// there was an error.
func (g *gate) enter(ctx context.Context, log *slog.Logger) error {
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if g.down == nil {
		return nil
	}
	err := g.down.Wait(ctx, log)
	if err != nil {
		g.turn.Unlock()
	}
	return err
}

// leave says how the attempt went: whether the server failed, and what it asked
// for.
func (g *gate) leave(ctx context.Context, failed bool, header http.Header) {
	switch {
	case !failed:
		g.down = nil
	case g.down == nil:
		g.down = live.NewBackoff(g.pauses)
		_ = g.down.Wait(ctx, slog.New(slog.DiscardHandler)) // the first one, at once: that was this attempt
	}
	if g.down != nil {
		g.down.Obey(header, time.Now())
	}
	g.turn.Unlock()
}
