package web

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// The shapes of the API, as openapi.json describes them; names never change within
// /api/v1.
type (
	apiOutage struct {
		ID        string     `json:"id"`
		Service   apiService `json:"service"`
		Title     string     `json:"title"`
		StartedAt time.Time  `json:"started_at"`
		EndedAt   *time.Time `json:"ended_at"`
		Open      bool       `json:"open"`
		Demo      bool       `json:"demo"`
		Suspected bool       `json:"suspected"`
		URL       string     `json:"url"`
		Index     apiIndex   `json:"index"`
		Posts     int        `json:"posts"`
		Trend     *apiChange `json:"trend"`
		Links     apiLinks   `json:"links"`
	}
	apiService struct {
		Slug string `json:"slug"`
		Name string `json:"name"`
	}
	apiIndex struct {
		Pending bool     `json:"pending,omitempty"` // only right after a start: the rest is not known yet
		Enough  bool     `json:"enough"`
		Value   *float64 `json:"value"`
		Lower   *float64 `json:"lower"`
		Upper   *float64 `json:"upper"`
		Authors int      `json:"authors"`
		Sided   int      `json:"sided"`
		Support int      `json:"support"`
		Venting int      `json:"venting"`
	}
	apiLinks struct {
		Self   string `json:"self"`
		HTML   string `json:"html"`
		Series string `json:"series"`
		Widget string `json:"widget"`
	}
	apiDetail struct {
		apiOutage
		Parent     *string           `json:"parent"`
		Impact     string            `json:"impact"`
		Components []string          `json:"components"`
		Updates    []apiUpdate       `json:"updates"`
		FirstPost  *time.Time        `json:"first_post"`
		LastPost   *time.Time        `json:"last_post"`
		Influence  *float64          `json:"influence"`
		Copies     apiCopies         `json:"copies"`
		Answers    []apiAnswer       `json:"answers"`
		Curve      []apiPoint        `json:"curve"`
		ByNetwork  []apiShare        `json:"by_network"`
		ByLanguage []apiShare        `json:"by_language"`
		Coverage   []apiCoverage     `json:"coverage"`
		Abstained  int               `json:"abstained"`
		Blame      *apiBlame         `json:"blame"`
		Evidence   []hugops.Evidence `json:"evidence"`
		Model      string            `json:"model"`
	}
	apiChange struct {
		Direction int     `json:"direction"`
		Value     float64 `json:"value"`
		Lower     float64 `json:"lower"`
		Upper     float64 `json:"upper"`
	}
	apiCopies struct {
		Accounts int `json:"accounts"`
		Bursts   int `json:"bursts"`
	}
	apiAnswer struct {
		At     time.Time  `json:"at"`
		Status string     `json:"status"`
		From   time.Time  `json:"from"`
		To     time.Time  `json:"to"`
		Before *apiIndex  `json:"before"`
		After  *apiIndex  `json:"after"`
		Change *apiChange `json:"change"`
	}
	apiBlame struct {
		Posts     int     `json:"posts"`
		People    float64 `json:"people"`
		Company   float64 `json:"company"`
		Situation float64 `json:"situation"`
		Sarcasm   float64 `json:"sarcasm"`
	}
	apiUpdate struct {
		At     time.Time `json:"at"`
		Status string    `json:"status"`
		Text   string    `json:"text"`
	}
	apiPoint struct {
		At    time.Time `json:"at"`
		Value float64   `json:"value"`
		Lower float64   `json:"lower"`
		Upper float64   `json:"upper"`
	}
	apiShare struct {
		Key   string   `json:"key"`
		Index apiIndex `json:"index"`
	}
	apiCoverage struct {
		Network hugops.Network       `json:"network"`
		From    time.Time            `json:"from"`
		To      time.Time            `json:"to"`
		State   hugops.CoverageState `json:"state"`
	}
)

// apiOutages answers a page of the list.
func (s *site) apiOutages(r *http.Request) (*answer, error) {
	p := readParams(r)
	q := hugops.OutageQuery{Service: p.text("service", longestText), Open: p.yes("open"), Text: p.text("q", longestText), Network: p.network()}
	q.From, q.To = p.between()
	return s.outageList(r, p, q, func(page apiPage) any { return page })
}

// apiPage is a page of a list of outages.
type apiPage struct {
	Outages []apiOutage `json:"outages"`
	Next    *string     `json:"next"`
}

// Bounds of a list, and of the words that are searched for.
const (
	pageLimit   = 100
	pageMost    = most
	longestText = 100
)

