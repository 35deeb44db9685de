package bluesky

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hugops/hugops/pipeline"
)

// comparison says how two hosts are compared now and then: a host that lost a
// part of the network looks healthy otherwise.
type comparison struct {
	every, length time.Duration
	enough        int64 // fewer posts within length say nothing
}

// least is the share of another host's posts that ours must have.
const least = 0.8

// compareAlways compares until ctx is done.
func (s *Source) compareAlways(ctx context.Context) {
	if len(s.hosts) < 2 {
		return
	}
	for pipeline.Sleep(ctx, s.every/2+rand.N(s.every)) == nil {
		s.compare(ctx)
	}
}

// compare counts the posts of another host, and of ours meanwhile.
func (s *Source) compare(ctx context.Context) {
	mine := s.host()
	i := slices.Index(s.hosts, mine)
	if i < 0 || s.sight.Now().Blind() {
		return // nothing is seen anyway, and the ledger says so
	}
	other := s.hosts[(i+1)%len(s.hosts)]
	ctx, cancel := context.WithTimeout(ctx, s.length+s.silence)
	defer cancel()
	theirs, ours, err := s.countBoth(ctx, other)
	if err != nil || s.host() != mine || s.sight.Now().Blind() {
		s.cfg.Log.Info("hosts could not be compared", "host", mine.name, "other", other.name, "error", err)
		return
	}
	s.loop.Count("comparisons")
	partial := theirs >= s.enough && float64(ours) < least*float64(theirs)
	if partial {
		s.cfg.Log.Warn("the view is partial: another host has more posts", "host", mine.name, "posts", ours, "other", other.name, "other_posts", theirs)
	} else if s.view.partial.Load() {
		s.cfg.Log.Info("the view is whole again", "host", mine.name, "posts", ours, "other", other.name, "other_posts", theirs)
	}
	s.view.partial.Store(partial)
}

// countBoth counts new posts for a while, from the first frame of the other host.
func (s *Source) countBoth(ctx context.Context, other host) (theirs, ours int64, err error) {
	sock, _, err := s.dial(ctx, other, 0, collections[:1], func() {})
	if err != nil {
		return 0, 0, err
	}
	defer sock.close()
	if _, err := sock.next(ctx); err != nil {
		return 0, 0, err
	}
	begin, end := s.posts.Load(), time.Now().Add(s.length)
	for time.Now().Before(end) {
		m, err := sock.next(ctx)
		if err != nil {
			return 0, 0, err
		}
		if f, err := parse(m.raw); m.err == nil && err == nil && f.isNewPost() {
			theirs++
		}
	}
	return theirs, s.posts.Load() - begin, nil
}

// isNewPost is what the comparison counts: also of those who opted out.
func (f *frame) isNewPost() bool {
	c := f.change()
	return f.kind() == "commit" && c.Operation == "create" && c.Collection == collectionPost
}

func (s *Source) setHost(h host) {
	s.hostMu.Lock()
	defer s.hostMu.Unlock()
	s.now = h
}

func (s *Source) host() host {
	s.hostMu.Lock()
	defer s.hostMu.Unlock()
	return s.now
}
