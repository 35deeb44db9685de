package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// noon is the moment at which the fixtures are looked at.
var noon = time.Date(2026, 11, 22, 14, 26, 30, 0, time.UTC)

func at(hhmm string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", "2026-11-22 "+hhmm)
	if err != nil {
		panic(err)
	}
	return t
}

// shelf is a Store that holds outages in memory, newest first.
type shelf struct {
	details  []hugops.Detail
	coverage []hugops.Coverage
	estimate *hugops.Estimate // of every outage
	err      error            // returned by everything, if set
}

func (s *shelf) OutagePage(_ context.Context, now time.Time, q hugops.OutageQuery) (hugops.OutagePage, error) {
	var page hugops.OutagePage
	wanted := q.Filter(now)
	for i := range s.details {
		d := &s.details[i]
		onNetwork := q.Network == "" || slices.ContainsFunc(d.ByNetwork, func(row hugops.Share) bool { return row.Key == string(q.Network) })
		if !wanted(&d.Outage) || !onNetwork || q.After != nil && !q.After.Before(&d.Outage) {
			continue
		}
		if n := len(page.Summaries); q.Limit > 0 && n == q.Limit {
			page.Next = hugops.PlaceOf(&page.Summaries[n-1].Outage)
			break
		}
		page.Summaries = append(page.Summaries, d.Summary)
	}
	return page, s.err
}

func (s *shelf) Services(_ context.Context, now time.Time) ([]hugops.ServiceOutages, error) {
	bySlug := map[string]*hugops.ServiceOutages{}
	wanted := hugops.OutageQuery{}.Filter(now)
	for i := range s.details {
		o := s.details[i].Outage
		if !wanted(&o) {
			continue
		}
		one := bySlug[o.Service]
		if one == nil {
			one = &hugops.ServiceOutages{Slug: o.Service, Name: o.ServiceName, Last: o}
			bySlug[o.Service] = one
		}
		one.Outages++
		if o.OpenAt(now) {
			one.Open++
		}
	}
	var out []hugops.ServiceOutages
	for _, slug := range slices.Sorted(maps.Keys(bySlug)) {
		out = append(out, *bySlug[slug])
	}
	return out, s.err
}

func (s *shelf) Detail(_ context.Context, id string, _ time.Time) (hugops.Detail, error) {
	for _, d := range s.details {
		if d.Outage.ID == id {
			return d, s.err
		}
	}
	if s.err != nil {
		return hugops.Detail{}, s.err
	}
	return hugops.Detail{}, fmt.Errorf("outage %s: %w", id, hugops.ErrNotFound)
}

func (s *shelf) Series(ctx context.Context, id string, bucket time.Duration, from, to time.Time) ([]hugops.Minute, error) {
	d, err := s.Detail(ctx, id, noon)
	var out []hugops.Minute
	for _, m := range d.Series {
		if !m.At.Before(from) && (to.IsZero() || m.At.Before(to)) {
			out = append(out, m)
		}
	}
	if err == nil && bucket == time.Minute && from.IsZero() {
		err = fmt.Errorf("%w buckets", hugops.ErrTooMany) // as if the outage were long
	}
	return out, err
}

func (s *shelf) Workings(ctx context.Context, id string, _ time.Time) (hugops.Workings, error) {
	d, err := s.Detail(ctx, id, noon)
	return hugops.Workings{Outage: d.Outage.ID, ComputedAt: noon, Models: []string{d.Model}, Posts: d.Posts, Index: d.Index,
		Estimate: s.estimate}, err
}

func (s *shelf) Coverage(_ context.Context, from, to time.Time) ([]hugops.Coverage, error) {
	var out []hugops.Coverage
	for _, c := range s.coverage {
		if !c.At.Before(from) && !c.At.After(to) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b hugops.Coverage) int { return a.At.Compare(b.At) })
	return out, s.err
}

func (s *shelf) Feeds(context.Context, time.Time, time.Time) ([]hugops.Feed, error) {
	if len(s.coverage) == 0 {
		return nil, s.err
	}
	return []hugops.Feed{
		{Source: "status:github", State: hugops.CoverageLive, Last: at("14:23"), Rounds: 288, Good: 280},
		{Source: "status:slack", State: hugops.CoverageStalled, Last: at("14:20"), Rounds: 288, Good: 100},
		{Source: "status:zoom", State: hugops.CoverageGap, Last: at("14:01"), Rounds: 40},
		{Source: "status:gone", State: hugops.CoverageLive, Last: at("09:00"), Rounds: 40, Good: 40},
	}, s.err
}

