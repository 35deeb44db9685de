package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// serviceView is the page of one service.
type serviceView struct {
	Slug, Name  string
	StatusURL   string    // "" if not known
	Parent      *related  // what it is part of
	Parts       []related // what is part of it
	Now, Lately []row     // its outages
	History     *history  // nil with fewer than two to show
	Older       string    // address of the next page, "" on the last one
	After       bool      // not the first page
	Embed       embedCode // whatever goes on
}

// related is a service that another belongs to.
type related struct {
	Slug, Name string
	Open       int // its outages that go on
}

// inHistory is how many outages the drawing of a service's outages looks at.
const inHistory = 60

func (s *site) service(r *http.Request) (*answer, error) {
	slug, now := r.PathValue("slug"), s.Now().UTC()
	find, err := readSearch(r.URL.Query())
	if err != nil {
		return nil, err
	}
	find = search{Path: "/services/" + slug, After: find.After}
	v := serviceView{Slug: slug, After: find.After != nil}
	newest, err := s.outagePage(r, now, hugops.OutageQuery{Service: slug, Limit: inHistory})
	if err != nil {
		return nil, err
	}
	known, isKnown := s.known[slug]
	if !isKnown && len(newest.Summaries) == 0 {
		return nil, &failure{code: http.StatusNotFound, safe: "No service of this name is known here, and no outage of one.", err: fmt.Errorf("service %q: %w", clip(slug, 40), hugops.ErrNotFound)}
	}
	v.Name, v.StatusURL = s.nameOf(slug, newest.Summaries), safeURL(known.StatusURL)
	if err := s.kin(r, &v, known, now); err != nil {
		return nil, err
	}
	if err := s.listOf(r, &v, find, now); err != nil {
		return nil, err
	}
	v.History, v.Embed = newHistory(newest.Summaries, now), embedCode{Base: s.base(r), Service: slug}
	return s.render(r, "service", cacheShort, view{
		Title: v.Name + " outages", Nav: "service", Live: true, Data: v,
		Demo:        slices.ContainsFunc(slices.Concat(v.Now, v.Lately), func(r row) bool { return r.Demo }),
		Description: "How kindly the outages of " + v.Name + " were met, and how sure we are of each.",
	})
}

// nameOf is what people call a service: as the registry says, or its newest outage.
func (s *site) nameOf(slug string, newest []hugops.Summary) string {
	if known, ok := s.known[slug]; ok {
		return known.Name
	}
	if len(newest) > 0 {
		return clip(clean(serviceName(newest[0].Outage)), longestName)
	}
	return clip(clean(slug), 40)
}

// kin finds what the service is part of and what is part of it.
func (s *site) kin(r *http.Request, v *serviceView, known hugops.Service, now time.Time) error {
	all, err := s.Store.Services(r.Context(), now)
	if err != nil {
		return fmt.Errorf("services with outages: %w", err)
	}
	open := map[string]int{}
	for _, one := range all {
		open[one.Slug] = one.Open
	}
	for _, one := range s.Services {
		if one.Parent == v.Slug && v.Slug != "" {
			v.Parts = append(v.Parts, related{one.Slug, one.Name, open[one.Slug]})
		}
	}
	if parent, ok := s.known[known.Parent]; ok {
		v.Parent = &related{parent.Slug, parent.Name, open[parent.Slug]}
	}
	return nil
}

// listOf fills the lists of the service's outages.
func (s *site) listOf(r *http.Request, v *serviceView, find search, now time.Time) error {
	going, over := true, false
	var open hugops.OutagePage
	var err error
	if find.After == nil {
		if open, err = s.outagePage(r, now, hugops.OutageQuery{Service: v.Slug, Open: &going, Limit: most}); err != nil {
			return err
		}
	}
	ended, err := s.outagePage(r, now, hugops.OutageQuery{Service: v.Slug, Open: &over, After: find.After, Limit: aPage})
	if err != nil {
		return err
	}
	v.Now, v.Lately = newRows(open.Summaries, now), newRows(ended.Summaries, now)
	if ended.Next != nil {
		v.Older = find.behind(ended.Next)
	}
	return nil
}

// history draws the outages of a service over time, each with its interval: the
// arms of the gauge, turned. It ranks nothing.
type history struct {
	Label    string
	Drawings []historyDrawing
}

type historyDrawing struct {
	ID           string
	W, H, X0, X1 float64
	Levels       []level
	Ticks        []level // along the time axis
	Marks        []historyMark
}

// level is a place on an axis and its label.
type level struct {
	At   float64
	Text string
}

// historyMark is one outage.
type historyMark struct {
	X, Y, Lower, Upper float64
	Arms               string // path data
	Say                string
}

// newHistory draws the outages that have an index; nil if fewer than two have.
func newHistory(all []hugops.Summary, now time.Time) *history {
	var known []row
	for _, sum := range all {
		if one := newRow(sum, now); one.Figure.Enough {
			known = append(known, one)
		}
	}
	if len(known) < 2 {
		return nil
	}
	slices.Reverse(known) // the oldest first
	from, to := known[0].Since, known[len(known)-1].Since
	pad := max(to.Sub(from)/40, 6*time.Hour)
	axis := timeAxis{From: from.Add(-pad), To: to.Add(pad)}
	return &history{
		Label:    strconv.Itoa(len(known)) + " outages over time, each with its index and range, 0 to 100. The list below says each.",
		Drawings: []historyDrawing{drawHistory("wide", known, axis, 1120, 230, 8), drawHistory("phone", known, axis, 358, 210, 3)},
	}
}

func drawHistory(id string, known []row, axis timeAxis, w, h float64, ticks int) historyDrawing {
	axis.X0, axis.X1 = 40, w-14
	y := func(v float64) float64 { return round1(14 + (h-50)*(1-v/100)) }
	d := historyDrawing{ID: id, W: w, H: h, X0: axis.X0, X1: axis.X1}
	for _, v := range []float64{0, 50, 100} {
		d.Levels = append(d.Levels, level{y(v), num(v)})
	}
	long := axis.To.Sub(axis.From) > 300*24*time.Hour
	for _, t := range axis.ticks(ticks) {
		if long {
			t.Text = t.At.Format("Jan 2006")
		}
		d.Ticks = append(d.Ticks, level{round1(axis.x(t.At)), t.Text})
	}
	for _, one := range known {
		f := one.Figure
		x := round1(axis.x(one.Since))
		m := historyMark{X: x, Y: y(float64(f.Value)), Lower: y(float64(f.Lower)), Upper: y(float64(f.Upper))}
		m.Arms = arm(x, m.Upper, 5) + arm(x, m.Lower, -5)
		m.Say = date(one.Since) + ", " + one.Title + ": " + strconv.Itoa(f.Value) + ", very likely " + f.Range()
		d.Marks = append(d.Marks, m)
	}
	return d
}

// arm is one arm of an upright interval: its apex is the bound.
func arm(x, bound, curl float64) string {
	return strings.Join([]string{"M", num(x - 6), ",", num(bound + curl), "Q", num(x), ",", num(bound - curl), " ", num(x + 6), ",", num(bound + curl)}, "")
}
