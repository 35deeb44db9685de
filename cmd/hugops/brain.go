package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
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
	model   string // version of the stance model
	reader  *classify.Reader
	linker  atomic.Pointer[classify.Linker]
	known   []hugops.Outage
	updates map[string]int          // of each outage: as many were looked into for what it fell with
	linked  map[string]store.Linked // as what stored posts are linked; nil: not asked yet
	settled uint64                  // Digest of the outages that all stored posts are linked by
}

func newBrain(known []hugops.Outage) (*brain, error) {
	model, err := classify.Stance()
	if err != nil {
		return nil, err
	}
	linker := classify.NewLinker(classify.Services(), known)
	b := &brain{model: model.Version(), reader: classify.NewReader(model, linker), known: known, updates: map[string]int{}}
	b.linker.Store(linker)
	return b, nil
}

func (b *brain) Read(p hugops.Post) hugops.Reading { return b.reader.Read(p) }

func (b *brain) Relevant(p *hugops.Post) (bool, string) { return b.linker.Load().Relevant(p) }

// learn takes over the outages known now, and reports whether any link may be
// another one then.
func (b *brain) learn(known []hugops.Outage) bool {
	if classify.Digest(known...) == b.linker.Load().Known() {
		return false
	}
	b.known = known
	clear(b.updates)
	linker := classify.NewLinker(classify.Services(), known)
	b.linker.Store(linker)
	b.reader.SetLinker(linker)
	return true
}

// write stores readings. Those whose links were chosen from outages that are out
// of date by the time they are stored are read and stored again: so what is stored
// is linked by the outages known then, or will be by relink, which runs after a
// change.
func (b *brain) write(ctx context.Context, s *store.Store, readings []hugops.Reading, deletions []hugops.Deletion, read func(hugops.Post) hugops.Reading) error {
	for {
		if err := s.Write(ctx, readings, deletions); err != nil {
			return err
		}
		now, stale := b.linker.Load().Known(), []hugops.Reading(nil)
		for _, r := range readings {
			if r.Known != now {
				stale = append(stale, read(r.Post))
			}
		}
		if len(stale) == 0 {
			return nil
		}
		readings, deletions = stale, nil
	}
}

// sink is where the worker puts its readings.
type sink struct {
	*brain
	store *store.Store
}

func (k sink) Write(ctx context.Context, readings []hugops.Reading, deletions []hugops.Deletion) error {
	return k.write(ctx, k.store, readings, deletions, k.Read)
}

// outagesEvery is how often a role asks the store which outages are known.
const outagesEvery = 2 * time.Second

// follow keeps the brain at the outages that the store knows. With relink, posts
// in reach of a changed outage are linked again from what is stored, until it is
// done.
func (b *brain) follow(ctx context.Context, s *store.Store, relink bool, log *slog.Logger) error {
	tick := time.NewTicker(outagesEvery)
	defer tick.Stop()
	for {
		known, err := s.Outages(ctx)
		if err == nil && b.learn(known) {
			log.Info("outages changed", "known", len(known))
		}
		if err == nil && relink {
			err = b.cascades(ctx, s, known)
		}
		if err == nil && relink {
			var n int
			if n, err = b.relink(ctx, s, b.Read); n > 0 {
				log.Info("stored posts linked again", "posts", n)
			}
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("cannot follow the known outages; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// cascades looks into providers' updates for the outage that theirs fell with, and
// stores it: into new updates, and into all when the known outages have changed,
// since the one that an update speaks of may become known after it. What an operator
// or an earlier update said stays.
func (b *brain) cascades(ctx context.Context, s *store.Store, known []hugops.Outage) error {
	fell, looked := map[string]string{}, map[string]int{}
	for _, o := range known {
		if o.Parent != "" || o.Suspected || len(o.Updates) == b.updates[o.ID] {
			continue
		}
		looked[o.ID] = len(o.Updates)
		if up := b.linker.Load().Upstream(&o); up != "" {
			fell[o.ID] = up
		}
	}
	if err := s.PutParents(ctx, fell); err != nil {
		return err
	}
	maps.Copy(b.updates, looked)
	return nil
}

// relink reads every stored post again that is in reach of an outage that is not
// what posts were linked with, as it was and as it is now, and stores the result.
// It returns how many posts it read. What it did is noted in the store, so it goes
// on where a killed process stopped.
func (b *brain) relink(ctx context.Context, s *store.Store, read func(hugops.Post) hugops.Reading) (n int, err error) {
	known := b.linker.Load().Known()
	if known == b.settled {
		return 0, nil
	}
	if b.linked == nil {
		if b.linked, err = s.Linked(ctx); err != nil {
			return 0, err
		}
	}
	var reach []hugops.Outage
	var done []store.Linked
	for _, o := range b.known {
		digest, was := classify.Digest(o), b.linked[o.ID]
		if was.Digest == digest {
			continue
		}
		if reach = append(reach, o); was.Outage != "" {
			reach = append(reach, was.Reach())
		}
		done = append(done, store.Linked{Outage: o.ID, Digest: digest, Started: o.StartedAt, Ended: o.EndedAt})
	}
	for _, span := range reaches(reach, time.Now()) {
		if err := b.again(ctx, s, span[0], span[1], "", read, func(posts int) { n += posts }); err != nil {
			return n, fmt.Errorf("linking stored posts again: %w", err)
		}
	}
	if err := s.PutLinked(ctx, done); err != nil {
		return n, err
	}
	for _, l := range done {
		b.linked[l.Outage] = l
	}
	b.settled = known
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
		if err := b.write(whole, s, readings, nil, read); err != nil {
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
func relinkAfterImport(ctx context.Context, s *store.Store, log *slog.Logger) error {
	known, err := s.Outages(ctx)
	if err != nil {
		return err
	}
	b, err := newBrain(known)
	if err != nil {
		return err
	}
	n, err := b.relink(ctx, s, b.Read)
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
