package store

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// lookAt is how many outages a page by network looks at, at least: whether one has
// posts of a network is known from its figures only.
const lookAt = 200

// OutagePage returns the outages that are asked for, of those that have begun by
// now, with their index and curve; right after a start some may be pending, and a search
// by network may have to be asked again (context.DeadlineExceeded). Maintenances that nobody wrote about are left out:
// status pages announce them by the hundred, and they would hide all else. Which
// outages somebody wrote about may be some seconds old.
func (s *Store) OutagePage(ctx context.Context, now time.Time, q hugops.OutageQuery) (hugops.OutagePage, error) {
	outages, spoken, err := s.registry(ctx)
	if err != nil {
		return hugops.OutagePage{}, err
	}
	if q.After != nil {
		outages = outages[sort.Search(len(outages), func(i int) bool { return q.After.Before(&outages[i]) }):]
	}
	most := q.Limit
	if q.Network != "" && most > 0 {
		most = max(most, lookAt)
	}
	wanted := q.Filter(now)
	var page hugops.OutagePage
	var found []*hugops.Outage
	for i := range outages {
		o := &outages[i]
		if (o.Impact == "maintenance" || q.Network != "") && !spoken[o.ID] || !wanted(o) {
			continue
		}
		if most > 0 && len(found) == most {
			page.Next = hugops.PlaceOf(found[most-1])
			break
		}
		found = append(found, o)
	}
	all, err := s.computed(ctx, found, spoken, now, q.Network != "")
	if err != nil {
		return page, err
	}
	for i, f := range all {
		if q.Network != "" && f.index.Pending { // nobody knows whether it belongs here
			return page, fmt.Errorf("store: outages on %s: %w", q.Network, context.DeadlineExceeded)
		}
		if q.Network != "" && !slices.ContainsFunc(f.byNetwork, func(row hugops.Share) bool { return row.Key == string(q.Network) }) {
			continue
		}
		if n := len(page.Summaries); q.Limit > 0 && n == q.Limit {
			page.Next = hugops.PlaceOf(&page.Summaries[n-1].Outage)
			break
		}
		page.Summaries = append(page.Summaries, s.summary(*found[i], f, now))
	}
	return page, nil
}

// What a list waits for figures that were never computed: none of all, as after a
// start, or some. Those that are still missing then are marked as pending. A search by
// network cannot do without any.
const (
	patienceForAll     = time.Second
	patienceForSome    = 50 * time.Millisecond
	patienceForNetwork = 5 * time.Second
	waiters            = 16 // goroutines of one list that wait
)

// computed returns the figures of each of the outages, which may be pending; it waits
// longer if they are needed. Of those that nobody wrote about there is nothing to compute,
// nor to keep.
func (s *Store) computed(ctx context.Context, outages []*hugops.Outage, spoken map[string]bool, now time.Time, needed bool) ([]*figures, error) {
	list, errs := make([]*figures, len(outages)), make([]error, len(outages))
	var missing []int
	for i, o := range outages {
		if !spoken[o.ID] {
			list[i] = &figures{bucket: time.Minute}
		} else if list[i] = s.glance(o, rankOf(o, i, now)); list[i] == nil {
			missing = append(missing, i)
		}
	}
	wait := patienceForSome
	switch {
	case needed:
		wait = patienceForNetwork
	case len(missing) == len(outages):
		wait = patienceForAll
	}
	bounded, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var wg sync.WaitGroup
	for first := range min(waiters, len(missing)) {
		wg.Go(func() {
			for k := first; k < len(missing); k += waiters {
				i := missing[k]
				list[i], errs[i] = s.figuresWithin(ctx, bounded, outages[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Services returns what is known of the outages of each service that has any, by
// slug. It counts what OutagePage lists.
func (s *Store) Services(ctx context.Context, now time.Time) ([]hugops.ServiceOutages, error) {
	outages, spoken, err := s.registry(ctx)
	if err != nil {
		return nil, err
	}
	bySlug, list := map[string]int{}, []hugops.ServiceOutages{}
	wanted := hugops.OutageQuery{}.Filter(now)
	for i := range outages {
		o := &outages[i]
		if o.Impact == "maintenance" && !spoken[o.ID] || !wanted(o) {
			continue
		}
		at, known := bySlug[o.Service]
		if !known {
			at, bySlug[o.Service] = len(list), len(list)
			list = append(list, hugops.ServiceOutages{Slug: o.Service, Name: o.ServiceName, Last: *o})
		}
		list[at].Outages++
		if o.OpenAt(now) {
			list[at].Open++
		}
	}
	slices.SortFunc(list, func(a, b hugops.ServiceOutages) int { return strings.Compare(a.Slug, b.Slug) })
	return list, nil
}

// registry returns all outages, the newest first, and which of them somebody wrote
// about.
func (s *Store) registry(ctx context.Context) ([]hugops.Outage, map[string]bool, error) {
	outages, err := s.outageList(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s.config.Stale < 0 {
		spoken, err := s.spoken(ctx)
		return outages, spoken, err
	}
	spoken, err := s.cache.spoken.get(ctx, s.cache, func(ctx context.Context, _ map[string]bool, _ bool) (map[string]bool, time.Duration, error) {
		begun := time.Now()
		spoken, err := s.spoken(ctx)
		return spoken, max(lookAgain, restFactor*time.Since(begun)), err
	})
	return outages, spoken, err
}

// spoken reads which outages have posts.
func (s *Store) spoken(ctx context.Context) (map[string]bool, error) {
	found := map[string]bool{}
	err := s.each(ctx, sql("spoken"), func(r driver.Rows) error {
		var id string
		err := r.Scan(&id)
		found[id] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: outages with posts: %w", err)
	}
	return found, nil
}
