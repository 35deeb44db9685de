package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
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
	Trend                    string // of the last hour, "" once the outage is over or without a number
	Demo                     bool
}

// longestName is how many characters of a service's name are shown: pictures measure
// them again and again until they fit.
const longestName = 100

func newRow(sum hugops.Summary, now time.Time) row {
	o := sum.Outage
	open := o.OpenAt(now)
	r := row{
		ID: o.ID, Slug: o.Service, Service: clip(clean(serviceName(o)), longestName), Title: clean(o.Title), Since: o.StartedAt.UTC(), Demo: o.Demo, Posts: sum.Posts,
		Figure: newFigure(sum.Index, !open), Spark: newSpark(sum.Curve, nil),
	}
	r.Tag, r.TagClass = tagOf(o, open)
	if open {
		r.When = "for " + span(now.Sub(o.StartedAt))
		if r.Figure.Enough {
			r.Trend = trend(sum.Trend)
		}
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
	case !o.WithdrawnAt.IsZero():
		return "Taken back", "resolved"
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
	Search      search
	Older       string // address of the next page, "" on the last one
}

// Front reports whether this is the front page: what is searched for, and older
// outages, stand alone.
func (v homeView) Front() bool { return v.Search.After == nil && !v.Search.Filtered() }

// aPage is how many outages that are over a page of the list shows.
const aPage = 20

func (s *site) home(r *http.Request) (*answer, error) {
	find, err := readSearch(r.URL.Query())
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	v := homeView{Search: find}
	demo, err := s.list(r, &v, now)
	if err != nil {
		return nil, err
	}
	title := "How kindly was each outage met?"
	switch {
	case find.After != nil:
		title = "Older outages"
	case find.Filtered():
		title = "Search"
	default:
		if err := s.front(r, &v, now); err != nil {
			return nil, err
		}
		demo = demo || v.Lead != nil && v.Lead.Demo
	}
	return s.render(r, "home", cacheShort, view{
		Title: title, Nav: "home", Live: true, Demo: demo, Data: v,
		Description: "How kindly was each internet outage met? Support and venting in public posts, and how sure we are.",
	})
}

// list fills the two lists with what is searched for, and says whether any of it is
// invented.
func (s *site) list(r *http.Request, v *homeView, now time.Time) (demo bool, err error) {
	going, over := true, false
	var open hugops.OutagePage
	if v.Search.After == nil {
		q := v.Search.query(now)
		q.Open, q.From, q.Limit = &going, time.Time{}, most
		if open, err = s.outagePage(r, now, q); err != nil {
			return false, err
		}
	}
	q := v.Search.query(now)
	q.Open, q.Limit = &over, aPage
	ended, err := s.outagePage(r, now, q)
	if err != nil {
		return false, err
	}
	v.Now, v.Lately = newRows(open.Summaries, now), newRows(ended.Summaries, now)
	slices.SortStableFunc(v.Now, func(a, b row) int { return cmp.Compare(b.Posts, a.Posts) })
	if ended.Next != nil {
		v.Older = v.Search.behind(ended.Next)
	}
	return slices.ContainsFunc(slices.Concat(v.Now, v.Lately), func(r row) bool { return r.Demo }), nil
}

// front fills what stands around the lists on the first page.
func (s *site) front(r *http.Request, v *homeView, now time.Time) error {
	all, err := s.summaries(r, now)
	if err != nil {
		return err
	}
	going := true
	open, err := s.outagePage(r, now, hugops.OutageQuery{Open: &going, Limit: most})
	if err != nil {
		return err
	}
	lead := leadOf(open.Summaries)
	v.LeadOpen = lead != nil
	if lead == nil && len(all) > 0 {
		lead = &all[0]
	}
	if lead != nil {
		one := newRow(*lead, now)
		v.Lead = &one
	}
	v.Kindest = kindest(all, now)
	if v.LeadOpen {
		return s.look(r, v, now)
	}
	return nil
}

// leadOf is the most talked-about outage of those that go on; nil if there is none.
func leadOf(open []hugops.Summary) *hugops.Summary {
	if len(open) == 0 {
		return nil
	}
	lead := slices.MaxFunc(open, func(a, b hugops.Summary) int { return cmp.Compare(a.Posts, b.Posts) })
	return &lead
}

func newRows(all []hugops.Summary, now time.Time) []row {
	out := make([]row, len(all))
	for i, sum := range all {
		out[i] = newRow(sum, now)
	}
	return out
}

// kindest are up to three outages of the last 30 days with at least 100 people
// that were met with mostly support, by the lower bound. There is no unkindest.
func kindest(all []hugops.Summary, now time.Time) []row {
	var out []row
	for _, sum := range all {
		f := newFigure(sum.Index, false)
		if f.Enough && f.Sided >= 100 && f.Lower > 50 && sum.Outage.StartedAt.After(now.AddDate(0, 0, -30)) {
			out = append(out, newRow(sum, now))
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
