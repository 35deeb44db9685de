package bluesky

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

// PublicAppView is the AppView that Bluesky runs for everybody.
const PublicAppView = "public.api.bsky.app"

const (
	maxActors   = 25      // that app.bsky.actor.getProfiles takes at once
	maxProfiles = 100_000 // remembered; then it begins anew
	profileRest = time.Hour
	profileTime = 15 * time.Second
)

// profile is what is asked of an author.
type profile struct {
	handle string
	signIn bool // wants to be shown to people with an account only
	until  time.Time
}

// profiles asks an AppView for authors of whom the stream tells the DID alone. It
// is used by one goroutine.
type profiles struct {
	base    string
	client  *http.Client
	backoff *live.Backoff
	failing bool        // the last time
	limited live.Pauses // when asked too often, or not welcome
	log     *slog.Logger
	rest    time.Duration
	known   map[string]profile // by DID
}

func newProfiles(base string, pauses, limited live.Pauses, log *slog.Logger) *profiles {
	return &profiles{base: base, client: &http.Client{Transport: live.NewTransport(), CheckRedirect: refuseRedirect}, limited: limited, log: log, rest: profileRest,
		backoff: live.NewBackoff(pauses), known: make(map[string]profile)}
}

// learn makes the authors known. It tries until it can, or ctx is done: so a post
// waits, and the stream behind it, rather than pass without its author's wishes.
func (p *profiles) learn(ctx context.Context, dids []string) error {
	if len(p.known) > maxProfiles {
		clear(p.known)
	}
	for len(dids) > 0 {
		n := min(len(dids), maxActors)
		if p.failing {
			if err := p.backoff.Wait(ctx, p.log); err != nil {
				return err
			}
		}
		header, err := p.ask(ctx, dids[:n])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if p.failing = err != nil; p.failing {
			p.log.Warn("the authors of posts cannot be asked for; the stream waits", "appview", p.base, "error", err)
			p.backoff.Failed(err)
			p.backoff.Obey(header, time.Now())
			continue
		}
		p.backoff.Progress()
		dids = dids[n:]
	}
	return nil
}

// unknown reports whether the author must be asked for.
func (p *profiles) unknown(did string, now time.Time) bool { return !now.Before(p.known[did].until) }

// profileView is what is read of app.bsky.actor.defs#profileViewDetailed.
type profileView struct {
	DID    string `json:"did"`
	Handle string `json:"handle"`
	Labels wire.Soft[[]struct {
		Src string `json:"src"`
		Val string `json:"val"`
		Neg bool   `json:"neg"`
	}] `json:"labels"`
}

// signIn reports whether the account labels itself so.
func (v *profileView) signIn() bool {
	for _, l := range v.Labels.V {
		if l.Val == labelNotPublic && l.Src == v.DID && !l.Neg {
			return true
		}
	}
	return false
}

// ask takes one answer. Whom the AppView does not know (yet), or no longer, has
// said nothing.
func (p *profiles) ask(ctx context.Context, dids []string) (http.Header, error) {
	views, header, err := p.get(ctx, dids)
	if err != nil {
		return header, err
	}
	until := time.Now().Add(p.rest)
	for _, did := range dids {
		p.known[did] = profile{until: until}
	}
	for _, v := range views {
		p.known[v.DID] = profile{handle: v.Handle, signIn: v.signIn(), until: until}
	}
	return header, nil
}

func (p *profiles) get(ctx context.Context, actors []string) ([]profileView, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, profileTime)
	defer cancel()
	address := p.base + "/xrpc/app.bsky.actor.getProfiles?" + url.Values{"actors": actors}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("User-Agent", "hugops/"+hugops.Version+" (+https://github.com/hugops/hugops)")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, nil, withoutAddress(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, resp.Header, p.refused(resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, wire.MaxBytes+1))
	if err != nil {
		return nil, nil, err
	}
	var answer struct {
		Profiles []profileView `json:"profiles"`
	}
	err = wire.Unmarshal(body, &answer)
	return answer.Profiles, resp.Header, err
}

func (p *profiles) refused(code int) error {
	err := fmt.Errorf("status %d", code)
	switch {
	case code == http.StatusTooManyRequests:
		return live.Paused(err, p.limited)
	case code >= 300 && code < 500:
		return live.Paused(fmt.Errorf("%w: name another AppView with --bluesky-appview, or none", err), p.limited)
	}
	return err
}

// withoutAddress takes the address out of an error: it names the authors.
func withoutAddress(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
