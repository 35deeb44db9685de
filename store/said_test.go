package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestSeriesOfPage: the series that is computed beside the index is the one that is
// read by itself: same buckets, same posts, same people.
func TestSeriesOfPage(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	if err := s.PutOutages(ctx, []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	stances := []hugops.Stance{hugops.Support, hugops.Venting, hugops.Neutral}
	var posts []hugops.Reading
	for i := range 400 {
		p := reading(fmt.Sprint("s", i), float64(i*i%410), stances[i%3])
		p.Post.Author = fmt.Sprint("p1-", i%37)
		p.Post.Lang = []string{"en", "de", "ja"}[i%3]
		posts = append(posts, p)
	}
	if err := s.Write(ctx, posts, nil); err != nil {
		t.Fatal(err)
	}
	d, err := s.Detail(ctx, nimbus.ID, later)
	if err != nil || d.Bucket <= time.Minute {
		t.Fatalf("buckets of %s, %v", d.Bucket, err)
	}
	alone, err := s.Series(ctx, nimbus.ID, d.Bucket, time.Time{}, time.Time{})
	if err != nil || !reflect.DeepEqual(d.Series, alone) {
		t.Errorf("%v\nwith the page %v\nby itself     %v", err, d.Series, alone)
	}
	if got := cells(d.ByLang); got != "de:37 en:37 ja:37 " {
		t.Errorf("by language: %s", got)
	}
}

// TestSeriesFromFigures: what is taken from the figures is what would be read.
func TestSeriesFromFigures(t *testing.T) {
	t.Parallel()
	c := config(t)
	plain := open(t, c)
	c.Stale = 0
	s := open(t, c)
	ctx := t.Context()
	if err := s.PutOutages(ctx, []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(ctx, crowd(400), nil); err != nil { // of two hours
		t.Fatal(err)
	}
	at := func(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }
	for _, c := range []struct {
		width    time.Duration
		from, to time.Time
		buckets  int
	}{
		{time.Minute, time.Time{}, time.Time{}, 120},
		{5 * time.Minute, time.Time{}, time.Time{}, 24},
		{5 * time.Minute, at(7), at(21), 3},
		{5 * time.Minute, at(200), time.Time{}, 0},
		{5 * time.Minute, at(60), at(30), 0},
		{time.Minute, at(-10), at(3), 3},
		{7 * time.Minute, at(0), at(30), 5}, // not among the figures
	} {
		want, err := plain.Series(ctx, nimbus.ID, c.width, c.from, c.to)
		if err != nil || len(want) != c.buckets {
			t.Fatalf("by %s from %s to %s: %d buckets, %v", c.width, c.from, c.to, len(want), err)
		}
		got, err := s.Series(ctx, nimbus.ID, c.width, c.from, c.to)
		if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("by %s from %s to %s: %v\n%v\nwant %v", c.width, c.from, c.to, err, got, want)
		}
	}
}
