package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// row is one outage as lists show it.
type row struct {
	ID, Slug, Service, Title string
	Tag, TagClass            string
	When                     string // "for 3 h 12 min", "yesterday, 1 h 20 min"
	Since                    time.Time
	Figure                   figure
	Spark                    *spark
	Posts                    int
	Demo                     bool
}

func newRow(sum hugops.Summary, now time.Time) row {
	o := sum.Outage
	open := o.OpenAt(now)
	r := row{
		ID: o.ID, Slug: o.Service, Service: clean(serviceName(o)), Title: clean(o.Title), Since: o.StartedAt.UTC(), Demo: o.Demo, Posts: sum.Posts,
		Figure: newFigure(sum.Index, !open), Spark: newSpark(sum.Curve, nil),
	}
	r.Tag, r.TagClass = tagOf(o, open)
	if open {
		r.When = "for " + span(now.Sub(o.StartedAt))
	} else {
		r.When = day(o.StartedAt, now) + ", " + span(o.EndedAt.Sub(o.StartedAt))
	}
	if r.Title == "" {
		r.Title = "Outage"
	}
	return r
}

// tagOf is the word and the look of an outage's state.
func tagOf(o hugops.Outage, open bool) (word, class string) {
	switch {
	case o.Impact == "maintenance":
		return "Maintenance", "resolved"
	case o.Suspected:
		return "Suspected", "suspected"
	case open:
		return "Ongoing", "ongoing"
	}
	return "Resolved", "resolved"
}

// homeView is the list of outages with the most talked-about one before it.
type homeView struct {
	Lead        *row
	LeadOpen    bool
	Notice      *notice
	Now, Lately []row
	Kindest     []row
	Strips      []strip
	Axis        timeAxis
	Query       string
	Days        int
	Older       bool // there are more than shown
	Filtered    bool
}

// lately is how many outages that are over the list shows unless asked for more.
const lately = 20

func (s *site) home(r *http.Request) (*answer, error) {
	q := r.URL.Query()
	days, err := wholeParam(q.Get("days"), 0, 3660)
	if err != nil {
		return nil, badRequest("days is a whole number of days.")
	}
	now := s.Now().UTC()
	all, err := s.summaries(r, now)
	if err != nil {
		return nil, err
	}
	v := homeView{Query: clip(strings.TrimSpace(q.Get("q")), 80), Days: days}
	v.Filtered = v.Query != "" || days > 0
	v.fill(all, now, q.Get("all") != "")
	if v.LeadOpen {
		if err := s.look(r, &v, now); err != nil {
			return nil, err
		}
	}
	demo := v.Lead != nil && v.Lead.Demo || slices.ContainsFunc(slices.Concat(v.Now, v.Lately, v.Kindest), func(r row) bool { return r.Demo })
	return s.render(r, "home", cacheShort, view{
		Title: "How kindly was each outage met?", Nav: "home", Live: true, Demo: demo, Data: v,
		Description: "How kindly was each internet outage met? Support and venting in public posts, with an honest interval.",
	})
}

// fill sorts summaries (newest first) into the parts of the page.
func (v *homeView) fill(all []hugops.Summary, now time.Time, everything bool) {
	var lead *hugops.Summary
	for i := range all {
		sum := &all[i]
		open := sum.Outage.OpenAt(now)
		if lead == nil || open && (!v.LeadOpen || sum.Posts > lead.Posts) {
			lead, v.LeadOpen = sum, open
		}
		if !v.wants(sum.Outage, now) {
			continue
		}
		switch {
		case open:
			v.Now = append(v.Now, newRow(*sum, now))
		case len(v.Lately) < lately || everything:
			v.Lately = append(v.Lately, newRow(*sum, now))
		default:
			v.Older = true
		}
	}
	if lead != nil {
		r := newRow(*lead, now)
		v.Lead = &r
	}
	slices.SortStableFunc(v.Now, func(a, b row) int { return cmp.Compare(b.Posts, a.Posts) })
	v.Kindest = kindest(all, now)
}

// wants applies the search: a service's name or what broke, and how long ago.
func (v *homeView) wants(o hugops.Outage, now time.Time) bool {
	if v.Days > 0 && o.StartedAt.Before(now.AddDate(0, 0, -v.Days)) && !o.OpenAt(now) {
		return false
	}
	text := strings.ToLower(o.ServiceName + " " + o.Service + " " + o.Title)
	for _, word := range strings.Fields(strings.ToLower(v.Query)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// kindest are up to three outages of the last 30 days with at least 100 people
// that were met with mostly support, by the lower bound. There is no unkindest.
func kindest(all []hugops.Summary, now time.Time) []row {
	var out []row
	for _, sum := range all {
		r := newRow(sum, now)
		if r.Figure.Enough && r.Figure.Sided >= 100 && r.Figure.Lower > 50 && r.Since.After(now.AddDate(0, 0, -30)) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b row) int { return cmp.Compare(b.Figure.Lower, a.Figure.Lower) })
	return out[:min(len(out), 3)]
}

// look asks what was seen of late: the coverage of the ongoing outage that leads.
func (s *site) look(r *http.Request, v *homeView, now time.Time) error {
	d, err := s.detailOf(r, v.Lead.ID, now)
	if errors.Is(err, hugops.ErrNotFound) {
		return nil // gone between two questions
	}
	if err != nil {
		return err
	}
	c := newChart(d, now)
	v.Strips, v.Axis = c.Strips, timeAxis{From: c.From, To: c.To, X0: 0, X1: 100}
	v.Notice = lost(c.Strips, now)
	return nil
}

// Selected marks the chosen length of time in the form.
func (v homeView) Selected(days int) bool { return v.Days == days }

// Wider is the link that shows more of the same search.
func (v homeView) Wider() string {
	q := url.Values{"all": {"1"}}
	if v.Days > 0 {
		q.Set("days", strconv.Itoa(v.Days))
	}
	if v.Query != "" {
		q.Set("q", v.Query)
	}
	return "/?" + q.Encode()
}

// stripPart is one stretch of a strip in percent of its width.
type stripPart struct {
	X0, X1 float64
	Class  string
}

// Parts are what of a strip is drawn: gaps are left empty.
func (v homeView) Parts(s strip) []stripPart { return stripParts(s.Spans, v.Axis) }

func stripParts(spans []seen, axis timeAxis) []stripPart {
	var out []stripPart
	for _, p := range spans {
		class := "cov-on"
		switch {
		case p.State.Blind():
			continue
		case p.State == hugops.CoverageSample:
			class = "cov-some"
		}
		out = append(out, stripPart{round1(axis.x(p.From)), round1(axis.x(p.To)), class})
	}
	return out
}

// Words says how the network of a strip was seen.
func (s strip) Words() string { return s.words() }
