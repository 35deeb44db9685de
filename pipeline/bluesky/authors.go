package bluesky

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// maxWaiting bounds the items that wait for their authors to be known.
const maxWaiting = 500

// authors stands between the stream and Kafka. It holds the posts of people back
// who want to be shown to people with an account only, or whom the operator's list
// names, and tells which are a provider's own. It keeps the order: while an AppView
// is asked, what comes behind gathers, and is asked for together.
type authors struct {
	s        *Source
	profiles *profiles
	in       chan pipeline.Item
	out      pipeline.Emit
}

func newAuthors(s *Source, base string, out pipeline.Emit) *authors {
	return &authors{s: s, profiles: newProfiles(base, s.ask, s.limited, s.cfg.Log), in: make(chan pipeline.Item, maxWaiting), out: out}
}

// emit is what the stream calls.
func (a *authors) emit(ctx context.Context, it pipeline.Item) error {
	select {
	case a.in <- it:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run hands on what came in until ctx is done.
func (a *authors) run(ctx context.Context) error {
	for {
		select {
		case it := <-a.in:
			if err := a.pass(ctx, a.gather(it)); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gather takes what waits already.
func (a *authors) gather(first pipeline.Item) []pipeline.Item {
	items := []pipeline.Item{first}
	for len(items) < maxWaiting {
		select {
		case it := <-a.in:
			items = append(items, it)
		default:
			return items
		}
	}
	return items
}

func (a *authors) pass(ctx context.Context, items []pipeline.Item) error {
	dids := make([]string, len(items))
	var unknown []string
	now := time.Now()
	for i := range items {
		dids[i] = a.author(&items[i])
		if did := dids[i]; did != "" && a.profiles.unknown(did, now) && !slices.Contains(unknown, did) {
			unknown = append(unknown, did)
		}
	}
	if err := a.profiles.learn(ctx, unknown); err != nil {
		return err
	}
	for i := range items {
		for _, it := range a.judge(items[i], dids[i]) {
			if err := a.out(ctx, it); err != nil {
				return err
			}
		}
	}
	return nil
}

// author is the DID behind a post that is about to be kept, "" for everything
// else: nobody is asked for whose post is dropped anyway.
func (a *authors) author(it *pipeline.Item) string {
	p := it.Event.Post
	if p == nil || a.s.cfg.Relevant != nil && !a.s.cfg.Relevant(p) {
		return ""
	}
	did, _, _ := strings.Cut(strings.TrimPrefix(p.ID, "at://"), "/")
	return did
}

// judge is what becomes of an item and its author. An edited post whose author
// wants out by now is a deletion.
func (a *authors) judge(it pipeline.Item, did string) []pipeline.Item {
	if did == "" {
		return []pipeline.Item{it}
	}
	who, door := a.profiles.known[did], &a.s.door
	if !who.signIn && (who.handle == "" || door.OptedOut == nil || !door.OptedOut(hugops.Bluesky, who.handle)) {
		if p := it.Event.Post; p.AuthorService == "" && who.handle != "" && door.AuthorService != nil {
			p.AuthorService = door.AuthorService(hugops.Bluesky, who.handle)
		}
		return []pipeline.Item{it}
	}
	wire.CountSkips(it.Source, []string{wire.SkipOptedOut})
	withheld := pipeline.Item{Withheld: true, Source: it.Source}
	if e := it.Event; e.Kind == hugops.Edited {
		it.Event = hugops.Event{Kind: hugops.Deleted, At: e.At, Network: hugops.Bluesky, ID: e.Post.ID}
		return []pipeline.Item{withheld, it}
	}
	withheld.Ack = it.Ack
	return []pipeline.Item{withheld}
}