func (s *shelf) Ping(context.Context) error { return s.err }

// index is an index with enough people.
func index(value, lower, upper float64, support, venting, others int) hugops.Index {
	n := support + venting
	return hugops.Index{
		Enough: n >= hugops.MinAuthors, Value: value, Lower: lower, Upper: upper, Raw: value, EMQ: value,
		Authors: n + others, Sided: n, Support: support, Venting: venting, Influence: 100 / float64(max(n, 1)),
	}
}

// copied is an index with accounts that posted the same words, in bursts.
func copied(ix hugops.Index, accounts, bursts int) hugops.Index {
	ix.Copies, ix.Bursts = accounts, bursts
	return ix
}

// nimbusAnswers has one of each kind: too few, kinder, no difference, less kind so far.
func nimbusAnswers() []hugops.Answer {
	answer := func(at, from, to time.Time, before, after hugops.Index, lower, upper float64) hugops.Answer {
		known := before.Enough && after.Enough
		return hugops.Answer{At: at, From: from, To: to, Before: before, After: after, Change: hugops.Change{Known: known, Value: (lower + upper) / 2, Lower: lower, Upper: upper}}
	}
	return []hugops.Answer{
		answer(at("11:23"), at("10:23"), at("11:58"), index(0, 0, 0, 4, 3, 9), index(46, 33, 60, 40, 45, 50), 0, 0),
		answer(at("11:58"), at("11:23"), at("12:47"), index(46, 33, 60, 40, 45, 50), index(68, 60, 77, 140, 60, 90), 8, 35),
		answer(at("12:47"), at("11:58"), at("13:40"), index(68, 60, 77, 140, 60, 90), index(72, 64, 80, 160, 60, 90), -8, 16),
		answer(at("13:40"), at("12:47"), at("14:40"), index(84, 79, 89, 260, 50, 90), index(71, 63, 78, 90, 40, 50), -22, -4),
	}
}

// curve is an index that moves from one value to another with narrowing arms,
// a point each five minutes, silent within the gaps.
func curve(from, to string, start, end float64, gaps ...[2]string) []hugops.CurvePoint {
	var out []hugops.CurvePoint
	a, b := at(from), at(to)
	for t := a; !t.After(b); t = t.Add(5 * time.Minute) {
		p := float64(t.Sub(a)) / float64(b.Sub(a))
		v := start + (end-start)*math.Sin(p*math.Pi/2)
		half := 14 - 8*p
		hidden := false
		for _, g := range gaps {
			hidden = hidden || !t.Before(at(g[0])) && t.Before(at(g[1]))
		}
		if !hidden {
			out = append(out, hugops.CurvePoint{At: t, Index: index(v, v-half, v+half*0.9, 60, 40, 30)})
		}
	}
	return out
}

// series is a swell of posts, in buckets of five minutes.
func series(from, to string, peakSupport, peakVenting float64) []hugops.Minute {
	var out []hugops.Minute
	a, b := at(from), at(to)
	for t, i := a, 0; t.Before(b); t, i = t.Add(5*time.Minute), i+1 {
		p := float64(t.Sub(a)) / float64(b.Sub(a))
		wave := func(peak, when float64) int {
			return int(peak*math.Exp(-math.Pow((p-when)*2.4, 2)) + float64(i*7%3))
		}
		m := hugops.Minute{At: t, Support: wave(peakSupport, 0.6), Venting: wave(peakVenting, 0.25), Neutral: wave(30, 0.4)}
		m.Authors = m.Support + m.Venting + m.Neutral
		out = append(out, m)
	}
	return out
}

// minutes is coverage of one source by the minute.
func minutes(source string, n hugops.Network, state hugops.CoverageState, from, to string) []hugops.Coverage {
	var out []hugops.Coverage
	for t := at(from); t.Before(at(to)); t = t.Add(time.Minute) {
		out = append(out, hugops.Coverage{Source: source, Network: n, At: t, State: state, Seen: 9, Kept: 3})
	}
	return out
}

