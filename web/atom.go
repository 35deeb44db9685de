package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hugops/hugops"
)

// The shapes of a feed (RFC 4287).
type (
	atomFeed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string      `xml:"id"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Author  string      `xml:"author>name"`
		Links   []atomLink  `xml:"link"`
		Entries []atomEntry `xml:"entry"`
	}
	atomEntry struct {
		ID        string   `xml:"id"`
		Title     string   `xml:"title"`
		Published string   `xml:"published"`
		Updated   string   `xml:"updated"`
		Link      atomLink `xml:"link"`
		Summary   string   `xml:"summary"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
)

// inFeed is how many entries a feed has.
const inFeed = 50

// outagesFeed answers the feed of outages, the newest first; ?service=slug of one
// service. The time of an entry
// is that of the provider's last word on it, so that readers of feeds see it again
// then, and not with each post.
func (s *site) outagesFeed(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	slug := r.URL.Query().Get("service")
	page, err := s.outagePage(r, now, hugops.OutageQuery{Service: slug, Limit: inFeed})
	if err != nil {
		return nil, err
	}
	base := s.base(r)
	f := newFeed(base+"/outages.atom", base+"/", "Outages, and how they were met")
	if slug != "" {
		f = newFeed(base+"/outages.atom?service="+url.QueryEscape(slug), base+"/services/"+url.PathEscape(slug), "Outages of "+s.nameOf(slug, page.Summaries)+", and how they were met")
	}
	for _, sum := range page.Summaries {
		row := newRow(sum, now)
		page := base + "/outages/" + row.ID
		f.Entries = append(f.Entries, atomEntry{
			ID: page, Title: row.Service + ": " + row.Title + " (" + row.Tag + ")", Published: stamp(row.Since), Updated: stamp(changed(sum.Outage, now)),
			Link: atomLink{Rel: "alternate", Type: "text/html", Href: page}, Summary: row.Figure.Verdict.Long + " " + row.Figure.Say,
		})
	}
	return f.answer(now)
}

// outageFeed answers the feed of one outage: what the provider said, the latest
// first.
func (s *site) outageFeed(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	d, err := s.detail(r, now)
	if err != nil {
		return nil, err
	}
	row := newRow(d.Summary, now)
	page := s.base(r) + "/outages/" + row.ID
	f := newFeed(page+"/updates.atom", page, row.Service+": "+row.Title)
	updates := numberUpdates(d.Outage.Updates, now)
	for i := len(updates) - 1; i >= 0 && len(f.Entries) < inFeed; i-- {
		u := updates[i]
		f.Entries = append(f.Entries, atomEntry{
			ID: page + "#update-" + strconv.Itoa(u.N), Title: u.Word, Published: stamp(u.At), Updated: stamp(u.At),
			Link: atomLink{Rel: "alternate", Type: "text/html", Href: page}, Summary: u.Text,
		})
	}
	return f.answer(row.Since)
}

func newFeed(self, page, title string) *atomFeed {
	return &atomFeed{ID: self, Title: title, Author: "hugops",
		Links: []atomLink{{Rel: "self", Type: "application/atom+xml", Href: self}, {Rel: "alternate", Type: "text/html", Href: page}}}
}

// answer writes the feed; it is as new as its newest entry, or as of otherwise.
func (f *atomFeed) answer(otherwise time.Time) (*answer, error) {
	f.Updated = stamp(otherwise)
	for i, e := range f.Entries {
		if i == 0 || e.Updated > f.Updated {
			f.Updated = e.Updated
		}
	}
	b := bytes.NewBufferString(xml.Header)
	if err := xml.NewEncoder(b).Encode(f); err != nil {
		return nil, fmt.Errorf("encoding the feed: %w", err)
	}
	b.WriteByte('\n')
	return &answer{Type: "application/atom+xml; charset=utf-8", Cache: cacheShort, Body: b.Bytes()}, nil
}

// changed is when something was last said of an outage.
func changed(o hugops.Outage, now time.Time) time.Time {
	at := o.StartedAt
	for _, u := range o.Updates {
		if u.At.After(at) && !u.At.After(now) {
			at = u.At
		}
	}
	if o.EndedAt.After(at) && !o.EndedAt.After(now) {
		at = o.EndedAt
	}
	return at
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
