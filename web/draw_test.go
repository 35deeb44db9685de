package web

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestGauge: a hundred marks in three parts, whole, in order, whatever the index.
func TestGauge(t *testing.T) {
	for _, c := range []struct {
		name                string
		value, lower, upper float64
		marks               [3]int // support, either, vented
		merged, narrow      bool
	}{
		{"as drawn in the brief", 72.1, 66.2, 77.8, [3]int{66, 12, 22}, false, false},
		{"near bounds share a label", 82.6, 79.4, 86.1, [3]int{79, 7, 14}, true, false},
		{"tight arms are narrow", 50, 48, 52, [3]int{48, 4, 48}, true, true},
		{"nobody kind", 0, 0, 6.7, [3]int{0, 7, 93}, true, false},
		{"everybody kind", 100, 93.2, 100, [3]int{93, 7, 0}, true, false},
		{"beyond the scale", 101, -3, 250, [3]int{0, 100, 0}, false, false},
		{"a value outside its own bounds", 40, 50, 60, [3]int{40, 20, 40}, false, false},
		{"not a number", math.NaN(), math.NaN(), math.NaN(), [3]int{0, 0, 100}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newFigure(index(c.value, c.lower, c.upper, 60, 40, 0), false).Gauge()
			if got := [3]int{g.Lower, g.May, g.Vent}; got != c.marks {
				t.Errorf("marks = %v, want %v", got, c.marks)
			}
			if sum := g.Lower + g.May + g.Vent; sum != 100 {
				t.Errorf("%d marks, want 100", sum)
			}
			if g.Lower > g.Value || g.Value > g.Upper {
				t.Errorf("dot at %d outside its arms %d–%d", g.Value, g.Lower, g.Upper)
			}
			if g.Merged != c.merged || g.Narrow != c.narrow {
				t.Errorf("merged %v, narrow %v; want %v, %v", g.Merged, g.Narrow, c.merged, c.narrow)
			}
		})
	}
}

// TestFew: below 30 people there is no number, whatever the store says.
func TestFew(t *testing.T) {
	ix := index(72, 66, 78, 11, 7, 20)
	ix.Enough = true // a mistake of the store must not publish a number
	f := newFigure(ix, false)
	if f.Enough || f.Value != 0 || f.Verdict.Short != "Not enough posts yet: 18 of 30 people" {
		t.Errorf("figure of 18 people: %+v", f)
	}
	if g := f.Gauge(); g.Have != 60 || g.Left != 12 {
		t.Errorf("waiting gauge: %v %% filled and %v marks left, want 60 and 12", g.Have, g.Left)
	}
	if ix = index(0, 0, 0, 18, 12, 0); newFigure(ix, true).Verdict.Short == "" || !newFigure(ix, true).Enough {
		t.Error("30 people are enough")
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		from, to string
		n        int
		want     string
	}{
		{"11:05", "14:26", 8, "11:30 12:00 12:30 13:00 13:30 14:00"},
		{"11:05", "14:26", 4, "12:00 13:00 14:00"},
		{"14:15", "14:26", 8, "14:16 14:18 14:20 14:22 14:24 14:26"},
		{"14:26", "14:26", 8, "14:26"},
	} {
		var got []string
		for _, tick := range (timeAxis{From: at(c.from), To: at(c.to)}).ticks(c.n) {
			got = append(got, tick.Text)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("ticks of %s–%s = %s, want %s", c.from, c.to, s, c.want)
		}
	}
	for _, days := range []int{1, 3, 12, 40, 400, 4000} {
		a := timeAxis{From: at("11:05"), To: at("11:05").AddDate(0, 0, days)}
		if n := len(a.ticks(8)); n < 2 || n > 12 {
			t.Errorf("%d ticks over %d days", n, days)
		}
	}
}

func TestNiceStep(t *testing.T) {
	for v, want := range map[int]int{0: 1, 1: 1, 3: 1, 4: 2, 6: 2, 15: 5, 44: 20, 60: 20, 61: 50, 1000: 500, 100000: 50000} {
		if got := niceStep(v); got != want {
			t.Errorf("niceStep(%d) = %d, want %d", v, got, want)
		}
	}
}

