package web

import (
	"compress/gzip"
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/hugops/hugops"
)

// How long an answer may be given again. An outage that is quiet, since nothing can
// be posted about it any more, changes through deletions and corrections alone.
const (
	keepQuiet = 30 * time.Second
	quietFor  = time.Minute     // without a change: a file of old posts may be read just now
	keepLate  = 3 * time.Second // and how much longer while the next is made in the background
	keepBytes = 64 << 20        // in all
	keepURI   = 300             // bytes; longer addresses are not worth it
	keptFor   = 1 << 10         // about how many bytes an answer takes beside its own
)

// keeper keeps answers, so that what many ask for is made, hashed and packed once.
type keeper struct {
	live time.Duration // for how long, where anything may change; 0: keeps nothing

	mu   sync.Mutex
	kept map[string]*keptAnswer
	size int
	news int // how often something changed: what was begun before may say what was
}

// keptAnswer is an answer of one address.
type keptAnswer struct {
	*answer
	outage string // the quiet one that it is about, "" if it is about another or more
	until  time.Time
	making bool // the next is being made
}

// cost is about how many bytes it holds, under an address of 300 bytes and a name of the
// site of no more.
func (k *keptAnswer) cost() int { return len(k.Body) + len(k.packed) + keptFor }

// about is what an action tells of its answer through the request's context.
type about struct{ quiet string }

type aboutKey struct{}

// tellQuiet notes that an answer is about one outage of which nothing new is to be
// expected.
func tellQuiet(r *http.Request, sum *hugops.Summary, now time.Time) {
	a, ok := r.Context().Value(aboutKey{}).(*about)
	o := &sum.Outage
	over := !o.EndedAt.IsZero() && now.After(o.EndedAt.Add(hugops.ReachAfter)) && now.After(sum.UpdatedAt.Add(quietFor))
	if ok && over && r.PathValue("id") == o.ID {
		a.quiet = o.ID
	}
}

// keeps is the action do with its answers kept, by address and by the name that the
// site has for who asks. Reads are the parameters that a page reads; of the API the
// whole address counts, since it refuses what it does not know.
func (s *site) keeps(k kind, reads []string, do action) action {
	return func(r *http.Request) (*answer, error) {
		uri := r.URL.RequestURI()
		if k != asAPI {
			uri = readOf(r.URL, reads)
		}
		if s.keeper.live == 0 || len(uri) > keepURI {
			return do(r)
		}
		key := s.base(r) + uri
		a, again := s.keeper.get(key, time.Now())
		if a == nil {
			return s.make(key, r, do)
		}
		if again {
			s.making.Go(func() { s.makeAgain(key, r, do) })
		}
		return a, nil
	}
}

// readOf is what of an address a page reads. Whatever else stands there (utm_source,
// fbclid, a number that somebody counts up) makes no other page.
func readOf(u *url.URL, reads []string) string {
	if u.RawQuery == "" {
		return u.EscapedPath()
	}
	asked, read := u.Query(), url.Values{}
	for _, name := range reads {
		if v := asked.Get(name); v != "" {
			read.Set(name, v)
		}
	}
	return u.EscapedPath() + "?" + read.Encode()
}

// make does an action and keeps its answer.
func (s *site) make(key string, r *http.Request, do action) (*answer, error) {
	tell, news := &about{}, s.keeper.heard()
	a, err := do(r.WithContext(context.WithValue(r.Context(), aboutKey{}, tell)))
	if err != nil || a.Code != 0 || a.Cache == cacheNever {
		return a, err
	}
	packed := *a
	packed.tag = etag(a.Body)
	if a.packed == nil && a.packable() {
		packed.packed = gzipped(a.Body, gzip.BestSpeed)
	}
	s.keeper.put(key, &keptAnswer{answer: &packed, outage: tell.quiet}, news, time.Now())
	return &packed, nil
}

// makeAgain makes the next answer after the request was given the old one. Where that
// fails, whoever asks once that is too old hears of it.
func (s *site) makeAgain(key string, r *http.Request, do action) {
	defer s.keeper.made(key)
	ctx, cancel := context.WithTimeout(s.closing, requestTime)
	defer cancel()
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, r.Context().Value(http.LocalAddrContextKey)) // site.base reads it
	s.guarded(r.WithContext(ctx), func(r *http.Request) (*answer, error) { return s.make(key, r, do) })
}

// get returns the answer kept for an address, nil if there is none that is young enough,
// and whether it falls to the caller to make the next.
func (k *keeper) get(key string, now time.Time) (a *answer, again bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := k.kept[key]
	if kept == nil || now.After(kept.until.Add(keepLate)) {
		return nil, false
	}
	again = now.After(kept.until) && !kept.making
	kept.making = kept.making || again
	return kept.answer, again
}

// heard is how much news there was.
func (k *keeper) heard() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.news
}

// put keeps an answer, unless there was news since it was begun; where there is no room the old ones go, and then any.
func (k *keeper) put(key string, a *keptAnswer, news int, now time.Time) {
	a.until = now.Add(k.live)
	if a.outage != "" {
		a.until = now.Add(keepQuiet)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if news != k.news {
		return
	}
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

// made lets somebody else make the next answer.
func (k *keeper) made(key string) {
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
	k.news++
	for key, a := range k.kept {
		if a.outage == "" || outages[a.outage] {
			k.drop(key)
		}
	}
}