func join(parts ...[]hugops.Coverage) (out []hugops.Coverage) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// nimbus is going on, was seen with a gap, and has an update that lies ahead.
func nimbus() hugops.Detail {
	return hugops.Detail{
		Summary: hugops.Summary{
			Outage: hugops.Outage{
				ID: "nimbus-2026-11-22", Service: "nimbus-cloud", ServiceName: "Nimbus Cloud", Title: "Storage errors in eu-north",
				StartedAt: at("11:14"), EndedAt: at("15:10"), URL: "https://status.nimbus-cloud.example/incidents/1", Impact: "major",
				Components: []string{"Object storage", "Console"}, Demo: true, Source: "demo",
				Updates: []hugops.Update{
					{At: at("11:23"), Status: "investigating", Text: "We are looking into storage errors in eu-north."},
					{At: at("11:58"), Status: "identified", Text: "We have found the cause: a failed power unit in one hall. We are sorry."},
					{At: at("12:47"), Status: "update", Text: "The fix is rolling out. Here is what we know so far, and what we do not."},
					{At: at("13:40"), Status: "monitoring", Text: "Storage has recovered. We keep watching through the night."},
					{At: at("15:10"), Status: "resolved", Text: "This lies in the future and must not be shown."},
				},
			},
			Index: copied(index(72.1, 66.2, 77.8, 921, 363, 2117), 140, 2), Posts: 4120, FirstPost: at("11:14"), LastPost: at("14:26"),
			Curve: curve("11:40", "14:25", 46, 84, [2]string{"12:15", "12:40"}),
			Trend: hugops.Change{Known: true, Value: 4, Lower: 1, Upper: 7},
		},
		Answers: nimbusAnswers(),
		Bucket:  5 * time.Minute, Series: series("11:10", "14:25", 44, 22),
		ByNetwork: []hugops.Share{
			{Key: "mastodon", Index: index(83, 76, 89, 332, 70, 500)},
			{Key: "bluesky", Index: index(73, 66, 80, 436, 162, 900)},
			{Key: "x", Index: index(54, 44, 64, 153, 131, 700)},
		},
		ByLang: []hugops.Share{
			{Key: "en", Index: index(71, 64, 78, 611, 250, 900)},
			{Key: "de", Index: index(79, 69, 88, 169, 45, 500)},
			{Key: "other", Index: index(66, 47, 82, 46, 24, 90)},
			{Key: "ja", Index: index(68, 55, 80, 95, 44, 500)},
			{Key: "nl", Index: index(0, 0, 0, 9, 4, 12)},
			{Key: "eo", Index: index(0, 0, 0, 1, 1, 1)},
		},
		Coverage: join(
			minutes("mastodon.example", hugops.Mastodon, hugops.CoverageLive, "11:00", "14:25"),
			minutes("jetstream", hugops.Bluesky, hugops.CoverageLive, "11:00", "12:18"),
			minutes("jetstream", hugops.Bluesky, hugops.CoverageGap, "12:18", "12:31"),
			minutes("jetstream", hugops.Bluesky, hugops.CoverageLive, "12:31", "14:25"),
			minutes("x", hugops.X, hugops.CoverageSample, "11:00", "14:25"),
		),
		Evidence: []hugops.Evidence{{Kind: "alias", Posts: 3811}, {Kind: "time:during", Posts: 3790}, {Kind: "hashtag", Posts: 604}, {Kind: "time:before", Posts: 330},
			{Kind: "component", Posts: 211}, {Kind: "handle", Posts: 97}, {Kind: "url", Posts: 12}, {Kind: "region", Posts: 4}, {Kind: "odd", Posts: 40}},
		Abstained: 611, Blame: hugops.Blame{Posts: 402, People: 0.1184, Company: 0.6931, Situation: 0.1885, Sarcasm: 0.2107},
		Model: "stance-2026-11",
	}
}

// chatterbee is young, close, and has lost a network that has not come back.
func chatterbee() hugops.Detail {
	return hugops.Detail{
		Summary: hugops.Summary{
			Outage: hugops.Outage{ID: "chatterbee-7", Service: "chatterbee", ServiceName: "Chatterbee", Title: "Messages arrive late",
				StartedAt: at("13:38"), Demo: true, Parent: "nimbus-2026-11-22",
				Updates: []hugops.Update{{At: at("13:52"), Status: "investigating", Text: "We see it too."}}},
			Index: index(44, 33, 55, 64, 82, 120), Posts: 300, FirstPost: at("13:30"), LastPost: at("14:24"),
			Curve: curve("13:55", "14:25", 40, 44),
		},
		Bucket: 5 * time.Minute, Series: series("13:30", "14:25", 12, 15),
		Coverage: join(
			minutes("mastodon.example", hugops.Mastodon, hugops.CoverageLive, "12:30", "14:25"),
			minutes("jetstream", hugops.Bluesky, hugops.CoverageLive, "12:30", "14:02"),
			minutes("jetstream", hugops.Bluesky, hugops.CoverageGap, "14:02", "14:26"),
		),
	}
}

