package web

import (
	"compress/gzip"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/hugops/hugops"
)

// How long an answer may be given again. An outage that is quiet, since nothing can
// be posted about it any more, changes through deletions and corrections alone.
const (
	keepQuiet = 30 * time.Second
	keepLate  = 5 * time.Second // and how much longer while one request makes the next
	keepBytes = 64 << 20        // in all
	keepURI   = 300             // bytes; longer addresses are not worth it
)

// keeper keeps answers, so that what many ask for is made, hashed and packed once.
type keeper struct {
	live time.Duration // for how long, where anything may change; 0: keeps nothing

	mu   sync.Mutex
	kept map[string]*keptAnswer
	size int
}

// keptAnswer is an answer of one address.
type keptAnswer struct {
	*answer
	outage string // the quiet one that it is about, "" if it is about another or more
	until  time.Time
	making bool // somebody makes the next
}

// cost is about how many bytes it holds.
func (k *keptAnswer) cost() int { return len(k.Body) + len(k.packed) + 512 }

// about is what an action tells of its answer through the request's context.
type about struct{ quiet string }

type aboutKey struct{}

// tellQuiet notes that an answer is about one outage of which nothing new is to be
// expected.
func tellQuiet(r *http.Request, o *hugops.Outage, now time.Time) {
	a, ok := r.Context().Value(aboutKey{}).(*about)
	if ok && r.PathValue("id") == o.ID && !o.EndedAt.IsZero() && now.After(o.EndedAt.Add(hugops.ReachAfter)) {
		a.quiet = o.ID
	}
}

// keeps is the action do with its answers kept, by address and by the name that the
// site has for who asks.
func (s *site) keeps(do action) action {
	return func(r *http.Request) (*answer, error) {
		uri := r.URL.RequestURI()
		if s.keeper.live == 0 || len(uri) > keepURI {
			return do(r)
		}
		key := s.base(r) + uri
		if a := s.keeper.get(key, time.Now()); a != nil {
			return a, nil
		}
		tell := &about{}
		a, err := do(r.WithContext(context.WithValue(r.Context(), aboutKey{}, tell)))
		if err != nil || a.Code != 0 || a.Cache == cacheNever {
			s.keeper.fail(key)
			return a, err
		}
		packed := *a
		packed.tag = etag(a.Body)
		if len(a.Body) >= worthPacking {
			packed.packed = gzipped(a.Body, gzip.BestSpeed)
		}
		s.keeper.put(key, &keptAnswer{answer: &packed, outage: tell.quiet}, time.Now())
		return &packed, nil
	}
}

// get returns the answer kept for an address; nil if there is none, or if it is old
// and it falls to the caller to make the next.
func (k *keeper) get(key string, now time.Time) *answer {
	k.mu.Lock()
	defer k.mu.Unlock()
	a := k.kept[key]
	switch {
	case a == nil, now.After(a.until.Add(keepLate)):
		return nil
	case now.After(a.until) && !a.making:
		a.making = true
		return nil
	}
	return a.answer
}

// put keeps an answer; where there is no room the old ones go, and then any.
func (k *keeper) put(key string, a *keptAnswer, now time.Time) {
	a.until = now.Add(k.live)
	if a.outage != "" {
		a.until = now.Add(keepQuiet)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(key)
	for _, old := range []bool{true, false} {
		for other, b := range k.kept {
			if k.size+a.cost() <= keepBytes {
				break
			}
			if !old || now.After(b.until) {
				k.drop(other)
			}
		}
	}
	if k.kept == nil {
		k.kept = map[string]*keptAnswer{}
	}
	k.kept[key] = a
	k.size += a.cost()
}

// drop forgets an address. k.mu is held.
func (k *keeper) drop(key string) {
	if a := k.kept[key]; a != nil {
		k.size -= a.cost()
		delete(k.kept, key)
	}
}

// fail lets somebody else make the next answer.
func (k *keeper) fail(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if a := k.kept[key]; a != nil {
		a.making = false
	}
}

// changed forgets what may say otherwise now that some outages have changed: who
// hears of it asks at once, and must not be given what was.
func (k *keeper) changed(outages map[string]bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, a := range k.kept {
		if a.outage == "" || outages[a.outage] {
			k.drop(key)
		}
	}
}
