package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/store"
)

// withStore calls fn in this process with the store of a data directory that no
// other process uses, and a brain that knows its outages.
func withStore(t *testing.T, data string, fn func(*store.Store, *brain) error) {
	t.Helper()
	mf := newFlags(rescoreCommand).machine()
	*mf.data = data
	err := using(mf, slog.New(slog.DiscardHandler), func(m *machine) error {
		s, err := m.openStore(t.Context())
		if err != nil {
			return err
		}
		known, err := s.Outages(t.Context())
		if err != nil {
			return err
		}
		b, err := newBrain(known)
		if err != nil {
			return err
		}
		return fn(s, b)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// age makes everything look as an older version has left it: its model heard a hug
// in every other post and venting in the rest, and its rules linked nothing to the
// second outage.
func age(t *testing.T, s *store.Store) (posts []hugops.Post) {
	t.Helper()
	err := s.Texts(t.Context(), stormStart, stormStart.Add(time.Hour), "", func(p hugops.Post) error {
		posts = append(posts, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var readings []hugops.Reading
	for i, p := range posts {
		r := hugops.Reading{Post: p, Verdict: hugops.Verdict{Model: "old", Lang: "en", Stance: hugops.Venting, Probabilities: hugops.Probabilities{Venting: 1}},
			Rules: "old", Links: []hugops.Link{{Outage: "storm-1", Probability: .5, Evidence: []string{"old"}}}}
		if i%2 == 0 {
			r.Stance, r.Probabilities = hugops.Support, hugops.Probabilities{Support: 1}
		}
		readings = append(readings, r)
	}
	if err := s.Write(t.Context(), readings, nil); err != nil {
		t.Fatal(err)
	}
	return posts
}

func alike(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s differs from that of a fresh run\n%s", name, firstDifference(got[name], want[name]))
		}
	}
}

// TestRescore runs the command beside a running hugops, on what an older model
// has left: index, series and readings come out as if the new model had read all
// in the first place. The second time there is nothing to do.
func TestRescore(t *testing.T) {
	dir, data := t.TempDir(), newData(t)
	posts, outages := write(t, dir, "posts.ndjson", stormPosts(t, 600)), write(t, dir, "outages.json", stormOutages)
	runs(t, 0, "", upArgs(data, posts, outages, "--speed", soon)...)
	want := exported(t, data)
	withStore(t, data, func(s *store.Store, _ *brain) error { age(t, s); return nil })
	old := exported(t, data)
	for name := range want {
		if old[name] == want[name] {
			t.Fatalf("%s is the same with the older model: nothing would be tested", name)
		}
	}
	_, up := startSite(t, data)
	out, errs := runs(t, 0, "", "rescore", "--data", data)
	if !strings.Contains(out, " posts read again by model ") || strings.Contains(out, "\n0 posts") || strings.Contains(out, "gone") {
		t.Errorf("rescore says %q", out)
	}
	if !strings.Contains(errs, "done_posts=") {
		t.Errorf("no progress is logged: %s", errs)
	}
	alike(t, exported(t, data), want)
	if out, _ := runs(t, 0, "", "rescore", "--data", data); !strings.Contains(out, "Nothing to do") {
		t.Errorf("the second time rescore says %q", out)
	}
	end(t, up)
	alike(t, exported(t, data), want)
}

// TestRescoreBackfill: a back-fill is read by the fast reader alone, and says so in
// the model's version; once rescored it is what a replay at a pace gives.
func TestRescoreBackfill(t *testing.T) {
	dir, paced, data := t.TempDir(), newData(t), newData(t)
	posts, outages := write(t, dir, "posts.ndjson", stormPosts(t, 600)), write(t, dir, "outages.json", stormOutages)
	runs(t, 0, "", upArgs(paced, posts, outages, "--speed", soon)...)
	want := exported(t, paced)
	runs(t, 0, "", upArgs(data, posts, outages)...)
	if fast := exported(t, data); !strings.Contains(fast["readings.csv"], "-fast,") || strings.Contains(want["readings.csv"], "-fast,") {
		t.Fatal("readings of a back-fill, and only they, must have a version that ends in -fast")
	}
	runs(t, 0, "", "rescore", "--data", data)
	alike(t, exported(t, data), want)
}

// TestRescoreMeanwhile stops a run after its first batch, and lets one post be
// edited, one be deleted and an outage change after the second run has read them
// and before it writes them: it comes out as if a fresh run had been followed by
// all that.
func TestRescoreMeanwhile(t *testing.T) {
	defer func(n int) { againBatch = n }(againBatch)
	againBatch = 100
	dir, fresh, data := t.TempDir(), newData(t), newData(t)
	file, outages := write(t, dir, "posts.ndjson", stormPosts(t, 600)), write(t, dir, "outages.json", stormOutages)
	for _, d := range []string{fresh, data} {
		runs(t, 0, "", upArgs(d, file, outages, "--speed", soon)...)
	}
	meanwhile := func(s *store.Store, b *brain, posts []hugops.Post) {
		edited, deleted := posts[len(posts)-1], posts[len(posts)-2]
		edited.EditedAt, edited.Text = edited.PostedAt.Add(time.Hour), "thank you so much Chatterbee team #hugops"
		storm, err := s.Outage(t.Context(), "storm-2")
		if err != nil {
			t.Fatal(err)
		}
		storm.EndedAt = stormStart.Add(45 * time.Minute)
		err = errors.Join(s.PutOutages(t.Context(), []hugops.Outage{storm}),
			s.Write(t.Context(), []hugops.Reading{b.Read(edited)}, []hugops.Deletion{{Network: deleted.Network, ID: deleted.ID}}))
		if err != nil {
			t.Fatal(err)
		}
	}
	withStore(t, fresh, func(s *store.Store, b *brain) error {
		var posts []hugops.Post
		err := s.Texts(t.Context(), stormStart, stormStart.Add(time.Hour), "", func(p hugops.Post) error {
			posts = append(posts, p)
			return nil
		})
		meanwhile(s, b, posts)
		return errors.Join(err, relinkAfterImport(t.Context(), s, slog.New(slog.DiscardHandler)))
	})
	withStore(t, data, func(s *store.Store, b *brain) error {
		posts := age(t, s)
		first, err := s.Outdated(t.Context(), b.model)
		if err != nil || first.Posts != len(posts) || first.Gone != 0 {
			t.Fatalf("%+v of %d posts: %v", first, len(posts), err)
		}
		stopping, stop := context.WithCancel(t.Context())
		done, err := b.rescoreAll(stopping, s, first, func(int) { stop() })
		if !errors.Is(err, context.Canceled) || done != againBatch {
			t.Errorf("stopped after %d posts: %v", done, err)
		}
		second, err := s.Outdated(t.Context(), b.model)
		if err != nil || second.Posts != first.Posts-done {
			t.Fatalf("%d posts are left of %d: %v", second.Posts, first.Posts, err)
		}
		once := func() { meanwhile(s, b, posts) }
		_, err = b.rescoreAll(t.Context(), s, second, func(int) {
			if once != nil {
				once()
				once = nil
			}
		})
		return err
	})
	alike(t, exported(t, data), exported(t, fresh))
	if out, _ := runs(t, 0, "", "rescore", "--data", data); !strings.Contains(out, "Nothing to do") {
		t.Errorf("in the end rescore says %q", out)
	}
}