// hopscotch has not enough people yet, and no official word.
func hopscotch() hugops.Detail {
	return hugops.Detail{
		Summary: hugops.Summary{
			Outage: hugops.Outage{ID: "hopscotch-3", Service: "hopscotch-dns", ServiceName: "Hopscotch DNS",
				Title: "Names do not resolve for some people", StartedAt: at("14:15"), Demo: true},
			Index: index(0, 0, 0, 11, 7, 20), Posts: 41, FirstPost: at("14:12"), LastPost: at("14:25"),
		},
		Bucket: 5 * time.Minute, Series: series("14:10", "14:25", 5, 4),
		Abstained: 3, Blame: hugops.Blame{Posts: 7, People: 0.2, Company: 0.5, Situation: 0.3, Sarcasm: 0.1},
		Coverage: minutes("mastodon.example", hugops.Mastodon, hugops.CoverageLive, "13:00", "14:25"),
	}
}

// pennywhistle is over and was met with mostly venting; it was replayed.
func pennywhistle() hugops.Detail {
	return hugops.Detail{
		Summary: hugops.Summary{
			Outage: hugops.Outage{ID: "pennywhistle-pay-1", Service: "pennywhistle-pay", ServiceName: "Pennywhistle Pay",
				Title: "Card payments declined", StartedAt: at("07:19"), EndedAt: at("12:00"), WithdrawnAt: at("12:30"), Demo: true,
				Updates: []hugops.Update{
					{At: at("07:05"), Status: "investigating", Text: "Some cards are declined."},
					{At: at("07:10"), Status: "in_progress", Text: "Still looking."},
					{At: at("12:00"), Status: "resolved", Text: "Payments work again."},
				}},
			Index: index(12.2, 9.1, 15.8, 229, 1647, 900), Posts: 3100, FirstPost: at("07:21"), LastPost: at("13:05"),
			Curve: curve("07:50", "13:00", 26, 11),
		},
		Bucket: 5 * time.Minute, Series: series("07:20", "13:05", 9, 60),
		Coverage: join(minutes("replay:p", hugops.Mastodon, hugops.CoverageReplay, "07:25", "07:40"),
			minutes("replay:p", hugops.Mastodon, hugops.CoverageReplay, "08:40", "12:40")),
	}
}

// larkspur is suspected, and larkspurEarly turned out to be nimbus.
func larkspur() hugops.Detail {
	return hugops.Detail{
		Summary: hugops.Summary{
			Outage: hugops.Outage{ID: "suspected-larkspur-mail-2026-11-22-1340", Service: "larkspur-mail", ServiceName: "Larkspur Mail",
				Title: "Many people report problems", StartedAt: at("13:40"), Suspected: true, Source: "suspected", Demo: true},
			Index: index(51, 39, 63, 24, 22, 60), Posts: 140, FirstPost: at("13:40"), LastPost: at("14:25"),
		},
		Bucket: 5 * time.Minute, Series: series("13:40", "14:25", 4, 4),
		Evidence: []hugops.Evidence{{Kind: "alias", Posts: 139}, {Kind: "time:during", Posts: 139}},
		Coverage: minutes("mastodon.example", hugops.Mastodon, hugops.CoverageLive, "13:00", "14:25"),
	}
}

func larkspurEarly() hugops.Detail {
	d := larkspur()
	d.Outage.ID, d.Outage.MergedInto, d.Outage.EndedAt = "suspected-nimbus-cloud-2026-11-22-1110", "nimbus-2026-11-22", at("11:20")
	return d
}

// thicket is kind, sure and yesterday's; teapot a very rough figure.
func thicket() hugops.Detail {
	start := at("10:00").AddDate(0, 0, -1)
	d := hugops.Detail{Summary: hugops.Summary{
		Outage: hugops.Outage{ID: "thicket-12", Service: "thicket-code", ServiceName: "Thicket Code", Title: "Pushes and pulls fail",
			StartedAt: start, EndedAt: start.Add(80 * time.Minute), Demo: true},
		Index: index(83, 79.4, 86.1, 1912, 398, 800), Posts: 5000, FirstPost: start.Add(time.Minute), LastPost: start.Add(3 * time.Hour)},
		Bucket: 5 * time.Minute}
	for _, p := range curve("10:20", "12:40", 70, 83) {
		p.At = p.At.AddDate(0, 0, -1)
		d.Curve = append(d.Curve, p)
	}
	return d
}

