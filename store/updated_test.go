package store

import (
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestUpdatedAt: it moves with the posts of an outage and with what is known of it,
// by the writer's clock, and is the same for every reader.
func TestUpdatedAt(t *testing.T) {
	t.Parallel()
	c := config(t)
	s, other := open(t, c), open(t, c)
	ctx := t.Context()
	clock := later
	s.now = func() time.Time { return clock }
	at := func() time.Time {
		t.Helper()
		var got [2]time.Time
		for i, reader := range []*Store{s, other} {
			list, err := summaries(ctx, reader, clock.Add(time.Second), 0)
			if err != nil || len(list) != 1 {
				t.Fatalf("%d summaries, %v", len(list), err)
			}
			got[i] = list[0].UpdatedAt
		}
		if !got[0].Equal(got[1]) {
			t.Errorf("one reader says %s, the other %s", got[0], got[1])
		}
		return got[0]
	}
	ongoing := nimbus
	ongoing.EndedAt = time.Time{}
	posts := crowd(8)
	steps := []struct {
		name string
		do   func() error
		news bool
	}{
		{"an outage becomes known", func() error { return s.PutOutages(ctx, []hugops.Outage{ongoing}) }, true},
		{"posts come", func() error { return s.Write(ctx, posts, nil) }, true},
		{"they come again", func() error { return s.Write(ctx, posts, nil) }, false},
		{"one is deleted", func() error {
			return s.Write(ctx, nil, []hugops.Deletion{{Network: posts[3].Post.Network, ID: posts[3].Post.ID}})
		}, true},
		{"it ends, as is known late", func() error { return s.PutOutages(ctx, []hugops.Outage{nimbus}) }, true},
		{"nothing new is known", func() error { return s.PutOutages(ctx, []hugops.Outage{nimbus}) }, false},
	}
	var last time.Time
	for _, step := range steps {
		clock = clock.Add(time.Minute)
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if step.news {
			last = clock
		}
		if got := at(); !got.Equal(last) {
			t.Errorf("%s: updated at %s, want %s", step.name, got, last)
		}
	}
}

// TestUpdatedByTheClock: an outage that begins or ends at a time that was known
// before is another one from then on.
func TestUpdatedByTheClock(t *testing.T) {
	s := &Store{}
	o := hugops.Outage{ID: "a", StartedAt: begin, EndedAt: begin.Add(time.Hour)}
	f := &figures{changed: begin.Add(-time.Minute)}
	for _, c := range []struct {
		now, want time.Time
	}{
		{begin, begin},
		{begin.Add(59 * time.Minute), begin},
		{begin.Add(2 * time.Hour), begin.Add(time.Hour)},
	} {
		if got := s.updatedAt(o, f, c.now); !got.Equal(c.want) {
			t.Errorf("at %s: %s, want %s", c.now, got, c.want)
		}
	}
}
