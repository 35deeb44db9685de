package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/store"
)

// brain is the stance model with a linker that follows the known outages: what
// the collector's filter and the worker ask.
type brain struct {
	model  string // version of the stance model
	reader *classify.Reader
	linker atomic.Pointer[classify.Linker]
	known  []hugops.Outage
}

func newBrain(known []hugops.Outage) (*brain, error) {
	model, err := classify.Stance()
	if err != nil {
		return nil, err
	}
	linker := classify.NewLinker(classify.Services(), known)
	b := &brain{model: model.Version(), reader: classify.NewReader(model, linker), known: known}
	b.linker.Store(linker)
	return b, nil
}

func (b *brain) Read(p hugops.Post) hugops.Reading { return b.reader.Read(p) }

func (b *brain) Relevant(p *hugops.Post) (bool, string) { return b.linker.Load().Relevant(p) }

// learn takes over the outages known now and returns those that are new, gone
// or changed in a way that changes links.
func (b *brain) learn(known []hugops.Outage) []hugops.Outage {
	changed := changedOutages(b.known, known)
	b.known = known
	if len(changed) > 0 {
		linker := classify.NewLinker(classify.Services(), known)
		b.linker.Store(linker)
		b.reader.SetLinker(linker)
	}
	return changed
}

// changedOutages returns both versions of every outage whose links may differ
// between the two lists.
func changedOutages(before, after []hugops.Outage) []hugops.Outage {
	old := make(map[string]hugops.Outage, len(before))
	for _, o := range before {
		old[o.ID] = o
	}
	var changed []hugops.Outage
	for _, o := range after {
		was, known := old[o.ID]
		delete(old, o.ID)
		if known && linksAlike(was, o) {
			continue
		}
		changed = append(changed, o)
		if known {
			changed = append(changed, was)
		}
	}
	for _, gone := range before {
		if _, ok := old[gone.ID]; ok {
			changed = append(changed, gone)
		}
	}
	return changed
}

func linksAlike(a, b hugops.Outage) bool {
	return a.Service == b.Service && a.ServiceName == b.ServiceName && a.Title == b.Title && a.URL == b.URL && a.Parent == b.Parent &&
		a.StartedAt.Equal(b.StartedAt) && a.EndedAt.Equal(b.EndedAt) && slices.Equal(a.Components, b.Components) &&
		a.LeadTime() == b.LeadTime()
}

// outagesEvery is how often a role asks the store which outages are known.
const outagesEvery = 2 * time.Second

// settle is how long a post may be on its way through a worker with the links of
// before: after it, the posts in reach are linked once more.
const settle = 10 * time.Second

// follow keeps the brain at the outages that the store knows. With relink, posts
// in reach of a changed outage are linked again from what is stored.
func (b *brain) follow(ctx context.Context, s *store.Store, relink bool, log *slog.Logger) error {
	var again []hugops.Outage
	var due time.Time
	for tick := time.NewTicker(outagesEvery); ; {
		known, err := s.Outages(ctx)
		if err != nil {
			log.Warn("cannot read the known outages; trying again", "error", err)
		} else if changed := b.learn(known); len(changed) > 0 {
			log.Info("outages changed", "known", len(known), "changed", len(changed))
			again, due = append(again, changed...), time.Now().Add(settle)
			if relink {
				b.tryRelink(ctx, s, changed, log)
			}
		}
		if relink && len(again) > 0 && time.Now().After(due) {
			b.tryRelink(ctx, s, again, log)
			again = nil
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (b *brain) tryRelink(ctx context.Context, s *store.Store, changed []hugops.Outage, log *slog.Logger) {
	n, err := b.relink(ctx, s, changed)
	if err != nil && ctx.Err() == nil {
		log.Error("cannot link stored posts again; the next change of an outage tries again", "error", err)
		return
	}
	log.Info("stored posts linked again", "outages", len(changed), "posts", n)
}

// relink reads every stored post in reach of the outages again and stores the
// result. It returns how many posts it read.
func (b *brain) relink(ctx context.Context, s *store.Store, changed []hugops.Outage) (n int, err error) {
	for _, span := range reaches(changed, time.Now()) {
		err := b.again(ctx, s, span[0], span[1], "", b.Read, func(posts int) { n += posts })
		if err != nil {
			return n, fmt.Errorf("linking stored posts again: %w", err)
		}
	}
	return n, nil
}

// againBatch is how many posts are read again and stored at once; tests want
// fewer.
var againBatch = 5000

// again reads the stored posts of a time again, those apart that the model except
// has read, by read, and stores the result; done is told of each batch. A post is read with
// the outages known at the moment of its writing, and what is written has the
// version of the post that was read: an edit or a deletion that came meanwhile
// stays.
func (b *brain) again(ctx context.Context, s *store.Store, from, to time.Time, except string, read func(hugops.Post) hugops.Reading, done func(posts int)) error {
	posts := make([]hugops.Post, 0, againBatch)
	flush := func() error {
		if len(posts) == 0 {
			return nil
		}
		readings := make([]hugops.Reading, len(posts))
		for i, p := range posts {
			readings[i] = read(p)
		}
		whole, cancel := finishing(ctx)
		defer cancel()
		if err := s.Write(whole, readings, nil); err != nil {
			return err
		}
		done(len(posts))
		posts = posts[:0]
		return nil
	}
	err := s.Texts(ctx, from, to, except, func(p hugops.Post) error {
		if posts = append(posts, p); len(posts) < againBatch {
			return nil
		}
		if err := flush(); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return flush()
}

// finishTime is how long a write that was begun may go on after Ctrl-C.
const finishTime = 30 * time.Second

// finishing is ctx for a write that must not be cut off: it ends finishTime later.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	whole, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(finishTime, cancel) })
	return whole, func() { stop(); cancel() }
}

// reaches returns the spans of time in which posts may belong to the outages,
// merged where they overlap.
func reaches(outages []hugops.Outage, now time.Time) [][2]time.Time {
	var spans [][2]time.Time
	for _, o := range outages {
		end := now.Add(24 * time.Hour) // clocks of posts may run ahead
		if !o.EndedAt.IsZero() {
			end = o.EndedAt.Add(hugops.ReachAfter)
		}
		spans = append(spans, [2]time.Time{o.StartedAt.Add(-hugops.ReachBefore), end})
	}
	slices.SortFunc(spans, func(a, b [2]time.Time) int { return a[0].Compare(b[0]) })
	var merged [][2]time.Time
	for _, s := range spans {
		if k := len(merged) - 1; k >= 0 && !s[0].After(merged[k][1]) {
			if s[1].After(merged[k][1]) {
				merged[k][1] = s[1]
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// relinkAfterImport links stored posts again after outages were imported while
// no worker runs.
func relinkAfterImport(ctx context.Context, s *store.Store, before []hugops.Outage, log *slog.Logger) error {
	b, err := newBrain(before)
	if err != nil {
		return err
	}
	known, err := s.Outages(ctx)
	if err != nil {
		return err
	}
	changed := b.learn(known)
	if len(changed) == 0 {
		return nil
	}
	n, err := b.relink(ctx, s, changed)
	log.Debug("stored posts linked again", "posts", n)
	return err
}

// errorModel is how the shipped stance model errs. Readings of another model are
// corrected by it too: it is the only one known here, and the index says which
// model was used.
func errorModel(string) hugops.ErrorModel {
	model, err := classify.Stance()
	if err != nil {
		return hugops.ErrorModel{}
	}
	return model.Errors()
}
