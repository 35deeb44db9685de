// Package suspect opens an outage that no provider has told of yet: when many more
// people than usual say that a service is in trouble. Such an outage is suspected,
// and shown as such. It becomes part of the provider's own one when that appears,
// and ends when the posts fade.
//
// It owns the rule by which a crowd is told from a usual day. It refuses to hear one
// account, or one text, more than once, and it keeps nothing: what it decides goes
// into the store's outages, and is decided from them again after a restart.
package suspect

import (
	"cmp"
	"slices"
	"time"

	"github.com/hugops/hugops"
)

// Usual is how large a crowd of ten minutes is that only one in a hundred exceeds,
// by service, in the two weeks before. One in a hundred is more than the outages of
// two weeks, so those that were do not hide the one that is.
type Usual map[string]int

const (
	// fewest is the smallest crowd that counts, for services of which nobody speaks
	// on other days.
	fewest = 12
	// factor is how much larger than usual a crowd must be.
	factor = 4
	// minutes is in how many of the ten minutes there must be posts: one post
	// that is passed around is no crowd.
	minutes = 4
	// early is how long before the provider's start a crowd may have begun that
	// means the same outage, and late how long after its end.
	early, late = 2 * time.Hour, 30 * time.Minute
	// keeps is how long ago an outage may have been suspected that a provider's own
	// still confirms.
	keeps = 7 * 24 * time.Hour
)

// threshold is the crowd at which an outage is suspected.
func (u Usual) threshold(service string) int { return max(fewest, factor*u[service]) }

// Decide returns the suspected outages that are new, confirmed or over at a time.
// Outages are all that are known; parent returns the service that another one is
// part of, "" for none; name what it is called.
func Decide(now time.Time, crowds []hugops.Crowd, usual Usual, outages []hugops.Outage, parent, name func(slug string) string) []hugops.Outage {
	d := decision{now: now, usual: usual, crowds: map[string]hugops.Crowd{}, parent: parent}
	for _, c := range crowds {
		d.crowds[c.Service] = c
	}
	var changed []hugops.Outage
	for _, o := range outages {
		if !o.Suspected || o.MergedInto != "" || now.Sub(o.StartedAt) > keeps {
			continue
		}
		if next, ok := d.follow(o, outages); ok {
			changed = append(changed, next)
		}
	}
	slices.SortFunc(crowds, func(a, b hugops.Crowd) int { return cmp.Or(b.Now-a.Now, cmp.Compare(a.Service, b.Service)) })
	for _, c := range crowds {
		if c.Now < usual.threshold(c.Service) || c.Minutes < minutes || d.explained(c.Service, slices.Concat(outages, changed)) {
			continue
		}
		changed = append(changed, hugops.Outage{
			ID:      "suspected-" + c.Service + "-" + c.Began.UTC().Format("2006-01-02-1504"),
			Service: c.Service, ServiceName: name(c.Service), Title: "Many people report problems",
			StartedAt: c.Began.UTC(), Source: "suspected", Suspected: true,
		})
	}
	return changed
}

type decision struct {
	now    time.Time
	usual  Usual
	crowds map[string]hugops.Crowd
	parent func(string) string
}

// follow returns what becomes of a suspected outage, and whether anything does.
func (d *decision) follow(o hugops.Outage, outages []hugops.Outage) (hugops.Outage, bool) {
	end := o.EndedAt
	if end.IsZero() {
		end = d.now
	}
	for _, p := range outages {
		if p.Suspected || p.Demo || p.Impact == "maintenance" || !d.covers(p.Service, o.Service) {
			continue
		}
		if !p.StartedAt.After(end.Add(early)) && !p.StartedAt.Before(o.StartedAt.Add(-early)) || p.OpenAt(o.StartedAt) {
			o.MergedInto, o.EndedAt = p.ID, end
			return o, true
		}
	}
	c := d.crowds[o.Service]
	if o.EndedAt.IsZero() && c.Lately < d.usual.threshold(o.Service)/2 {
		o.EndedAt = d.now.UTC()
		if c.Last.After(o.StartedAt) {
			o.EndedAt = c.Last.UTC()
		}
		return o, true
	}
	return o, false
}

// explained reports whether an outage that is known or suspected already is what
// the crowd speaks of.
func (d *decision) explained(service string, outages []hugops.Outage) bool {
	return slices.ContainsFunc(outages, func(o hugops.Outage) bool {
		if o.MergedInto != "" || o.Impact == "maintenance" || !d.covers(o.Service, service) || o.StartedAt.After(d.now) {
			return false
		}
		return o.EndedAt.IsZero() || d.now.Sub(o.EndedAt) < late
	})
}

// covers reports whether an outage of a service may be what people mean who name
// another: itself, or one that it is part of.
func (d *decision) covers(service, named string) bool {
	for range 8 { // a registry has no loops, and none so deep
		if named == service {
			return true
		}
		if named = d.parent(named); named == "" {
			return false
		}
	}
	return false
}
