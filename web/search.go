package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// search is what a visitor asks a list of outages for; it stands in the address.
type search struct {
	Path    string // of the page
	Query   string
	Days    int // at most so long ago, 0: at any time
	Network hugops.Network
	After   *hugops.OutagePlace // the page begins behind it; nil: the first page
}

// readSearch takes a search from an address: ?q=words&days=30&network=x&after=place.
func readSearch(q url.Values) (search, error) {
	days, err := wholeParam(q.Get("days"), 0, 3660)
	if err != nil {
		return search{}, badRequest("days is a whole number of days.")
	}
	s := search{Path: "/", Query: clip(strings.TrimSpace(q.Get("q")), 80), Days: days, Network: hugops.Network(q.Get("network"))}
	if s.Network != "" && !slices.Contains(hugops.Networks, s.Network) {
		return search{}, badRequest("network is mastodon, x or bluesky.")
	}
	s.After, err = readPlace(q.Get("after"))
	return s, err
}

// readPlace takes a place in the list from an address: "2026-11-22T11:14:00Z,id".
func readPlace(s string) (*hugops.OutagePlace, error) {
	if s == "" {
		return nil, nil
	}
	when, id, _ := strings.Cut(s, ",")
	at, err := time.Parse(time.RFC3339Nano, when)
	if probe := (hugops.Outage{ID: id, Service: "-", StartedAt: at}); err != nil || probe.Validate() != nil {
		return nil, badRequest("after is no place in the list. Begin with the newest outages again.")
	}
	return &hugops.OutagePlace{StartedAt: at, ID: id}, nil
}

// query is the search as the store is asked for it.
func (s search) query(now time.Time) hugops.OutageQuery {
	q := hugops.OutageQuery{Text: s.Query, Network: s.Network, After: s.After}
	if s.Days > 0 {
		q.From = now.AddDate(0, 0, -s.Days)
	}
	return q
}

// behind is the address of the same search from a place on.
func (s search) behind(p *hugops.OutagePlace) string {
	q := url.Values{"after": {p.StartedAt.UTC().Format(time.RFC3339Nano) + "," + p.ID}}
	if s.Days > 0 {
		q.Set("days", strconv.Itoa(s.Days))
	}
	if s.Query != "" {
		q.Set("q", s.Query)
	}
	if s.Network != "" {
		q.Set("network", string(s.Network))
	}
	return s.Path + "?" + q.Encode()
}

// Filtered reports whether anything is left out of the list.
func (s search) Filtered() bool { return s.Query != "" || s.Days > 0 || s.Network != "" }

// Networks are the networks that one may choose.
func (s search) Networks() []hugops.Network { return hugops.Networks }
