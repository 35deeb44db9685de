package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// sourcesSpan is the time that the page of sources looks back.
const sourcesSpan = 24 * time.Hour

// source is what one source saw within the last day.
type source struct {
	Name    string // such as "mastodon:mastodon.social/public"
	Network hugops.Network
	// Spans begin with the first minute on record; a source of files has none.
	Spans                []seen
	First, Last          time.Time // minutes on record; of a source of files, of its posts
	Seen, Kept, Withheld int
}

// fromFiles reports whether a source reads files, not a live stream.
func fromFiles(name string) bool {
	kind, _, _ := strings.Cut(name, ":")
	return kind == "replay" || kind == "backfill"
}

// sourcesOf folds coverage by the minute, in the order of time, into one entry a
// source and network: by network, then by name. A minute without a row is a gap,
// except for the last ones, whose rows may be late.
func sourcesOf(rows []hugops.Coverage, to time.Time) []*source {
	type key struct {
		name    string
		network hugops.Network
	}
	byKey := map[key]*source{}
	var all []*source
	for _, c := range rows {
		k := key{c.Source, c.Network}
		s := byKey[k]
		if s == nil {
			s = &source{Name: c.Source, Network: c.Network, First: c.At}
			byKey[k], all = s, append(all, s)
		}
		s.add(c)
	}
	for _, s := range all {
		if late := s.Last.Add(time.Minute); !fromFiles(s.Name) && to.Sub(late) > grace*time.Minute {
			s.saw(late, to, hugops.CoverageGap)
		}
	}
	slices.SortStableFunc(all, func(a, b *source) int {
		if byNetwork := slices.Index(hugops.Networks, a.Network) - slices.Index(hugops.Networks, b.Network); byNetwork != 0 {
			return byNetwork
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all
}

func (s *source) add(c hugops.Coverage) {
	s.Seen, s.Kept, s.Withheld = s.Seen+c.Seen, s.Kept+c.Kept, s.Withheld+c.Withheld
	if !fromFiles(s.Name) {
		if next := s.Last.Add(time.Minute); !s.Last.IsZero() && next.Before(c.At) {
			s.saw(next, c.At, hugops.CoverageGap)
		}
		s.saw(c.At, c.At.Add(time.Minute), c.State)
	}
	s.Last = c.At
}

func (s *source) saw(from, to time.Time, state hugops.CoverageState) {
	if k := len(s.Spans) - 1; k >= 0 && s.Spans[k].State == state && s.Spans[k].To.Equal(from) {
		s.Spans[k].To = to
		return
	}
	s.Spans = append(s.Spans, seen{from, to, state})
}

// now is the stretch that the source is in, nil for a source of files.
func (s *source) now() *seen {
	if len(s.Spans) == 0 {
		return nil
	}
	return &s.Spans[len(s.Spans)-1]
}

// share is how much of the time since its first minute the source saw, 0 to 1,
// wholly or in part.
func (s *source) share() float64 {
	var saw, all time.Duration
	for _, p := range s.Spans {
		all += p.To.Sub(p.From)
		if !p.State.Blind() {
			saw += p.To.Sub(p.From)
		}
	}
	if all == 0 {
		return 0
	}
	return saw.Seconds() / all.Seconds()
}

// stateWords say how a source sees now; " since 14:26" goes in place of %s.
var stateWords = map[hugops.CoverageState]string{
	hugops.CoverageLive:    "Live%s",
	hugops.CoverageReplay:  "Catching up%s",
	hugops.CoverageSample:  "A sample%s",
	hugops.CoverageGap:     "Not connected%s",
	hugops.CoverageStalled: "Nothing comes%s, though connected",
	hugops.CoverageClamped: "Posts%s are lost",
	hugops.CoverageBudget:  "Stopped%s: the budget is spent",
}

// sourcesView is the page of sources.
type sourcesView struct {
	Say      string
	To       time.Time
	Networks []networkView
	Files    []sourceView
	Feeds    int        // status pages that are followed
	Unwell   []feedView // those of them that cannot be read now
}

// feedView is a status page that cannot be read.
type feedView struct {
	Name, State, Last string
}

// silent is how long a status page that is followed is silent at most: errors make
// the pauses longer, up to half an hour.
const silent = 45 * time.Minute

// addFeeds sorts out the status pages that cannot be read. One that nobody has
// looked at for long is not followed any more.
func (v *sourcesView) addFeeds(feeds []hugops.Feed) {
	words := map[hugops.CoverageState]string{hugops.CoverageGap: "does not answer", hugops.CoverageStalled: "answers, but with nothing that is new or can be read"}
	for _, f := range feeds {
		if v.To.Sub(f.Last) > silent {
			continue
		}
		v.Feeds++
		if f.State.Blind() {
			_, name, _ := strings.Cut(f.Source, ":")
			v.Unwell = append(v.Unwell, feedView{name, words[f.State], clock(f.Last)})
		}
	}
}

type networkView struct {
	Network hugops.Network
	Sources []sourceView
}

// sourceView is one source as the page shows it.
type sourceView struct {
	*source
	Title string // its name without its network
	axis  timeAxis
}

// Parts are what of the strip is drawn, in percent; gaps are left empty.
func (v sourceView) Parts() []stripPart { return stripParts(v.Spans, v.axis) }

// Gaps are where it was not seen, in percent, if wide enough for a cross.
func (v sourceView) Gaps() []float64 {
	var out []float64
	for _, g := range (strip{Spans: v.Spans}).gaps() {
		if x0, x1 := v.axis.x(g.From), v.axis.x(g.To); x1-x0 >= 1 {
			out = append(out, round1((x0+x1)/2))
		}
	}
	return out
}

// State is what the source says of itself now, with the time of that.
func (v sourceView) State() string {
	now := v.now()
	since := ""
	if now.From.After(v.axis.From) {
		since = " since " + moment(now.From, v.axis.To)
	}
	return strings.Replace(stateWords[now.State], "%s", since, 1)
}

// Blind reports whether nothing is seen now.
func (v sourceView) Blind() bool { return v.now().State.Blind() }

// Missed is how much of its time was not seen.
func (v sourceView) Missed() string {
	missed := time.Duration(0)
	for _, g := range (strip{Spans: v.Spans}).gaps() {
		missed += g.To.Sub(g.From)
	}
	if missed == 0 {
		return "Nothing missed"
	}
	return span(missed) + " not seen"
}

// sources answers the page of sources.
func (s *site) sources(r *http.Request) (*answer, error) {
	to, all, err := s.lastDay(r)
	if err != nil {
		return nil, err
	}
	v := sourcesView{To: to}
	axis := timeAxis{From: to.Add(-sourcesSpan), To: to, X0: 0, X1: 100}
	for _, one := range all {
		kind, title, _ := strings.Cut(one.Name, ":")
		if fromFiles(one.Name) {
			v.Files = append(v.Files, sourceView{one, title, axis})
			continue
		}
		if kind != string(one.Network) {
			title = one.Name
		}
		if k := len(v.Networks) - 1; k < 0 || v.Networks[k].Network != one.Network {
			v.Networks = append(v.Networks, networkView{Network: one.Network})
		}
		last := &v.Networks[len(v.Networks)-1]
		last.Sources = append(last.Sources, sourceView{one, title, axis})
	}
	feeds, err := s.Store.Feeds(r.Context(), to.Add(-sourcesSpan), to)
	if err != nil {
		return nil, fmt.Errorf("how status pages were seen: %w", err)
	}
	v.addFeeds(feeds)
	v.Say = sayNetworks(v.Networks)
	return s.render(r, "sources", cacheShort, view{Title: "Sources", Nav: "sources", Live: true, Data: v,
		Description: "Which networks hugops reads, what it sees of them now, and what it missed in the last 24 hours."})
}

// sayNetworks says in one sentence what is seen now.
func sayNetworks(networks []networkView) string {
	var live, blind []string
	for _, n := range networks {
		if slices.ContainsFunc(n.Sources, func(v sourceView) bool { return !v.Blind() }) {
			live = append(live, n.Network.Name())
		} else {
			blind = append(blind, n.Network.Name())
		}
	}
	switch {
	case len(networks) == 0:
		return "No network is read live on this site."
	case len(blind) == 0:
		return "We see " + list(live) + " as posts are made."
	case len(live) == 0:
		return "Right now we see no network at all: " + list(blind) + " cannot be reached."
	}
	return "We see " + list(live) + " as posts are made, and nothing of " + list(blind) + "."
}

// lastDay asks for what all sources saw in the last day.
func (s *site) lastDay(r *http.Request) (to time.Time, all []*source, err error) {
	to = s.Now().UTC().Truncate(time.Minute)
	all, err = s.sourcesBetween(r, to.Add(-sourcesSpan), to)
	return to, all, err
}

// sourcesBetween asks for what all sources saw in whole minutes. The minute that is not
// over yet has no row.
func (s *site) sourcesBetween(r *http.Request, from, to time.Time) ([]*source, error) {
	rows, err := s.Store.Coverage(r.Context(), from, to.Add(-time.Minute))
	if err != nil {
		return nil, fmt.Errorf("what sources saw: %w", err)
	}
	return sourcesOf(rows, to), nil
}

type apiSource struct {
	Source   string                `json:"source"`
	Network  hugops.Network        `json:"network"`
	State    *hugops.CoverageState `json:"state"`
	Since    *time.Time            `json:"since"`
	Last     time.Time             `json:"last"`
	Share    *float64              `json:"share"`
	Seen     int                   `json:"seen"`
	Kept     int                   `json:"kept"`
	Withheld int                   `json:"withheld"`
	Coverage []apiSeen             `json:"coverage"`
}

type apiSeen struct {
	From  time.Time            `json:"from"`
	To    time.Time            `json:"to"`
	State hugops.CoverageState `json:"state"`
}

// longestSources is how much time of all sources one answer tells of at most.
const longestSources = 7 * 24 * time.Hour

// sourcesTime reads ?from= and ?to=, whole minutes until now: the last day if not said.
func (s *site) sourcesTime(p *params) (from, to time.Time) {
	from, to = p.between()
	if now := s.Now().UTC().Truncate(time.Minute); to.IsZero() || to.After(now) {
		to = now
	}
	if to = to.Truncate(time.Minute); from.IsZero() {
		from = to.Add(-sourcesSpan)
	}
	from = from.Truncate(time.Minute)
	switch {
	case !from.Before(to):
		p.wrong("from", "from is a time before to, and before now.")
	case to.Sub(from) > longestSources:
		p.wrong("from", "from and to are at most 7 days apart: ask for one week after the other.")
	}
	return from, to
}

// apiSources answers what the page of sources shows, of any time.
func (s *site) apiSources(r *http.Request) (*answer, error) {
	p := readParams(r)
	from, to := s.sourcesTime(p)
	if p.err != nil {
		return nil, p.err
	}
	all, err := s.sourcesBetween(r, from, to)
	if err != nil {
		return nil, err
	}
	out := struct {
		From    time.Time   `json:"from"`
		To      time.Time   `json:"to"`
		Sources []apiSource `json:"sources"`
	}{from, to, []apiSource{}}
	for _, one := range all {
		out.Sources = append(out.Sources, newAPISource(one))
	}
	return asJSON(out)
}

func newAPISource(one *source) apiSource {
	a := apiSource{Source: one.Name, Network: one.Network, Last: one.Last, Seen: one.Seen, Kept: one.Kept, Withheld: one.Withheld, Coverage: []apiSeen{}}
	if now := one.now(); now != nil {
		share := one.share()
		a.State, a.Since, a.Share = &now.State, &now.From, &share
	}
	for _, p := range one.Spans {
		a.Coverage = append(a.Coverage, apiSeen(p))
	}
	return a
}