// outageList answers the page of outages that q and the request ask for, within what
// whole makes of it.
func (s *site) outageList(r *http.Request, p *params, q hugops.OutageQuery, whole func(apiPage) any) (*answer, error) {
	q.Limit = p.whole("limit", pageLimit, pageMost)
	if key := p.cursor(r.URL.Path); key != nil {
		if q.After = placeOf(key); q.After == nil {
			p.wrong("cursor", wrongCursor)
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	now := s.Now().UTC()
	page, err := s.outagePage(r, now, q)
	if err != nil {
		return nil, err
	}
	base, out := s.base(r), apiPage{Outages: []apiOutage{}}
	for _, sum := range page.Summaries {
		out.Outages = append(out.Outages, newAPIOutage(sum, base, now))
	}
	if page.Next != nil {
		out.Next = p.next(base, r.URL, placeKey(page.Next))
	}
	return pageJSON(whole(out), out.Next)
}

// apiOutage answers one outage with everything that its page shows.
func (s *site) apiOutage(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	d, err := s.detail(r, now)
	if err != nil {
		return nil, err
	}
	return asJSON(newAPIDetail(d, s.base(r), now))
}

func newAPIOutage(sum hugops.Summary, base string, now time.Time) apiOutage {
	o := sum.Outage
	self := base + "/api/v1/outages/" + o.ID
	out := apiOutage{
		ID: o.ID, Service: apiService{o.Service, serviceName(o)}, Title: o.Title, StartedAt: o.StartedAt.UTC(),
		Open: o.OpenAt(now), Demo: o.Demo, Suspected: o.Suspected, URL: safeURL(o.URL), Index: newAPIIndex(sum.Index), Posts: sum.Posts,
		Trend: newAPIChange(sum.Trend),
		Links: apiLinks{self, base + "/outages/" + o.ID, self + "/series", base + "/embed/" + o.ID},
	}
	if !out.Open {
		out.EndedAt = when(o.EndedAt, now)
	}
	return out
}

func newAPIIndex(ix hugops.Index) apiIndex {
	out := apiIndex{Pending: ix.Pending, Authors: ix.Authors, Sided: ix.Sided, Support: ix.Support, Venting: ix.Venting}
	if f := newFigure(ix, false); f.Enough {
		v, l, u := round1(ix.Value), round1(ix.Lower), round1(ix.Upper)
		out.Enough, out.Value, out.Lower, out.Upper = true, &v, &l, &u
	}
	return out
}

func newAPIDetail(d hugops.Detail, base string, now time.Time) apiDetail {
	c := newChart(d, now)
	out := apiDetail{
		apiOutage: newAPIOutage(d.Summary, base, now), Impact: d.Outage.Impact, Components: append([]string{}, d.Outage.Components...),
		Updates: []apiUpdate{}, FirstPost: when(d.FirstPost, now), LastPost: when(d.LastPost, now), Curve: []apiPoint{},
		ByNetwork: newAPIShares(d.ByNetwork), ByLanguage: newAPIShares(d.ByLang), Coverage: apiCoverageOf(c),
		Abstained: d.Abstained, Blame: newAPIBlame(d), Evidence: []hugops.Evidence{}, Model: d.Model,
		Copies: apiCopies{d.Index.Copies, d.Index.Bursts}, Answers: []apiAnswer{},
	}
	if d.Outage.Parent != "" {
		out.Parent = &d.Outage.Parent
	}
	if out.Index.Enough {
		v := d.Index.Influence
		out.Influence = &v
	}
	for _, u := range d.Outage.Updates {
		if !u.At.After(now) {
			out.Updates = append(out.Updates, apiUpdate{u.At.UTC(), u.Status, u.Text})
		}
	}
	for _, a := range d.Answers {
		out.Answers = append(out.Answers, apiAnswer{a.At, a.Status, a.From, a.To, newAPIPart(a.Before), newAPIPart(a.After), newAPIChange(a.Change)})
	}
	for _, e := range d.Evidence {
		if e.Posts >= fewest {
			out.Evidence = append(out.Evidence, e)
		}
	}
	for _, p := range c.Curve {
		out.Curve = append(out.Curve, apiPoint{p.At.UTC(), round1(p.Index.Value), round1(p.Index.Lower), round1(p.Index.Upper)})
	}
	return out
}

// newAPIChange is nil where one cannot tell.
func newAPIChange(c hugops.Change) *apiChange {
	if !c.Known {
		return nil
	}
	return &apiChange{c.Direction(), round1(c.Value), round1(c.Lower), round1(c.Upper)}
}

// newAPIPart is the index of a part of an outage; nil where it is of too few people.
func newAPIPart(x hugops.Index) *apiIndex {
	if x.Authors < fewest {
		return nil
	}
	out := newAPIIndex(x)
	return &out
}

// fewest is the smallest cell of a breakdown that is shown.
const fewest = 5

// newAPIBlame is nil where too few people vented to say it.
func newAPIBlame(d hugops.Detail) *apiBlame {
	if d.Blame.Posts < fewest || d.Index.Venting < fewest {
		return nil
	}
	return &apiBlame{d.Blame.Posts, d.Blame.People, d.Blame.Company, d.Blame.Situation, d.Blame.Sarcasm}
}

func newAPIShares(shares []hugops.Share) []apiShare {
	out := []apiShare{}
	for _, s := range shares {
		if s.Index.Authors >= fewest {
			out = append(out, apiShare{s.Key, newAPIIndex(s.Index)})
		}
	}
	return out
}

func apiCoverageOf(c *chart) []apiCoverage {
	out := []apiCoverage{}
	for _, s := range c.Strips {
		for _, p := range s.Spans {
			out = append(out, apiCoverage{s.Network, p.From, p.To, p.State})
		}
	}
	return out
}

// when is a time for JSON: null if there is none, or not yet.
func when(t, now time.Time) *time.Time {
	if t.IsZero() || t.After(now) {
		return nil
	}
	t = t.UTC()
	return &t
}

// safeURL lets http and https addresses through and nothing else.
func safeURL(u string) string {
	if strings.HasPrefix(u, "https://") || strings.HasPrefix(u, "http://") {
		return u
	}
	return ""
}

func serviceName(o hugops.Outage) string {
	if o.ServiceName != "" {
		return o.ServiceName
	}
	return o.Service
}

func asJSON(v any) (*answer, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding the answer: %w", err)
	}
	return &answer{Type: "application/json", Cache: cacheShort, Body: append(body, '\n')}, nil
}

// pageJSON is asJSON with a Link to the next page (RFC 8288), if there is one.
func pageJSON(v any, next *string) (*answer, error) {
	a, err := asJSON(v)
	if err == nil && next != nil {
		a.Link = "<" + *next + `>; rel="next"`
	}
	return a, err
}

func asCSV(rows [][]string) (*answer, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true // RFC 4180
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("encoding the answer: %w", err)
	}
	return &answer{Type: "text/csv; charset=utf-8", Cache: cacheShort, Body: b.Bytes()}, nil
}
