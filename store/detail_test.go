package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// crowd is n people, each with one post; every fourth vents.
func crowd(n int) []hugops.Reading {
	var list []hugops.Reading
	for i := range n {
		stance := hugops.Support
		if i%4 == 0 {
			stance = hugops.Venting
		}
		list = append(list, reading(fmt.Sprintf("c%d", i), float64(i%120), stance))
	}
	return list
}

func TestDetail(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	if err := s.PutOutages(ctx, []hugops.Outage{nimbus, cirrus}); err != nil {
		t.Fatal(err)
	}
	posts := crowd(400)
	for i := range posts {
		switch {
		case i < 40:
			posts[i].Post.Lang = "de-AT"
		case i < 43:
			posts[i].Post.Lang = "fr"
		case i < 100:
			posts[i].Post.Network = hugops.Bluesky
		}
	}
	if err := s.Write(ctx, posts, nil); err != nil {
		t.Fatal(err)
	}
	coverage := []hugops.Coverage{
		{Source: "m", Network: hugops.Mastodon, At: begin.Add(3 * time.Minute), State: hugops.CoverageLive, Seen: 10, Kept: 2, Withheld: 3},
		{Source: "m", Network: hugops.Mastodon, At: begin.Add(4 * time.Minute), State: hugops.CoverageClamped},
	}
	for range 2 {
		if err := s.PutCoverage(ctx, coverage); err != nil {
			t.Fatal(err)
		}
	}
	d, err := s.Detail(ctx, nimbus.ID, later)
	if err != nil {
		t.Fatal(err)
	}
	if d.Posts != 400 || d.Index.Authors != 400 || d.Index.Support != 300 || d.Index.Venting != 100 || d.Model != "m1" {
		t.Errorf("got %+v, %d posts, model %q", d.Index, d.Posts, d.Model)
	}
	if !d.FirstPost.Equal(begin) || !d.LastPost.Equal(begin.Add(119*time.Minute)) {
		t.Errorf("posts from %s to %s", d.FirstPost, d.LastPost)
	}
	// A right model of errors: 0.8·p + 0.1·(1−p) = 0.625 at p = 0.75.
	if d.Index.Raw != 75 || d.Index.Lower > 74 || d.Index.Upper < 76 {
		t.Errorf("index %+v", d.Index)
	}
	if d.Bucket != time.Minute || len(d.Series) != 120 || d.Series[0].Authors != 4 {
		t.Errorf("%d buckets of %s: %+v", len(d.Series), d.Bucket, d.Series[0])
	}
	if len(d.Curve) != 24 || !d.Curve[0].At.Equal(begin.Add(5*time.Minute)) || d.Curve[0].Index.Authors != 20 || d.Curve[23].Index.Authors != 180 {
		t.Errorf("curve of %d points: %+v", len(d.Curve), d.Curve)
	}
	if d.Curve[0].Index.Enough || !d.Curve[1].Index.Enough {
		t.Errorf("curve begins with %+v, and has %+v", d.Curve[0], d.Curve[5])
	}
	if got := cells(d.ByNetwork); got != "mastodon:343 bluesky:57 " {
		t.Errorf("by network: %s", got)
	}
	if got := cells(d.ByLang); got != "en:357 de:40 " {
		t.Errorf("by language: %s", got)
	}
	if len(d.Coverage) != 2 || d.Coverage[0] != coverage[0] || d.Coverage[1] != coverage[1] {
		t.Errorf("coverage %+v", d.Coverage)
	}
	for to, want := range map[time.Time]int{begin.Add(3 * time.Minute): 1, begin.Add(4 * time.Minute): 2, begin.Add(time.Minute): 0} {
		if got, err := s.Coverage(ctx, begin, to); err != nil || !slices.Equal(got, coverage[:want]) && want > 0 || len(got) != want {
			t.Errorf("coverage to %s: %+v, %v; want the first %d", to, got, err, want)
		}
	}
	five, err := s.Series(ctx, nimbus.ID, 5*time.Minute, time.Time{}, time.Time{})
	if err != nil || len(five) != 24 || five[0].Support != 12 || five[0].Venting != 8 || five[0].Authors != 20 {
		t.Errorf("series by 5 minutes: %v, %d buckets, %+v", err, len(five), five[0])
	}
	if _, err := s.Series(ctx, nimbus.ID, 90*time.Second, time.Time{}, time.Time{}); !errors.Is(err, hugops.ErrInvalid) {
		t.Errorf("a bucket of 90 s: %v", err)
	}
	if _, err := s.Detail(ctx, "nobody", later); !errors.Is(err, hugops.ErrNotFound) {
		t.Errorf("an unknown outage: %v", err)
	}
	early, err := s.Detail(ctx, nimbus.ID, begin.Add(31*time.Minute))
	if err != nil || len(early.Curve) != 6 {
		t.Errorf("at 12:31: %d points, %v", len(early.Curve), err)
	}
}