// TestStrips reads coverage minute by minute: L live, R replay, S sample, G gap,
// T stalled, C clamped, B budget, . no row. What comes out has no holes.
func TestStrips(t *testing.T) {
	states := map[rune]hugops.CoverageState{'L': hugops.CoverageLive, 'R': hugops.CoverageReplay, 'S': hugops.CoverageSample, 'G': hugops.CoverageGap,
		'T': hugops.CoverageStalled, 'C': hugops.CoverageClamped, 'B': hugops.CoverageBudget}
	letters := map[hugops.CoverageState]string{}
	for l, s := range states {
		letters[s] = string(l)
	}
	for _, c := range []struct{ name, in, want, words string }{
		{"seen throughout", "LLLLLLLLLL", "LLLLLLLLLL", "seen live"},
		{"a gap", "LLLGGGLLLL", "LLLGGGLLLL", "not seen 11:03–11:06"},
		{"two gaps", "LGGLLLGGGL", "LGGLLLGGGL", "not seen 2 times, 5 min"},
		{"nothing but gaps", "GGGGGGGGGG", "GGGGGGGGGG", "not seen"},
		{"blind for several reasons", "LLLGGTTLLL", "LLLGGTTLLL", "not seen 11:03–11:07"},
		{"blind at two times", "LCCLLLBBBL", "LCCLLLBBBL", "not seen 2 times, 5 min"},
		{"never seen", "GGGTTTCCBB", "GGGTTTCCBB", "not seen"},
		{"stalled, and then no row", "LLLTT.....", "LLLTTGGGGG", "not seen 11:03–11:10"},
		{"the newest row is late", "LLLLLLLL..", "LLLLLLLLLL", "seen live"},
		{"nobody looked", "LLL.....LL", "LLLGGGGGLL", "not seen 11:03–11:08"},
		{"started late", "......LLLL", "GGGGGGLLLL", "not seen 11:00–11:06"},
		{"a replay has rows only where it has posts", "..R....R..", "RRRRRRRRRR", "replayed"},
		{"a sample", "SSSSSSSSSS", "SSSSSSSSSS", "a sample"},
		{"a sample with a gap", "SSSGGSSSSS", "SSSGGSSSSS", "a sample; not seen 11:03–11:05"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rows []hugops.Coverage
			for i, l := range c.in {
				if s, ok := states[l]; ok {
					rows = append(rows, hugops.Coverage{Network: hugops.Bluesky, At: at("11:00").Add(time.Duration(i) * time.Minute), State: s})
				}
			}
			got := strips(rows, time.Minute, at("11:00"), at("11:10"))
			if len(got) != 1 {
				t.Fatalf("%d strips, want 1", len(got))
			}
			drawn := ""
			for _, p := range got[0].Spans {
				drawn += strings.Repeat(letters[p.State], int(p.To.Sub(p.From)/time.Minute))
			}
			if drawn != c.want || got[0].words() != c.words {
				t.Errorf("%s → %s (%s), want %s (%s)", c.in, drawn, got[0].words(), c.want, c.words)
			}
		})
	}
}

// TestStripsByLongerSteps: the coverage of a long outage comes by longer steps, one row
// for each; a row says how all of its step was seen.
func TestStripsByLongerSteps(t *testing.T) {
	const step = 30 * time.Minute
	var rows []hugops.Coverage
	for i := range 12 {
		state := hugops.CoverageLive
		if i == 7 {
			state = hugops.CoverageGap
		}
		rows = append(rows, hugops.Coverage{Network: hugops.Bluesky, At: at("06:00").Add(time.Duration(i) * step), State: state})
	}
	for _, c := range []struct{ from, to, words string }{
		{"06:00", "12:00", "not seen 09:30–10:00"},
		{"06:10", "11:50", "not seen 09:30–10:00"}, // steps that stand out at both ends
		{"06:10", "09:20", "seen live"},
		{"09:40", "11:50", "not seen 09:40–10:00"},
	} {
		if got := strips(rows, step, at(c.from), at(c.to))[0].words(); got != c.words {
			t.Errorf("%s to %s: %s, want %s", c.from, c.to, got, c.words)
		}
	}
	d := teapot()
	d.Bucket, d.Coverage, d.CoverageStep = 30*time.Minute, rows, step
	d.Outage.StartedAt, d.Outage.EndedAt = at("06:00"), at("12:00")
	if c := newChart(d, noon); len(c.Strips) != 1 || len(c.Unseen) > 2 {
		t.Errorf("the chart's strips: %+v, unseen %+v", c.Strips, c.Unseen)
	}
}

