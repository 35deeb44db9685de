package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// chart is the story of one outage on one time axis: the index over the last
// hour, posts by stance, and what was seen. It holds data only; draw turns it
// into shapes for one width.
type chart struct {
	ID        string // of the outage
	From, To  time.Time
	Bucket    time.Duration
	Buckets   []hugops.Minute     // every bucket of the axis, empty ones too
	Curve     []hugops.CurvePoint // points with enough people, and seen
	Early     bool                // some hour had too few people for a point
	Strips    []strip
	Unseen    []seen // no curve here
	Dark      []seen // no area here
	Updates   []numbered
	FirstPost time.Time // zero if there is none
	Resolved  time.Time // zero while open
	Support   int       // posts in Buckets
	Venting   int
	Open      bool
	Cut       bool // the outage is longer than a chart
}

// A chart shows at most the longest time, the latest part of it, in at most the
// finest number of buckets: no page grows with an outage that nobody closed.
const (
	longest = 30 * 24 * time.Hour
	finest  = 120
)

// numbered is a provider's update with its number in all panels and the list.
type numbered struct {
	N    int
	At   time.Time
	Word string
	Text string
}

// newChart lays out an outage as known at now. Nothing after now is in it.
func newChart(d hugops.Detail, now time.Time) *chart {
	c := &chart{ID: d.Outage.ID, Bucket: d.Bucket, Open: d.Outage.OpenAt(now), Updates: numberUpdates(d.Outage.Updates, now)}
	if c.Bucket < time.Minute {
		c.Bucket = 5 * time.Minute
	}
	if !d.FirstPost.IsZero() && !d.FirstPost.After(now) {
		c.FirstPost = d.FirstPost
	}
	if !c.Open {
		c.Resolved = d.Outage.EndedAt
	}
	c.From, c.To = extent(d, now, c.Bucket)
	if c.Cut = c.To.Sub(c.From) > longest; c.Cut {
		c.From = c.To.Add(-longest)
	}
	for _, s := range steps {
		if c.To.Sub(c.From) > finest*c.Bucket && s > c.Bucket && s%c.Bucket == 0 {
			c.Bucket = s
		}
	}
	c.From = c.From.Truncate(c.Bucket)
	c.Strips = strips(d.Coverage, d.CoverageStep, c.From, c.To)
	c.Unseen, c.Dark = unseen(c.Strips), dark(c.Strips)
	c.fillBuckets(d.Series)
	c.pickCurve(d.Curve, now)
	return c
}

// extent is the time that the chart shows: from the first sign to now, or to the
// last sign of an outage that is over; whole buckets before, never after now.
func extent(d hugops.Detail, now time.Time, bucket time.Duration) (from, to time.Time) {
	from, to = d.Outage.StartedAt, d.Outage.EndedAt
	if d.Outage.OpenAt(now) {
		to = now
	}
	for _, m := range d.Series {
		if m.Support+m.Venting+m.Neutral > 0 && !m.At.After(now) {
			from, to = earlier(from, m.At), later(to, m.At.Add(bucket))
		}
	}
	if !d.FirstPost.IsZero() {
		from = earlier(from, d.FirstPost)
	}
	for _, u := range d.Outage.Updates { // a notice may come before the official start
		if d.Outage.StartedAt.Sub(u.At) <= hugops.ReachBefore {
			from = earlier(from, u.At)
		}
	}
	from, to = from.UTC().Truncate(bucket).Add(-bucket), earlier(to, now).UTC()
	if to.Sub(from) < 6*bucket {
		from = to.Truncate(bucket).Add(-6 * bucket)
	}
	return from, to
}

// fillBuckets lays the series on the chart's own buckets, empty ones too. (People
// cannot be added up over buckets, so Authors stays out.)
func (c *chart) fillBuckets(series []hugops.Minute) {
	at := map[int64]*hugops.Minute{}
	for t := c.From; t.Before(c.To); t = t.Add(c.Bucket) {
		c.Buckets = append(c.Buckets, hugops.Minute{At: t})
	}
	for i := range c.Buckets {
		at[c.Buckets[i].At.Unix()] = &c.Buckets[i]
	}
	for _, m := range series {
		if b := at[m.At.Truncate(c.Bucket).Unix()]; b != nil && !m.At.After(c.To) {
			b.Support, b.Venting, b.Neutral = b.Support+m.Support, b.Venting+m.Venting, b.Neutral+m.Neutral
			c.Support, c.Venting = c.Support+m.Support, c.Venting+m.Venting
		}
	}
}

