package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// outageView is everything that the page of one outage says.
type outageView struct {
	row
	Open      bool
	StartedAt time.Time
	EndedAt   time.Time
	CountedTo string
	URL       string // the provider's page, "" if none
	Parts     string // components, joined
	Notice    *notice
	Tiles     []tile
	Chart     *chart
	Suspected bool
	Withdrawn string     // when the provider took it back, "" if it did not
	FellWith  *row       // the outage that this one fell with
	Fell      []row      // those that fell with this one
	Evidence  []evidence // why these posts are linked
	Updates   []told     // what the company said, and how people answered
	Aim       *aim       // whom the venting posts blame, nil if too few vented
	Copies    string     // posts with the same words, "" if there are none
	ByNetwork []share
	ByLang    []share
	Hug       hug
	Embed     embedCode
}

// tile is a figure and one plain phrase.
type tile struct{ Figure, Phrase string }

// share is one row of a breakdown.
type share struct {
	Name   string
	People int
	Figure figure
}

func (s *site) outage(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	d, err := s.detail(r, now)
	if err != nil {
		return nil, err
	}
	v := newOutageView(d, now)
	if err := s.cascade(r, &v, d.Outage, now); err != nil {
		return nil, err
	}
	v.Hug = newHug(v.Service, v.Open, s.known[v.Slug].Handles)
	v.Embed = embedCode{Base: s.base(r), ID: v.ID}
	title := v.Service + ": " + v.Title
	if v.Figure.Enough {
		title += ". Empathy index " + count(v.Figure.Value) + " (" + v.Figure.Range() + ")"
	}
	return s.render(r, "outage", cacheShort, view{
		Title: title, Description: v.Figure.Say, Nav: "outage", Demo: v.Demo, Live: true, Chart: true, Data: v,
	})
}

func newOutageView(d hugops.Detail, now time.Time) outageView {
	o := d.Outage
	v := outageView{
		row: newRow(d.Summary, now), Open: o.OpenAt(now), StartedAt: o.StartedAt.UTC(), EndedAt: o.EndedAt.UTC(),
		URL: safeURL(o.URL), Parts: clip(clean(list(o.Components)), 200), Chart: newChart(d, now),
	}
	if v.Open {
		v.Notice = lost(v.Chart.Strips, now)
	}
	v.CountedTo = moment(countedTo(d, v.Chart, now), o.StartedAt)
	v.Tiles = tiles(d, v.Chart.Updates)
	v.Updates, v.Aim, v.Copies = tell(v.Chart.Updates, d, now), newAim(d), copies(d.Index)
	if !o.WithdrawnAt.IsZero() {
		v.Withdrawn = moment(o.WithdrawnAt, o.StartedAt)
	}
	v.Suspected, v.Evidence = o.Suspected, evidenceOf(d, v.Service)
	v.ByNetwork = shares(d.ByNetwork, networkName)
	v.ByLang = shares(d.ByLang, language)
	return v
}

// cascade finds the outage that this one fell with, and those that fell with it while it
// went on, or within a day.
func (s *site) cascade(r *http.Request, v *outageView, o hugops.Outage, now time.Time) error {
	if o.Parent != "" {
		parent, err := s.detailOf(r, o.Parent, now)
		if err != nil && !errors.Is(err, hugops.ErrNotFound) {
			return err
		}
		if err == nil {
			one := newRow(parent.Summary, now)
			v.FellWith = &one
		}
	}
	const nearby = 24 * time.Hour
	q := hugops.OutageQuery{From: o.StartedAt.Add(-nearby), Limit: most}
	if !o.EndedAt.IsZero() {
		q.To = o.EndedAt.Add(nearby)
	}
	page, err := s.outagePage(r, now, q)
	if err != nil {
		return err
	}
	for _, sum := range page.Summaries {
		if sum.Outage.Parent == o.ID && sum.Outage.ID != o.ID {
			v.Fell = append(v.Fell, newRow(sum, now))
		}
	}
	return nil
}

// When says the outage's time: "22 November 2026, since 11:14 UTC, for 3 h 12 min".
func (v outageView) When() string {
	start := date(v.StartedAt)
	switch {
	case v.Open:
		return start + ", since " + clock(v.StartedAt) + " UTC, " + v.row.When
	case sameDay(v.StartedAt, v.EndedAt):
		return start + ", " + clock(v.StartedAt) + " to " + clock(v.EndedAt) + " UTC, " + span(v.EndedAt.Sub(v.StartedAt))
	}
	return start + ", " + clock(v.StartedAt) + " to " + v.EndedAt.Format("2 January, 15:04") + " UTC, " + span(v.EndedAt.Sub(v.StartedAt))
}

// countedTo is how far the figures reach: the last post, or the last minute that
// some network was seen, if that is later.
func countedTo(d hugops.Detail, c *chart, now time.Time) time.Time {
	to := d.LastPost
	for _, s := range c.Strips {
		for _, p := range s.Spans {
			if !p.State.Blind() {
				to = later(to, p.To)
			}
		}
	}
	if to.IsZero() || to.After(now) {
		return now
	}
	return to
}