// TestBestSource: a network is seen if any of its sources sees it.
func TestBestSource(t *testing.T) {
	rows := join(minutes("a", hugops.Mastodon, hugops.CoverageGap, "11:00", "11:10"), minutes("b", hugops.Mastodon, hugops.CoverageLive, "11:00", "11:10"))
	if got := strips(rows, time.Minute, at("11:00"), at("11:10"))[0].words(); got != "seen live" {
		t.Errorf("one source of two out: %s", got)
	}
}

// TestLost is the sentence above the figures while networks are out of reach.
func TestLost(t *testing.T) {
	live := func(n hugops.Network) []hugops.Coverage {
		return minutes("s", n, hugops.CoverageLive, "11:00", "14:26")
	}
	out := func(n hugops.Network, since string) []hugops.Coverage {
		return join(minutes("s", n, hugops.CoverageLive, "11:00", since), minutes("s", n, hugops.CoverageGap, since, "14:26"))
	}
	for _, c := range []struct {
		name string
		rows []hugops.Coverage
		want string
	}{
		{"all there", join(live(hugops.Mastodon), live(hugops.X)), ""},
		{"one lost", join(live(hugops.Mastodon), out(hugops.Bluesky, "12:18"), live(hugops.X)),
			"Bluesky has been out of our reach since 12:18 UTC. Figures since then rest on Mastodon and X alone. We do not fill the gap by guessing."},
		{"all lost", join(out(hugops.Mastodon, "14:02"), out(hugops.Bluesky, "12:18")),
			"No network has been in our reach since 14:02 UTC. The figures below are those of that time. We do not fill the gap by guessing."},
		{"lost for two reasons", join(live(hugops.Mastodon), minutes("s", hugops.X, hugops.CoverageLive, "11:00", "14:02"),
			minutes("s", hugops.X, hugops.CoverageStalled, "14:02", "14:10"), minutes("s", hugops.X, hugops.CoverageBudget, "14:10", "14:26")),
			"X has been out of our reach since 14:02 UTC. Figures since then rest on Mastodon alone. We do not fill the gap by guessing."},
		{"back again", join(live(hugops.Mastodon), minutes("s", hugops.X, hugops.CoverageGap, "11:00", "12:00"), minutes("s", hugops.X, hugops.CoverageLive, "12:00", "14:26")), ""},
	} {
		got := ""
		if n := lost(strips(c.rows, time.Minute, at("11:00"), at("14:26")), noon); n != nil {
			got = n.Lead + " " + n.Rest
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestNothingIsBridged: no curve and no band is drawn over a gap.
func TestNothingIsBridged(t *testing.T) {
	d := nimbus()
	d.Curve = curve("11:40", "14:25", 46, 84) // the store drew through the gap
	c := newChart(d, noon)
	gap := seen{at("12:18"), at("12:31"), hugops.CoverageGap}
	if !slices.Equal(c.Unseen, []seen{gap}) {
		t.Fatalf("unseen = %v", c.Unseen)
	}
	pieces := runs(c.Curve, c.Unseen)
	if len(pieces) != 2 {
		t.Fatalf("%d pieces of curve, want 2", len(pieces))
	}
	for _, run := range pieces {
		for i, p := range run {
			if inside(p.At, c.Unseen) || i > 0 && apart(run[i-1].At, p.At, c.Unseen) {
				t.Errorf("the curve crosses the gap at %s", clock(p.At))
			}
		}
	}
	paths := 0
	for _, s := range c.draw(wideLayout).Shapes {
		if s.Class == "curve" {
			paths++
		}
	}
	if paths != 2 {
		t.Errorf("%d curve paths drawn, want 2", paths)
	}
}

// TestDark: where no network was seen there is no area either.
func TestDark(t *testing.T) {
	d := chatterbee()
	d.Coverage = join(minutes("m", hugops.Mastodon, hugops.CoverageLive, "12:30", "13:45"), minutes("m", hugops.Mastodon, hugops.CoverageGap, "13:45", "14:00"),
		minutes("m", hugops.Mastodon, hugops.CoverageLive, "14:00", "14:26"))
	areas := 0
	for _, s := range newChart(d, noon).draw(phoneLayout).Shapes {
		if s.Class == "a-sup" {
			areas++
		}
	}
	if areas != 2 {
		t.Errorf("%d areas of support, want 2", areas)
	}
}

// TestFutureIsNotShown: updates, posts and the end that lie ahead.
func TestFutureIsNotShown(t *testing.T) {
	d := nimbus()
	d.Series = append(d.Series, hugops.Minute{At: at("15:00"), Support: 500})
	d.Curve = append(d.Curve, hugops.CurvePoint{At: at("15:00"), Index: index(99, 98, 100, 60, 40, 0)})
	c := newChart(d, noon)
	if !c.Open || len(c.Updates) != 4 || c.To.After(noon) || !c.Resolved.IsZero() {
		t.Errorf("open %v, %d updates, to %s, resolved %v", c.Open, len(c.Updates), c.To, c.Resolved)
	}
	if last := c.Curve[len(c.Curve)-1]; last.At.After(noon) {
		t.Errorf("a point at %s", last.At)
	}
	for _, b := range c.Buckets {
		if b.Support == 500 {
			t.Error("posts of the future are counted")
		}
	}
}

func TestHeading(t *testing.T) {
	for _, c := range []struct {
		name   string
		points []hugops.CurvePoint
		want   string
	}{
		{"rising for hours", curve("11:00", "14:00", 46, 84), "Kinder with every hour"},
		{"rising for half an hour", curve("11:00", "11:40", 30, 84), "Kinder as it went on"},
		{"falling", curve("11:00", "14:00", 84, 30), "Less patience as it went on"},
		{"rising within the arms", curve("11:00", "14:00", 46, 50), "Hour by hour"},
		{"up and down", append(curve("11:00", "12:00", 20, 80), curve("12:05", "13:00", 80, 70)...), "Hour by hour"},
		{"two points", curve("11:00", "11:05", 20, 80), "Hour by hour"},
	} {
		if got := (&chart{Curve: c.points}).Heading(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestDrawingStaysInside: nothing is drawn outside of the picture, whatever the
// data; text may begin anywhere inside.
func TestDrawingStaysInside(t *testing.T) {
	empty := hugops.Detail{Summary: hugops.Summary{Outage: hugops.Outage{ID: "empty", Service: "s", StartedAt: at("14:26")}}}
	crowd := nimbus()
	for i := range 60 {
		crowd.Outage.Updates = append(crowd.Outage.Updates, hugops.Update{At: at("11:30").Add(time.Duration(i) * time.Minute), Status: "update"})
	}
	for _, d := range append(fixtures().details, empty, crowd) {
		for _, l := range []layout{wideLayout, middleLayout, phoneLayout} {
			pic := newChart(d, noon).draw(l)
			for _, s := range pic.Shapes {
				if s.X < 0 || s.X+s.W > pic.W || s.Y < 0 || s.Y+s.H > pic.H || strings.Contains(s.D, "NaN") || strings.Contains(s.D, "Inf") {
					t.Errorf("%s, %s: %+v outside of %v × %v", d.Outage.ID, l.id, s, pic.W, pic.H)
				}
			}
		}
	}
}

// TestNeverClosed: the page of an outage that nobody closed does not grow.
func TestNeverClosed(t *testing.T) {
	d := nimbus()
	d.Outage.StartedAt, d.Outage.EndedAt, d.FirstPost = noon.AddDate(-2, 0, 0), time.Time{}, noon.AddDate(-2, 0, 0)
	d.Series = nil
	posts := 0
	for at := noon.AddDate(0, 0, -40).Truncate(d.Bucket); at.Before(noon); at = at.Add(d.Bucket) {
		d.Series = append(d.Series, hugops.Minute{At: at, Support: 1})
		if !at.Before(noon.Add(-longest).Add(-4 * time.Hour)) {
			posts++
		}
	}
	c := newChart(d, noon)
	if len(c.Buckets) > finest+1 || !c.Cut || c.To.Sub(c.From) > longest+c.Bucket {
		t.Errorf("%d buckets of %s from %s to %s", len(c.Buckets), c.Bucket, c.From, c.To)
	}
	if sum := c.Support; sum > posts || sum < posts-60 {
		t.Errorf("%d posts in the chart, about %d lie in its time", sum, posts)
	}
	if !strings.Contains(c.Caption(), "The last 30 days are shown") {
		t.Errorf("caption: %s", c.Caption())
	}
}

// TestRows: every bucket of the chart stands in its table, with the index of the
// hour that ends with it.
func TestRows(t *testing.T) {
	rows := newChart(nimbus(), noon).Rows()
	find := func(clock string) chartRow {
		i := slices.IndexFunc(rows, func(r chartRow) bool { return r.Time == clock })
		if i < 0 {
			t.Fatalf("no row at %s", clock)
		}
		return rows[i]
	}
	for _, c := range []struct{ at, index, ranged string }{
		{"11:20", "–", "under 30 people"}, {"11:35", "46", "32–59"}, {"12:20", "–", "not seen"}, {"14:20", "84", "78–89"},
	} {
		if r := find(c.at); r.Index != c.index || r.Range != c.ranged {
			t.Errorf("row %s: %s (%s), want %s (%s)", c.at, r.Index, r.Range, c.index, c.ranged)
		}
	}
}

// TestPoints: the table behind a chart has every point of the curve once, in the bucket
// that it ends in, and says where a piece of the curve begins.
func TestPoints(t *testing.T) {
	c := newChart(nimbus(), noon)
	var points []string
	for _, r := range c.Rows() {
		for one := range strings.SplitSeq(r.Points, ",") {
			if one == "" {
				continue
			}
			points = append(points, one)
			var when int64
			if _, err := fmt.Sscanf(strings.TrimPrefix(one, "/"), "%d", &when); err != nil || when <= r.At || when > r.To {
				t.Errorf("%q stands in the bucket from %d to %d (%v)", one, r.At, r.To, err)
			}
		}
		if (r.Index == "–") != (r.Range == "under 30 people" || r.Range == "not seen") {
			t.Errorf("%s: index %s, range %s", r.Time, r.Index, r.Range)
		}
	}
	if len(points) != len(c.Curve) {
		t.Errorf("%d points in the table, %d in the curve", len(points), len(c.Curve))
	}
	var pieces []string
	for i, p := range points {
		if strings.HasPrefix(p, "/") {
			pieces = append(pieces, c.Curve[i].At.Format("15:04"))
		}
	}
	if got := strings.Join(pieces, " "); got != "11:40 12:40" { // nothing was seen in between
		t.Errorf("pieces begin at %s", got)
	}
}

// TestSights: the table of what was seen has no hole and no overlap.
func TestSights(t *testing.T) {
	c := newChart(nimbus(), noon)
	looks := map[string]string{}
	for _, s := range c.Sights() {
		at := c.From
		for _, p := range s.Spans {
			if !p.From.Equal(at) || p.Words == "" {
				t.Errorf("%s: %v follows %v, in the words %q", s.Network, p.From, at, p.Words)
			}
			at, looks[s.Network] = p.To, looks[s.Network]+" "+p.Look
		}
		if !at.Equal(c.To) {
			t.Errorf("%s ends at %v, the chart at %v", s.Network, at, c.To)
		}
	}
	for network, want := range map[string]string{"Mastodon": " on", "Bluesky": " on off on", "X": " some"} {
		if looks[network] != want {
			t.Errorf("%s: %q, want %q", network, looks[network], want)
		}
	}
}