// TestCoverageOfLongOutages: an outage that nobody closes goes on for years, with
// hardly a post; what is read of its coverage does not grow with it.
func TestCoverageOfLongOutages(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	open := nimbus
	open.EndedAt = time.Time{}
	if err := s.PutOutages(ctx, []hugops.Outage{open}); err != nil {
		t.Fatal(err)
	}
	const days = 70
	var rows []hugops.Coverage
	for i := range days * 24 * 6 {
		rows = append(rows, hugops.Coverage{Source: "m", Network: hugops.Mastodon, At: begin.Add(time.Duration(i) * 10 * time.Minute), State: hugops.CoverageLive, Seen: 1})
	}
	if err := s.PutCoverage(ctx, rows); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		step  time.Duration
		from  time.Duration // after the beginning
	}{
		{4 * time.Hour, time.Minute, 0},
		{30 * time.Hour, 2 * time.Minute, 0},
		{days * 24 * time.Hour, 30 * time.Minute, days*24*time.Hour - hugops.MaxCoverage},
	} {
		now := begin.Add(c.after)
		s.cache.entry(open.ID).coverage.forget()
		d, err := s.Detail(ctx, open.ID, now)
		if err != nil || d.CoverageStep != c.step || len(d.Coverage) == 0 || len(d.Coverage) > maxSteps {
			t.Fatalf("after %s: %d rows by %s, %v; want them by %s", c.after, len(d.Coverage), d.CoverageStep, err, c.step)
		}
		if first := d.Coverage[0].At; first.Sub(begin.Add(c.from)).Abs() > c.step {
			t.Errorf("after %s coverage begins %s, want %s", c.after, first, begin.Add(c.from))
		}
	}
}

// TestAbstained: posts of which the model does not say a stance are neutral, and
// counted; those that it cannot read are people with a post, and no vote.
func TestAbstained(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	if err := s.PutOutages(ctx, []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	posts := crowd(80) // 20 of them vent
	if err := s.Write(ctx, posts, nil); err != nil {
		t.Fatal(err)
	}
	before, err := s.Detail(ctx, nimbus.ID, later)
	if err != nil {
		t.Fatal(err)
	}
	var more []hugops.Reading
	for i := range 40 {
		more = append(more, reading(fmt.Sprintf("u%d", i), 10, hugops.Venting, unreadIn("ko")))
	}
	angry := reading("angry", 11, hugops.Venting, by("p1-c0"), func(r *hugops.Reading) {
		r.Targets, r.Sarcasm = hugops.Targets{People: 1}, 1
	})
	if err := s.Write(ctx, append(more, angry), nil); err != nil {
		t.Fatal(err)
	}
	after, err := s.Detail(ctx, nimbus.ID, later)
	if err != nil {
		t.Fatal(err)
	}
	want := before.Index
	want.Authors += 40
	if after.Index != want {
		t.Errorf("index %+v, want %+v", after.Index, want)
	}
	if after.Posts != 121 || after.Abstained != 40 || before.Abstained != 0 {
		t.Errorf("%d posts, %d without a stance", after.Posts, after.Abstained)
	}
	if at := after.Series[10]; at.Neutral != 40 || at.Authors != 41 {
		t.Errorf("minute 10: %+v", at)
	}
	if got := cells(after.ByLang); got != "en:80 ko:40 " {
		t.Errorf("by language: %s", got)
	}
	// 20 posts of (.1, .6, .3) and sarcasm .05, and one of (1, 0, 0) and 1.
	if want := (hugops.Blame{Posts: 21, People: .1429, Company: .5714, Situation: .2857, Sarcasm: .0952}); after.Blame != want {
		t.Errorf("blame %+v, want %+v", after.Blame, want)
	}
}

// TestSeriesWithin: of the series of an outage those buckets that begin within, at any
// width, each of them whole.
func TestSeriesWithin(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	if err := s.PutOutages(ctx, []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(ctx, crowd(120), nil); err != nil { // one in each minute of 12:00 to 14:00
		t.Fatal(err)
	}
	clock := func(hhmm string) time.Time {
		if hhmm == "" {
			return time.Time{}
		}
		at, err := time.Parse("2006-01-02 15:04:05", "2026-03-05 "+hhmm+":00")
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		width          time.Duration
		from, to, want string
	}{
		{30 * time.Minute, "", "", "12:00:30 12:30:30 13:00:30 13:30:30"},
		{30 * time.Minute, "12:30", "13:30", "12:30:30 13:00:30"},
		{30 * time.Minute, "12:01", "13:31", "12:30:30 13:00:30 13:30:30"},
		{7 * time.Minute, "12:00", "12:20", "12:01:7 12:08:7 12:15:7"},
		{time.Minute, "13:58", "", "13:58:1 13:59:1"},
		{time.Minute, "", "12:02", "12:00:1 12:01:1"},
		{366 * 24 * time.Hour, "", "", "00:00:120"},
		{24 * time.Hour, "12:00", "", ""},
		{time.Minute, "14:00", "13:00", ""},
	} {
		list, err := s.Series(ctx, nimbus.ID, c.width, clock(c.from), clock(c.to))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list {
			got = append(got, fmt.Sprintf("%s:%d", m.At.Format("15:04"), m.Support+m.Venting+m.Neutral))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s from %s to %s: %s, want %s", c.width, c.from, c.to, s, c.want)
		}
	}
	var many []hugops.Reading
	for i := range hugops.MaxBuckets + 1 {
		many = append(many, reading(fmt.Sprint("m", i), float64(i), hugops.Support))
	}
	if err := s.Write(ctx, many, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Series(ctx, nimbus.ID, time.Minute, begin, time.Time{}); !errors.Is(err, hugops.ErrTooMany) {
		t.Errorf("a bucket too many: %v", err)
	}
	if list, err := s.Series(ctx, nimbus.ID, time.Minute, begin.Add(time.Minute), time.Time{}); err != nil || len(list) != hugops.MaxBuckets {
		t.Errorf("as many as may be: %d, %v", len(list), err)
	}
	span := allBuckets(time.Hour)
	ancient, far := time.Date(-9000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	if got := span.within(ancient, far); got != span {
		t.Errorf("from before to after all times: %+v, want %+v", got, span)
	}
}

func cells(list []hugops.Share) string {
	out := ""
	for _, s := range list {
		out += fmt.Sprintf("%s:%d ", s.Key, s.Index.Authors)
	}
	return out
}

func TestSummaries(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	far := hugops.Outage{ID: "far", Service: "far", StartedAt: later.Add(time.Hour)}
	if err := s.PutOutages(ctx, []hugops.Outage{nimbus, far, cirrus}); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(ctx, crowd(50), nil); err != nil {
		t.Fatal(err)
	}
	list, err := summaries(ctx, s, later, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Outage.ID != cirrus.ID || list[1].Outage.ID != nimbus.ID || list[1].Index.Authors != 50 || list[0].Posts != 0 {
		t.Errorf("got %+v", list)
	}
	if list, err := summaries(ctx, s, later, 1); err != nil || len(list) != 1 {
		t.Errorf("limited to one: %d, %v", len(list), err)
	}
}