func teapot() hugops.Detail {
	start := at("09:00").AddDate(0, 0, -4)
	return hugops.Detail{Summary: hugops.Summary{
		Outage: hugops.Outage{ID: "teapot-video-2", Service: "teapot-video", ServiceName: "Teapot Video", Title: "Playback stalls in South America",
			StartedAt: start, EndedAt: start.Add(70 * time.Minute), Demo: true},
		Index: index(39, 24, 56, 16, 25, 30), Posts: 90, FirstPost: start, LastPost: start.Add(2 * time.Hour)}}
}

// hostile is what nobody should send, and somebody will.
func hostile() hugops.Detail {
	d := hopscotch()
	d.Outage = hugops.Outage{ID: "hostile.1", Service: `"><script>alert(1)</script>`, ServiceName: `<script>alert("name")</script>`,
		Title: "\u202e'><img src=x onerror=alert(1)> \"quoted\" & שלום {{.}}", StartedAt: at("14:00"), URL: "javascript:alert(1)",
		Components: []string{"</style><script>alert(2)</script>"},
		Updates:    []hugops.Update{{At: at("14:01"), Status: "</text><script>", Text: "<b>bold</b><script>alert(3)</script>"}}}
	d.ByLang = []hugops.Share{{Key: "<script>", Index: index(50, 40, 60, 20, 20, 9)}}
	return d
}

func fixtures() *shelf {
	return &shelf{
		details: []hugops.Detail{hopscotch(), larkspur(), chatterbee(), nimbus(), larkspurEarly(), pennywhistle(), thicket(), teapot()}, coverage: sourceRows(),
	}
}

// sourceRows are sources in every state: seen throughout, with people who opted
// out; silent; catching up after a gap; a sample that became too dear; a file.
func sourceRows() []hugops.Coverage {
	withheld := minutes("mastodon:mastodon.example/public", hugops.Mastodon, hugops.CoverageLive, "03:00", "14:26")
	for i := range withheld {
		withheld[i].Withheld = 2
	}
	return join(withheld,
		minutes("mastodon:toot.example/public:local", hugops.Mastodon, hugops.CoverageLive, "11:00", "14:10"),
		minutes("mastodon:toot.example/public:local", hugops.Mastodon, hugops.CoverageStalled, "14:10", "14:25"),
		minutes("bluesky:jetstream", hugops.Bluesky, hugops.CoverageLive, "00:00", "12:18"),
		minutes("bluesky:jetstream", hugops.Bluesky, hugops.CoverageReplay, "12:18", "12:31"),
		minutes("bluesky:jetstream", hugops.Bluesky, hugops.CoverageClamped, "12:31", "13:02"),
		minutes("bluesky:jetstream", hugops.Bluesky, hugops.CoverageLive, "13:02", "14:26"),
		minutes("x:stream", hugops.X, hugops.CoverageSample, "05:00", "12:40"),
		minutes("x:stream", hugops.X, hugops.CoverageBudget, "12:40", "14:26"),
		minutes("replay:posts.ndjson", hugops.Mastodon, hugops.CoverageReplay, "07:20", "07:22"),
		minutes("replay:posts.ndjson", hugops.X, hugops.CoverageReplay, "07:21", "08:00"),
	)
}

func newSite(t testing.TB, store Store, change ...func(*Config)) http.Handler {
	t.Helper()
	c := Config{
		Services: []hugops.Service{
			{Slug: "nimbus-cloud", Name: "Nimbus Cloud", StatusURL: "https://status.nimbus-cloud.example",
				Handles: map[hugops.Network][]string{hugops.X: {"nimbus", "nimbusstatus"}, hugops.Mastodon: {"ops@nimbus.example"}}},
			{Slug: "nimbus-mail", Name: "Nimbus Mail", Parent: "nimbus-cloud"},
			{Slug: "teapot-video", Name: "Teapot Video", Parent: "nimbus-cloud"},
		},
		Store: store, Public: "https://hugops.example", Now: func() time.Time { return noon },
		Log: slog.New(slog.DiscardHandler), Metrics: func(w io.Writer) { io.WriteString(w, "hugops_up 1\n") },
		Errors: hugops.ErrorModel{Model: "stance-2026-11", N: [3]int{1200, 1500, 2100},
			Mean: [3][3]float64{{0.86, 0.05, 0.09}, {0.04, 0.88, 0.08}, {0.06, 0.09, 0.85}}},
	}
	for _, f := range change {
		f(&c)
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get asks the site; headers come in pairs.
func get(t *testing.T, h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, h, http.MethodGet, path, headers...)
}

func ask(t *testing.T, h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(""))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }
