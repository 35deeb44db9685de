package store

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// vote is one post that counts, as the figures need it.
type vote struct {
	author        uint64
	minute        int64 // Unix seconds
	network, lang int   // places in the tally's lists
	s, v          int64 // probabilities of support and venting, in millionths
	unread        bool  // in a language that the model does not know: both are 0
}

// most of an author's votes, where there are none, and where none was read.
const (
	absent = -2
	unread = -1
)

// sided is how much the vote takes a side; unread votes come before all others,
// so that the most sided of an author's votes is one only if all are unread.
func (v *vote) sided() int64 {
	if v.unread {
		return unread
	}
	return v.s + v.v
}

// figures are all numbers of one outage that come from its posts.
type figures struct {
	index     hugops.Index
	curve     []hugops.CurvePoint
	trends    []hugops.Change // of the curve's points
	answers   []hugops.Answer
	workings  hugops.Workings
	byNetwork []hugops.Share
	byLang    []hugops.Share
	series    []hugops.Minute
	bucket    time.Duration
	fives     []hugops.Minute // the series by 5 minutes; nil if it has more than maxFives
	changed   time.Time       // when the series last changed
	facts     facts
}

// maxFives is how many buckets of 5 minutes are kept: those of three days.
const maxFives = 3 * 24 * 60 / 5

// buckets are those of a span, if the figures have a series of that width.
func (f *figures) buckets(b span) (list []hugops.Minute, ok bool) {
	switch {
	case b.width == seconds(f.bucket) && f.series != nil:
		list = f.series
	case b.width == seconds(5*time.Minute) && f.fives != nil:
		list = f.fives
	default:
		return nil, false
	}
	place := func(at int64) int {
		return sort.Search(len(list), func(i int) bool { return list[i].At.Unix() >= at })
	}
	from, to := place(b.from), place(b.to)
	to = max(from, min(to, from+int(min(b.most, int64(len(list))))))
	return list[from:to:to], true
}

// facts are what a glance at the posts gives.
type facts struct {
	model       string   // behind most readings
	models      []string // all of them
	posts       int
	abstained   int
	blame       hugops.Blame
	evidence    []hugops.Evidence
	first, last time.Time
}

// The sliding hour of the curve, and how many points a curve has at most.
const (
	window    = 60 * 60
	maxPoints = 150
	minStep   = 5 * 60
)

// tally counts votes, which come sorted by author, into groups.
type tally struct {
	all            group
	networks       []group
	langs          []group
	start, step    int64   // of the curve, Unix seconds and seconds
	changes        []group // from one point to the next
	answers        []echo
	votes          []vote  // of the author being read
	most, sum, sid []int64 // scratch: his votes by point
}

// newTally prepares for posts within the minutes first to last.
func newTally(networks, langs int, first, last int64) *tally {
	t := &tally{networks: make([]group, networks), langs: make([]group, langs), step: stepFor(first, last)}
	t.start = first - first%t.step
	points := int((last-t.start)/t.step) + 1
	t.changes = make([]group, points+1)
	t.most, t.sum, t.sid = make([]int64, points), make([]int64, points), make([]int64, points)
	return t
}

// steps are the distances of points that people find round.
var steps = []int64{minStep, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600}

// stepFor is the smallest step that keeps a curve to maxPoints.
func stepFor(first, last int64) int64 {
	for _, s := range steps {
		if (last-first)/s+2 <= maxPoints {
			return s
		}
	}
	day := steps[len(steps)-1]
	return ((last-first)/(maxPoints-2)/day + 1) * day
}

// add counts one vote. Those of one author must come together.
func (t *tally) add(v vote) {
	if len(t.votes) > 0 && t.votes[0].author != v.author {
		t.flush()
	}
	t.votes = append(t.votes, v)
}

// flush turns the votes of one author into ballots.
func (t *tally) flush() {
	if len(t.votes) == 0 {
		return
	}
	all := func(*vote) bool { return true }
	t.all.add(t.ballot(all), 1)
	for i := range t.networks {
		t.cast(&t.networks[i], func(v *vote) bool { return v.network == i })
	}
	for i := range t.langs {
		t.cast(&t.langs[i], func(v *vote) bool { return v.lang == i })
	}
	t.castCurve()
	t.castAnswers()
	t.votes = t.votes[:0]
}

// cast adds the author's ballot of some of his votes, if there are any.
func (t *tally) cast(g *group, which func(*vote) bool) {
	for i := range t.votes {
		if which(&t.votes[i]) {
			g.add(t.ballot(which), 1)
			return
		}
	}
}