func (c *chart) pickCurve(points []hugops.CurvePoint, now time.Time) {
	c.Early = len(points) == 0 || points[0].At.After(c.From.Add(2*c.Bucket))
	for _, p := range points {
		switch {
		case p.At.After(now) || p.At.Before(c.From) || p.At.After(c.To) || inside(p.At, c.Unseen):
		case !p.Index.Enough:
			c.Early = true
		default:
			c.Curve = append(c.Curve, p)
		}
	}
}

// numberUpdates numbers the updates up to now, oldest first.
func numberUpdates(updates []hugops.Update, now time.Time) []numbered {
	sorted := slices.SortedStableFunc(slices.Values(updates), func(a, b hugops.Update) int { return a.At.Compare(b.At) })
	var out []numbered
	for _, u := range sorted {
		if !u.At.After(now) {
			out = append(out, numbered{len(out) + 1, u.At, statusWord(u.Status), clip(clean(u.Text), 400)})
		}
	}
	return out
}

// runs splits curve points wherever something was not seen between two of them,
// or where points are missing because too few people wrote.
func runs(points []hugops.CurvePoint, gaps []seen) [][]hugops.CurvePoint {
	pace := curvePace(points)
	var out [][]hugops.CurvePoint
	for i, p := range points {
		if i == 0 || apart(points[i-1].At, p.At, gaps) || p.At.Sub(points[i-1].At) > pace*3/2 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

// curvePace is the usual distance of two points: the median.
func curvePace(points []hugops.CurvePoint) time.Duration {
	if len(points) < 2 {
		return time.Hour
	}
	var d []time.Duration
	for i := 1; i < len(points); i++ {
		d = append(d, points[i].At.Sub(points[i-1].At))
	}
	slices.Sort(d)
	return d[len(d)/2]
}

// Heading is a finding, but only a true one: each later third of the curve lies
// above the one before it, and the first and last intervals do not overlap.
func (c *chart) Heading() string {
	n := len(c.Curve)
	if n < 6 {
		return "Hour by hour"
	}
	third := func(i int) (sum float64) {
		part := c.Curve[i*n/3 : (i+1)*n/3]
		for _, p := range part {
			sum += p.Index.Value
		}
		return sum / float64(len(part))
	}
	a, b, z := third(0), third(1), third(2)
	first, last := c.Curve[0], c.Curve[n-1]
	long := last.At.Sub(first.At) >= 2*time.Hour
	switch {
	case a < b && b < z && first.Index.Upper < last.Index.Lower && long:
		return "Kinder with every hour"
	case a < b && b < z && first.Index.Upper < last.Index.Lower:
		return "Kinder as it went on"
	case a > b && b > z && first.Index.Lower > last.Index.Upper:
		return "Less patience as it went on"
	}
	return "Hour by hour"
}

// Caption says where the curve begins and why it stops.
func (c *chart) Caption() string {
	s := "The curve starts with the 30th person"
	if len(c.Curve) == 0 {
		s = "The curve starts when 30 people took a side within one hour"
	}
	var missing []string
	for _, p := range c.Strips {
		gaps := p.gaps()
		switch {
		case p.blind() || len(gaps) == 0:
		case len(gaps) == 1:
			missing = append(missing, p.Network.Name()+" was out of reach from "+
				moment(gaps[0].From, c.To)+" to "+moment(gaps[0].To, c.To))
		default:
			missing = append(missing, p.Network.Name()+" was out of reach "+strconv.Itoa(len(gaps))+" times")
		}
	}
	if len(missing) > 0 {
		s += " and stops where we could not see: " + list(missing)
	}
	if c.Cut {
		s += ". The last 30 days are shown"
	}
	return s + ". Times in UTC."
}

// BucketWords says how wide a bucket is: "5 minutes", "hour".
func (c *chart) BucketWords() string {
	switch {
	case c.Bucket == time.Minute:
		return "minute"
	case c.Bucket == time.Hour:
		return "hour"
	case c.Bucket%time.Hour == 0:
		return strconv.Itoa(int(c.Bucket/time.Hour)) + " hours"
	}
	return strconv.Itoa(int(c.Bucket/time.Minute)) + " minutes"
}

// Label says the chart in one sentence, for those who do not see it.
func (c *chart) Label() string {
	s := "Chart from " + moment(c.From, c.To) + " to " + clock(c.To) + " UTC: "
	if n := len(c.Curve); n > 0 {
		first, last := newFigure(c.Curve[0].Index, false), newFigure(c.Curve[n-1].Index, false)
		s += "index " + strconv.Itoa(first.Value) + " (" + first.Range() + ") at first, " +
			strconv.Itoa(last.Value) + " (" + last.Range() + ") at last; "
	}
	return s + count(c.Support) + " posts of support, " + count(c.Venting) + " of venting. The table below has every figure."
}

// chartRow is one bucket in the table behind the chart. Script draws from the table,
// so a chart needs no second copy of its data.
type chartRow struct {
	At, To                    int64 // Unix seconds
	Time                      string
	Index, Range              string
	Points                    string // of the curve within the bucket, see points
	Support, Venting, Neutral int
}

// Rows are the buckets as a table.
func (c *chart) Rows() []chartRow {
	var out []chartRow
	pace := min(curvePace(c.Curve), time.Hour)
	starts := c.starts()
	i := 0
	for _, m := range c.Buckets {
		end := earlier(m.At.Add(c.Bucket), c.To)
		r := chartRow{
			At: m.At.Unix(), To: end.Unix(), Time: moment(m.At, c.To), Index: "–", Range: "under 30 people",
			Support: m.Support, Venting: m.Venting, Neutral: m.Neutral,
		}
		from := i
		for i < len(c.Curve) && !c.Curve[i].At.After(end) {
			i++
		}
		r.Points = points(c.Curve[from:i], starts)
		if i > 0 && end.Sub(c.Curve[i-1].At) < max(pace, c.Bucket) {
			f := newFigure(c.Curve[i-1].Index, false)
			r.Index, r.Range = strconv.Itoa(f.Value), f.Range()
		} else if inside(end, c.Unseen) || inside(m.At, c.Unseen) {
			r.Range = "not seen"
		}
		out = append(out, r)
	}
	return out
}

// points writes points of the curve for script: Unix seconds, value and bounds,
// parted by commas; where a point begins a piece of its own, "/" stands before it.
func points(curve []hugops.CurvePoint, starts map[time.Time]bool) string {
	var out []string
	for _, p := range curve {
		piece := ""
		if starts[p.At] {
			piece = "/"
		}
		out = append(out, piece+strconv.FormatInt(p.At.Unix(), 10)+" "+num(p.Index.Value)+" "+num(p.Index.Lower)+" "+num(p.Index.Upper))
	}
	return strings.Join(out, ",")
}

// starts are the times at which a piece of the curve begins.
func (c *chart) starts() map[time.Time]bool {
	out := map[time.Time]bool{}
	for _, run := range runs(c.Curve, c.Unseen) {
		out[run[0].At] = true
	}
	return out
}

// filling reports whether a bucket is not over yet: drawn, it would look like a fall.
func (c *chart) filling(m hugops.Minute) bool {
	return c.Open && m.At.Add(c.Bucket).After(c.To)
}

// sight is one strip as a table.
type sight struct {
	Network, Words string
	Spans          []sightSpan
}

// sightSpan is one stretch in which a network was seen in one way.
type sightSpan struct {
	From, To time.Time
	Look     string // how it is drawn: "on", "some" (a sample), "off"
	Words    string
}

// sightWords say how a network was seen.
var sightWords = map[hugops.CoverageState]string{
	hugops.CoverageLive: "seen live", hugops.CoverageReplay: "read afterwards", hugops.CoverageSample: "a sample",
	hugops.CoverageGap: "not seen: no connection", hugops.CoverageStalled: "not seen: nothing came",
	hugops.CoverageClamped: "not seen, and lost", hugops.CoverageBudget: "not seen: its price was spent",
}

// Sights are the strips as tables; script draws from them too.
func (c *chart) Sights() []sight {
	var out []sight
	for _, s := range c.Strips {
		one := sight{Network: s.Network.Name(), Words: s.words()}
		for _, p := range s.Spans {
			look := "on"
			switch {
			case p.State.Blind():
				look = "off"
			case p.State == hugops.CoverageSample:
				look = "some"
			}
			one.Spans = append(one.Spans, sightSpan{p.From, p.To, look, sightWords[p.State]})
		}
		out = append(out, one)
	}
	return out
}

// Moment is a time within the chart: "14:26", or with its day.
func (c *chart) Moment(t time.Time) string { return moment(t, c.To) }
