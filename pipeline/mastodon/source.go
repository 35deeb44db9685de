package mastodon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	masto "github.com/mattn/go-mastodon"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

// Config says which stream of which server is read.
type Config struct {
	// Server is a host ("mastodon.social") or its https address.
	Server string
	// Token is a user token with read:statuses; an app token is not enough.
	Token string
	// Stream is "public", "public:local" or "hashtag:" and a tag.
	Stream string
	Door   pipeline.Door
	Log    *slog.Logger
}

// Source is the live stream of one server. A connection that breaks, stalls or
// is refused for a while is made again for ever, with growing pauses.
type Source struct {
	cfg  Config
	host string
	err  error // in the configuration; Run returns it

	stall  time.Duration // longest silence; the server beats each 15 s
	pauses live.Pauses
	base   http.RoundTripper
	sight  live.Sight
}

// New returns the source; it touches nothing before Run.
func New(cfg Config) *Source {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Stream == "" {
		cfg.Stream = "public"
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.DisableCompression = true // compressed events wait for each other
	s := &Source{cfg: cfg, stall: 45 * time.Second, pauses: live.Pauses{Min: time.Second, Max: 5 * time.Minute}, base: base}
	s.cfg.Server, s.host, s.err = parseServer(cfg.Server)
	s.cfg.Log = cfg.Log.With("source", s.Name())
	return s
}

// Name is such as "mastodon:mastodon.social/public".
func (s *Source) Name() string { return "mastodon:" + s.host + "/" + s.cfg.Stream }

// State implements pipeline.Stater.
func (s *Source) State() hugops.CoverageState { return s.sight.State() }

// Amend implements pipeline.Amender.
func (s *Source) Amend() []pipeline.Amendment { return s.sight.Amend() }

// parseServer returns the server's address and host. Only https is accepted,
// because the token travels; http is for this machine alone.
func parseServer(server string) (address, host string, err error) {
	if !strings.Contains(server, "://") {
		server = "https://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.User != nil {
		return "", "", errors.New("the Mastodon server is no host such as mastodon.social")
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return "", u.Host, fmt.Errorf("%s: only https is spoken with a Mastodon server", u.Host)
	}
	return u.Scheme + "://" + u.Host, strings.ToLower(u.Host), nil
}

const tokenHelp = "a *user* token with the scope read:statuses is needed (an app token is not enough): " +
	"log in, open Preferences → Development → New application, and use \"Your access token\""

// Run reads the stream until ctx is done, or until the server says that the
// token is not good enough.
func (s *Source) Run(ctx context.Context, emit pipeline.Emit) error {
	if s.err != nil {
		return s.err
	}
	if s.cfg.Token == "" {
		return fmt.Errorf("%s: no token: %s", s.host, tokenHelp)
	}
	outer := ctx
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	client := masto.NewClient(&masto.Config{Server: s.cfg.Server, AccessToken: s.cfg.Token})
	client.Client = http.Client{Transport: s.transport(ctx, fail, emit), CheckRedirect: refuseRedirect}
	events, err := s.open(ctx, client)
	if err != nil {
		return err
	}
	// The library blocks on what nobody takes, so this ends only when it has.
	for range events {
	}
	if err := outer.Err(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// open starts the library's loop of connections.
func (s *Source) open(ctx context.Context, client *masto.Client) (<-chan masto.Event, error) {
	kind, argument, _ := strings.Cut(s.cfg.Stream, ":")
	tag := strings.TrimPrefix(argument, "#")
	switch {
	case s.cfg.Stream == "public":
		return client.StreamingPublic(ctx, false)
	case s.cfg.Stream == "public:local":
		return client.StreamingPublic(ctx, true)
	case kind == "hashtag" && tag != "":
		return client.StreamingHashtag(ctx, tag, false)
	}
	return nil, fmt.Errorf("stream %q is none of public, public:local, hashtag:TAG", s.cfg.Stream)
}

func (s *Source) transport(ctx context.Context, fail context.CancelCauseFunc, emit pipeline.Emit) *transport {
	loop := &live.Loop{Source: s.Name(), Log: s.cfg.Log, Backoff: live.NewBackoff(s.pauses), Sight: &s.sight}
	return &transport{
		base: s.base, stall: s.stall, loop: loop,
		onEvent: func(e serverEvent) error { return s.deliver(ctx, e, emit) },
		onStatus: func(code int, media string) error {
			err := s.fatal(code, media)
			if err != nil {
				fail(err)
			}
			return err
		},
		onOpen: func() {
			loop.Opened()
			s.sight.Set(hugops.CoverageLive)
		},
		onEnd: func(err error) {
			if ctx.Err() != nil {
				return
			}
			if now := time.Now(); errors.Is(err, live.ErrSilent) {
				s.sight.Learn(now.Add(-s.stall), now, hugops.CoverageStalled) // nothing comes again
			}
			loop.Ended(&redacted{err, s})
		},
	}
}

// redacted is an error whose text does not show the token.
type redacted struct {
	error
	s *Source
}

func (r *redacted) Error() string { return r.s.redact(r.error.Error()) }
func (r *redacted) Unwrap() error { return r.error }

// redact takes the token out of a text, wherever it came from.
func (s *Source) redact(text string) string {
	return strings.ReplaceAll(text, s.cfg.Token, "[token]")
}

// fatal is the error about an answer after which going on is senseless. A 403
// counts when Mastodon itself gives it; a page of HTML is some guard before it,
// which may change its mind.
func (s *Source) fatal(code int, media string) error {
	switch {
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%s refused the token (401): %s", s.host, tokenHelp)
	case code == http.StatusForbidden && media == "application/json":
		return fmt.Errorf("%s does not let this account read the stream %s (403): its live feeds may be switched off; try a hashtag stream or another server", s.host, s.cfg.Stream)
	}
	return nil
}

// deliver decodes one event and emits what is in it.
func (s *Source) deliver(ctx context.Context, e serverEvent, emit pipeline.Emit) error {
	var dec wire.Decoded
	err := wire.TooLong(e.length)
	if e.length <= wire.MaxBytes {
		dec, err = DecodeEvent(e.name, e.data, s.host, s.cfg.Door)
	}
	wire.CountSkips(s.Name(), dec.Skips)
	for range dec.Withheld() {
		if err := emit(ctx, pipeline.Item{Withheld: true, Source: s.Name()}); err != nil {
			return err
		}
	}
	for _, event := range dec.Events {
		if event.At.IsZero() {
			event.At = time.Now().UTC() // the stream does not say when a deletion was
		}
		if event.Post != nil {
			event.Post.Source = s.Name()
		}
		if err := emit(ctx, pipeline.Item{Event: event, Source: s.Name()}); err != nil {
			return err
		}
	}
	if err == nil {
		return nil
	}
	raw := e.data
	if e.length > wire.MaxBytes {
		raw = raw[:wire.PrefixBytes]
	}
	return emit(ctx, pipeline.Item{Source: s.Name(), Bad: &pipeline.BadInput{
		Raw: append([]byte(nil), raw...), Err: err, Position: s.Name() + " event " + e.name}})
}