func (t *tally) ballot(which func(*vote) bool) ballot {
	most, sum, sided := int64(absent), int64(0), int64(0)
	for i := range t.votes {
		if v := &t.votes[i]; which(v) {
			most, sum, sided = max(most, v.sided()), sum+v.s, sided+v.s+v.v
		}
	}
	return ballotOf(most, sum, sided)
}

// reach is the points, from and to before, whose hour holds a minute. Point i
// stands at start + (i+1)·step, and its hour ends there.
func (t *tally) reach(minute int64) (from, to int) {
	from = int((minute - t.start) / t.step)
	to = int((minute + window - t.start) / t.step)
	return from, min(to, len(t.most))
}

// castCurve adds the author's ballots to the hours. As they stay the same over
// many points, only the changes are noted.
func (t *tally) castCurve() {
	lo, hi := len(t.most), 0
	for i := range t.votes {
		from, to := t.reach(t.votes[i].minute)
		lo, hi = min(lo, from), max(hi, to)
	}
	if lo >= hi {
		return
	}
	for p := lo; p < hi; p++ {
		t.most[p], t.sum[p], t.sid[p] = absent, 0, 0
	}
	for i := range t.votes {
		v := &t.votes[i]
		from, to := t.reach(v.minute)
		for p := from; p < to; p++ {
			t.most[p] = max(t.most[p], v.sided())
			t.sum[p] += v.s
			t.sid[p] += v.s + v.v
		}
	}
	for p := lo; p < hi; {
		end := p + 1
		for end < hi && t.most[end] == t.most[p] && t.sum[end] == t.sum[p] && t.sid[end] == t.sid[p] {
			end++
		}
		if t.most[p] != absent {
			b := ballotOf(t.most[p], t.sum[p], t.sid[p])
			t.changes[p].add(b, 1)
			t.changes[end].add(b, -1)
		}
		p = end
	}
}

// curve computes the index of each hour, and how it differs from that of the hour
// before; where points are more than an hour apart, from that of the point before.
// It ends the tally.
func (t *tally) curve(e *estimator) ([]hugops.CurvePoint, []hugops.Change) {
	t.flush()
	var hour group
	points, trends := make([]hugops.CurvePoint, len(t.most)), make([]hugops.Change, len(t.most))
	hours := make([]estimate, len(t.most))
	before := int(max(1, window/t.step))
	for i := range points {
		hour.merge(&t.changes[i])
		points[i].At = time.Unix(t.start+int64(i+1)*t.step, 0).UTC()
		hours[i] = e.estimate(&hour)
		hours[i].cells = nil // they are many
		points[i].Index = hours[i].index
		if i >= before {
			trends[i] = e.change(&hours[i-before], &hours[i])
		}
	}
	return points, trends
}

// other is the row that small cells are folded into.
const other = "other"

// shares lists the groups of a breakdown: in the order of keys, those of at least
// hugops.SmallCell authors, and then the rest in one row, if that is not too small
// itself. Groups keyed other are part of the rest.
func shares(e *estimator, keys []string, groups []group) []hugops.Share {
	var list []hugops.Share
	var rest group
	for i := range groups {
		if keys[i] == other || groups[i].authors < hugops.SmallCell {
			rest.merge(&groups[i])
			continue
		}
		list = append(list, hugops.Share{Key: keys[i], Index: e.index(&groups[i])})
	}
	if rest.authors >= hugops.SmallCell {
		list = append(list, hugops.Share{Key: other, Index: e.index(&rest)})
	}
	return list
}

// langCount says how many authors wrote in a language.
type langCount struct {
	lang    string
	authors uint64
}

// maxLangs bounds the rows of the breakdown by language.
const maxLangs = 12

// keepLangs picks the languages that get a row, the most spoken first.
func keepLangs(counts []langCount) []string {
	slices.SortFunc(counts, func(a, b langCount) int {
		return cmp.Or(cmp.Compare(b.authors, a.authors), strings.Compare(a.lang, b.lang))
	})
	var keep []string
	for _, c := range counts {
		if c.authors >= hugops.SmallCell && len(keep) < maxLangs {
			keep = append(keep, c.lang)
		}
	}
	return keep
}

// bucketFor is the width of the series on a page: at most 300 buckets.
func bucketFor(first, last int64) time.Duration {
	for _, s := range append([]int64{60, 120}, steps...) {
		if (last-first)/s < 300 {
			return time.Duration(s) * time.Second
		}
	}
	return time.Duration((last-first)/300/86400+1) * 24 * time.Hour
}
