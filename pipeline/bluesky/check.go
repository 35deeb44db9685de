package bluesky

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// checkTime is how long a host has to connect and to send a first frame.
const checkTime = 20 * time.Second

// HostCheck is what came of trying one host.
type HostCheck struct {
	Host       string
	Err        error // says what is wrong, and what to do
	Compressed bool
}

// Check opens the stream of each host and waits for a first frame. No rights are
// needed: the stream is open to everybody.
func Check(ctx context.Context, cfg Config) ([]HostCheck, error) {
	s := New(cfg)
	if s.err != nil {
		return nil, s.err
	}
	checks := make([]HostCheck, len(s.hosts))
	for i, h := range s.hosts {
		checks[i] = s.check(ctx, h)
	}
	return checks, nil
}

func (s *Source) check(ctx context.Context, h host) HostCheck {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	result := HostCheck{Host: h.name}
	sock, _, err := s.dial(ctx, h, 0, collections, func() {})
	if err != nil {
		result.Err = fmt.Errorf("cannot open the stream: %w", err)
		return result
	}
	defer sock.close()
	result.Compressed = sock.decoder != nil
	m, err := sock.next(ctx)
	if err == nil {
		err = m.err
	}
	if err == nil {
		_, err = parse(m.raw)
	}
	if err != nil {
		result.Err = fmt.Errorf("the stream is open, but gives nothing that can be read: %w; try another host", err)
	}
	return result
}

// CheckAppView asks the AppView for the account of Bluesky itself.
func CheckAppView(ctx context.Context, cfg Config) error {
	s := New(cfg)
	if s.err != nil {
		return s.err
	}
	views, _, err := newProfiles(s.appView, s.ask, s.limited, s.cfg.Log).get(ctx, []string{"bsky.app"})
	if err != nil {
		return fmt.Errorf("the AppView cannot be asked: %w", err)
	}
	if len(views) != 1 {
		return errors.New("it does not know the account bsky.app: name another AppView with --bluesky-appview")
	}
	return nil
}
