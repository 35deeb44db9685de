package hugops

import (
	"strings"
	"time"
)

// OutageQuery says which outages are asked for, the newest first. What is zero
// asks for all.
type OutageQuery struct {
	Service  string    // slug
	Open     *bool     // going on, or over
	From, To time.Time // began in [From, To)
	// Text are words that all stand in the service's name, its slug or the title;
	// capitals do not matter.
	Text string
	// Network asks for the outages that the breakdown by network has a row of it for:
	// with posts there of enough people for a row.
	Network Network
	// After is the place behind which the page begins: OutagePage.Next of the page
	// before.
	After *OutagePlace
	Limit int // 0: all
}

// OutagePlace is a place in the list of all outages, which goes by start, the
// newest first, and then by id. It stays where it is whatever outages come.
type OutagePlace struct {
	StartedAt time.Time
	ID        string
}

// PlaceOf is the place of an outage.
func PlaceOf(o *Outage) *OutagePlace { return &OutagePlace{o.StartedAt, o.ID} }

// Before reports whether an outage stands behind the place in the list.
func (p *OutagePlace) Before(o *Outage) bool {
	if c := o.StartedAt.Compare(p.StartedAt); c != 0 {
		return c < 0
	}
	return o.ID > p.ID
}

// OutagePage is one page of outages. Next is nil on the last one; until then a page
// may hold fewer than asked for.
type OutagePage struct {
	Summaries []Summary
	Next      *OutagePlace
}

// Filter returns whether an outage is asked for, as far as it can tell itself: by
// all but Network, After and Limit. One that has not begun by now never is, nor is
// one that turned out to be another.
func (q OutageQuery) Filter(now time.Time) func(*Outage) bool {
	words := strings.Fields(strings.ToLower(q.Text))
	return func(o *Outage) bool {
		switch {
		case o.StartedAt.After(now), o.MergedInto != "",
			q.Service != "" && o.Service != q.Service,
			q.Open != nil && o.OpenAt(now) != *q.Open,
			o.StartedAt.Before(q.From), !q.To.IsZero() && !o.StartedAt.Before(q.To):
			return false
		case len(words) == 0:
			return true
		}
		text := strings.ToLower(o.ServiceName + " " + o.Service + " " + o.Title)
		for _, word := range words {
			if !strings.Contains(text, word) {
				return false
			}
		}
		return true
	}
}

// ServiceOutages is what is known of the outages of one service.
type ServiceOutages struct {
	Slug, Name string // as the newest of them says
	Outages    int    // that have begun
	Open       int    // those of them that go on
	Last       Outage // the newest
}