// tiles are at most four, and only those that are known.
func tiles(d hugops.Detail, updates []numbered) []tile {
	ix := d.Index
	sided := "people took a side"
	if others := ix.Authors - ix.Sided; others > 0 {
		sided += "; " + count(others) + " more took none that we can read"
	}
	out := []tile{{count(ix.Sided), sided}, {count(ix.Support), "people sent support to the team"}}
	if len(updates) > 0 && !d.FirstPost.IsZero() {
		if notice := updates[0].At; notice.Before(d.FirstPost) {
			out = append(out, tile{span(d.FirstPost.Sub(notice)), "from the first official notice to the first post"})
		} else {
			out = append(out, tile{span(notice.Sub(d.FirstPost)), "from the first post to the first official notice"})
		}
	}
	if newFigure(ix, false).Enough && ix.Influence > 0 {
		points := num(ix.Influence) + " points"
		if num(ix.Influence) == "1" {
			points = "1 point"
		}
		if ix.Influence < 0.05 {
			points = "under 0.1 points"
		}
		out = append(out, tile{points, "the most that any one person moves the index"})
	}
	return out
}

// evidence is what a share of the posts has that links them to the outage.
type evidence struct{ Share, Phrase string }

// evidencePhrases are the kinds of evidence in the words of the page; %s is the
// service.
var evidencePhrases = map[string]string{
	"alias":       "name %s in words",
	"hashtag":     "have a hashtag of %s",
	"handle":      "mention the account of %s",
	"domain":      "link to the site of %s",
	"url":         "link to the status page of %s",
	"reply":       "answer the status account of %s",
	"component":   "name a part that is touched",
	"region":      "name a region that is touched",
	"cascade":     "are about a service that fell with %s",
	"time:before": "were posted before the start that we know of",
	"time:during": "were posted while it went on",
	"time:after":  "were posted after its end",
}

// evidenceOf says what links the posts to the outage, where there are enough posts
// for a share to say anything.
func evidenceOf(d hugops.Detail, service string) []evidence {
	if d.Posts < hugops.MinAuthors {
		return nil
	}
	var out []evidence
	for _, e := range d.Evidence {
		phrase, known := evidencePhrases[e.Kind]
		if !known || e.Posts < fewest {
			continue
		}
		share := "under 1 %"
		if percent := whole(100 * float64(e.Posts) / float64(d.Posts)); percent > 0 {
			share = strconv.Itoa(percent) + " %"
		}
		out = append(out, evidence{share, strings.ReplaceAll(phrase, "%s", service)})
	}
	return out
}

// shares names the rows of a breakdown, most people first, "all others" last.
// Cells of fewer than five people are not shown, whatever the store says.
func shares(in []hugops.Share, name func(string) string) []share {
	rows := slices.DeleteFunc(slices.Clone(in), func(s hugops.Share) bool { return s.Index.Authors < fewest })
	slices.SortStableFunc(rows, func(a, b hugops.Share) int {
		if (a.Key == "other") != (b.Key == "other") {
			return map[bool]int{true: 1, false: -1}[a.Key == "other"]
		}
		return b.Index.Sided - a.Index.Sided
	})
	var out []share
	for _, s := range rows {
		out = append(out, share{name(s.Key), s.Index.Sided, newFigure(s.Index, false)})
	}
	return out
}

// aim is whom the venting posts blame, of every hundred of them, as the model reads
// them: a mean over posts, with no interval.
type aim struct{ People, Company, Situation int }

// newAim is nil where fewer people vented than an index needs.
func newAim(d hugops.Detail) *aim {
	b := d.Blame
	if b.Posts < hugops.MinAuthors || d.Index.Venting < hugops.MinAuthors {
		return nil
	}
	people := whole(100 * b.People)
	company := min(whole(100*b.Company), 100-people)
	return &aim{people, company, 100 - people - company}
}

// Say is the sentence for those who do not see the bar.
func (a aim) Say() string {
	return "Of every 100 venting posts, about " + strconv.Itoa(a.People) + " blame the people on duty, " + strconv.Itoa(a.Company) +
		" the company and " + strconv.Itoa(a.Situation) + " the situation."
}

// From is where the part of the situation begins.
func (a aim) From() int { return a.People + a.Company }

// copies says how many accounts posted the same words and count as fewer.
func copies(ix hugops.Index) string {
	switch {
	case ix.Copies < fewest || ix.Bursts < 1:
		return ""
	case ix.Bursts == 1:
		return count(ix.Copies) + " accounts posted nearly the same words at nearly the same time; they count as one person."
	}
	return count(ix.Copies) + " accounts posted nearly the same words as others, in " + strconv.Itoa(ix.Bursts) + " bursts; each burst counts as one person."
}
