package statusfeed

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hugops/hugops"
)

const (
	// An outage that is gone from a feed is looked for in so many rounds, over so
	// long a time, before it counts as over (feeds that list only what goes on) or
	// as withdrawn (feeds that should still list it).
	endsRounds, endsAfter         = 2, 2 * time.Minute
	withdrawnRounds, withdrawnFor = 3, 15 * time.Minute
	// lostAfter is for how long an outage may stay open that has fallen off the
	// end of its feed.
	lostAfter = 24 * time.Hour
	// While an outage of less than this age is open, its page is asked more often;
	// some stay open for months.
	young = 3 * 24 * time.Hour
	// LastSeen is written so often while an outage is open, and afterwards.
	seenOpen, seenOver = time.Hour, 24 * time.Hour
)

// sight is what a watch remembers of an outage that it stored.
type sight struct {
	digest      uint64 // 0: put it again when it is listed
	started     time.Time
	ended       time.Time // zero while it is open
	maintenance bool
	seen, saved time.Time // when it was listed last, and what the registry has of that
	missing     int       // rounds in which it was not listed
	since       time.Time // of the first of them
}

func newSight(o *hugops.Outage, seen time.Time) *sight {
	return &sight{started: o.StartedAt, ended: o.EndedAt, maintenance: o.Impact == "maintenance", seen: seen, saved: seen}
}

func (s *sight) open(now time.Time) bool {
	return !now.Before(s.started) && (s.ended.IsZero() || now.Before(s.ended))
}

// look compares what the feeds list with what they listed before, and tells the
// registry what was seen, what is over and what was withdrawn. What is missing is
// concluded only from rounds in which all feeds were read in full.
func (p *watch) look(ctx context.Context, now time.Time, complete bool) error {
	listed := map[string]bool{}
	for _, f := range p.feeds {
		for _, id := range f.ids {
			listed[id] = true
		}
	}
	var seen []hugops.Sighting
	oldest := p.middle(listed)
	p.open = false
	for id, s := range p.sights {
		switch {
		case listed[id]:
			if complete {
				s.seen, s.missing = now, 0
			}
			p.open = p.open || s.open(now) && now.Sub(s.started) < young
			if every := seenEvery(s.open(now)); s.seen.Sub(s.saved) >= every {
				seen = append(seen, hugops.Sighting{ID: id, LastSeen: s.seen})
			}
		case complete:
			if gone := p.gone(id, s, now, oldest[s.maintenance], len(listed)); gone != nil {
				seen = append(seen, *gone)
			}
		}
	}
	if len(seen) == 0 {
		return nil
	}
	if err := p.w.cfg.Registry.SeeOutages(ctx, seen); err != nil {
		return fmt.Errorf("store what was seen of outages: %w", err)
	}
	for _, v := range seen {
		p.settle(v)
	}
	return nil
}

func seenEvery(open bool) time.Duration {
	if open {
		return seenOpen
	}
	return seenOver
}

// settle is called when the registry has a sighting. What is over or withdrawn
// is forgotten, so that it is put again when it is listed again.
func (p *watch) settle(v hugops.Sighting) {
	if v.EndedAt.IsZero() && v.WithdrawnAt.IsZero() {
		p.sights[v.ID].saved = v.LastSeen
		return
	}
	p.log.Info("an outage is gone from its feed", "outage", v.ID, "withdrawn", !v.WithdrawnAt.IsZero(), "ended_at", v.EndedAt)
	delete(p.sights, v.ID)
}

// gone concludes what it means that an outage is not listed; nil is nothing yet.
func (p *watch) gone(id string, s *sight, now, oldest time.Time, listed int) *hugops.Sighting {
	if s.missing++; s.missing == 1 {
		s.since = now
	}
	missed := now.Sub(s.since)
	planned := now.Before(s.started)
	open := s.open(now)
	ends := !slices.ContainsFunc(p.feeds, func(f *feed) bool { return !f.ongoing && f.absent.Before(now) })
	end := s.ended
	if open {
		end = later(s.seen, s.started)
	}
	switch {
	case ends && (s.missing < endsRounds || missed < endsAfter):
		return nil
	case ends && planned:
		return &hugops.Sighting{ID: id, WithdrawnAt: s.since}
	case ends && open:
		return &hugops.Sighting{ID: id, EndedAt: end}
	case ends:
		delete(p.sights, id)
		return nil
	}
	expected := listed > 0 && s.started.After(oldest) || listed == 0 && (open || planned)
	switch {
	case expected && (s.missing < withdrawnRounds || missed < withdrawnFor):
	case expected:
		return &hugops.Sighting{ID: id, EndedAt: end, WithdrawnAt: s.since}
	case !open && !planned:
		delete(p.sights, id) // it has fallen off the end of the feed
	case missed >= lostAfter:
		return &hugops.Sighting{ID: id, EndedAt: end}
	}
	return nil
}

// middle is the median start of the listed incidents and of the listed
// maintenances: what began after it should be listed. The oldest start would not
// do: pages write up old incidents, too.
func (p *watch) middle(listed map[string]bool) map[bool]time.Time {
	starts := map[bool][]time.Time{}
	for id := range listed {
		if s := p.sights[id]; s != nil {
			starts[s.maintenance] = append(starts[s.maintenance], s.started)
		}
	}
	middle := map[bool]time.Time{}
	for _, maintenance := range []bool{false, true} {
		list := starts[maintenance]
		slices.SortFunc(list, time.Time.Compare)
		if len(list) > 0 {
			middle[maintenance] = list[len(list)/2]
		} else {
			middle[maintenance] = time.Unix(1<<40, 0) // nothing is expected
		}
	}
	return middle
}
