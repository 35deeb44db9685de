package main

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/store"
)

// lookOnce runs the look-out for a crowd until it has stored what want accepts.
func lookOnce(t *testing.T, s *store.Store, want func([]hugops.Outage) bool) []hugops.Outage {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runSuspect(ctx, s, slog.New(slog.DiscardHandler)) }()
	defer func() { stop(); <-ended }()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		outages, err := s.Outages(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if want(outages) {
			return outages
		}
	}
	t.Fatal("it was not found")
	return nil
}

// TestSuspected: forty people say that GitHub is down, and nobody has told of it;
// then GitHub does.
func TestSuspected(t *testing.T) {
	withStore(t, newData(t), func(s *store.Store, b *brain) error {
		now := time.Now().UTC()
		post := func(i int, text string) hugops.Post {
			return hugops.Post{ID: fmt.Sprintf("p%d", i), Network: hugops.Mastodon, Author: fmt.Sprintf("a%d", i), Lang: "en", Text: text,
				PostedAt: now.Add(-time.Duration(540-13*i) * time.Second)}
		}
		var readings []hugops.Reading
		for i := range 40 {
			readings = append(readings, b.Read(post(i, fmt.Sprintf("github is down again, no push for me, %d people in the office idle", i))),
				b.Read(hugops.Post{ID: fmt.Sprintf("q%d", i), Network: hugops.Mastodon, Author: fmt.Sprintf("a%d", i), Lang: "en", PostedAt: now,
					Text: fmt.Sprintf("we moved project %d to GitLab last year and like it", i)}))
		}
		if err := b.write(t.Context(), s, readings, nil, b.Read); err != nil {
			return err
		}
		found := lookOnce(t, s, func(o []hugops.Outage) bool { return len(o) > 0 })
		if len(found) != 1 || found[0].Service != "github" || !found[0].Suspected || !found[0].EndedAt.IsZero() {
			t.Fatalf("%+v", found)
		}
		tell := func(want int, id string) {
			c := orderCase{}
			if err := c.told(t.Context(), s, b); err != nil {
				t.Fatal(err)
			}
			posts := -1
			for end := time.Now().Add(20 * time.Second); posts != want && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				d, err := s.Detail(t.Context(), id, time.Now()) // may be seconds old
				if err != nil {
					t.Fatal(err)
				}
				posts = d.Posts
			}
			if posts != want {
				t.Errorf("%s has %d posts, want %d", id, posts, want)
			}
		}
		tell(40, found[0].ID)
		real := hugops.Outage{ID: "gh", Service: "github", ServiceName: "GitHub", Title: "Errors", StartedAt: now.Add(-5 * time.Minute)}
		if err := s.PutOutages(t.Context(), []hugops.Outage{real}); err != nil {
			return err
		}
		lookOnce(t, s, func(o []hugops.Outage) bool {
			return len(o) == 2 && (o[0].MergedInto == "gh" || o[1].MergedInto == "gh")
		})
		tell(40, "gh")
		tell(0, found[0].ID)
		return nil
	})
}
