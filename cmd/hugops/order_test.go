package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/store"
)

// orderCase is one story that happens again and again, each time a week later:
// posts about two services, some before the provider's notice, an edit and a
// deletion; and what is known of four outages, which changes meanwhile.
type orderCase struct {
	begin time.Time
	name  string
}

// step is a thing that happens: posts come, a post goes, or an outage is told of.
type step func(ctx context.Context, s *store.Store, b *brain) error

func (c orderCase) at(minute int) time.Time {
	return c.begin.Add(time.Duration(minute) * time.Minute)
}

// posts are the steps of posts. An edit comes before or after what it edits, a
// deletion before or after what it deletes.
func (c orderCase) posts() []step {
	post := func(author string, minute int, text string, edited time.Time) hugops.Post {
		id := fmt.Sprintf("%s-%s-%d", c.name, author, minute)
		return hugops.Post{ID: id, Network: hugops.Mastodon, Author: author, PostedAt: c.at(minute), EditedAt: edited, Lang: "en", Text: text}
	}
	put := func(posts ...hugops.Post) step {
		return func(ctx context.Context, s *store.Store, b *brain) error {
			var readings []hugops.Reading
			for _, p := range posts {
				readings = append(readings, b.Read(p))
			}
			return b.write(ctx, s, readings, nil, b.Read)
		}
	}
	var zero time.Time
	return []step{
		put(post("ann", -20, "github is down again? cannot push", zero), post("bob", 3, "#hugops to the github people", zero)),
		put(post("cyd", 4, "GitHub Actions outage, everything queued", zero)),
		put(post("dan", 25, "github down AGAIN, this is a joke", zero), post("eve", 30, "hugs to everybody at GitHub fixing this outage", zero)),
		put(post("fay", 55, "is slack down for anyone else?", zero)),
		put(post("gus", 70, "slack outage, hugops", zero), post("hal", 71, "github outage over? thank you, on-call", zero)),
		put(post("ida", 200, "the second github outage today", zero), post("jon", 205, "github is down, unbelievable", zero)),
		put(post("kim", 10, "is github down", zero)),
		put(post("kim", 10, "never mind, my own router", c.at(12))),
		put(post("lou", 15, "github outage, you had one job", zero)),
		func(ctx context.Context, s *store.Store, _ *brain) error {
			return s.Write(ctx, nil, []hugops.Deletion{{Network: hugops.Mastodon, ID: c.name + "-lou-15"}})
		},
	}
}

// outages are the steps of each outage, in their order: a version of an outage
// never comes after a later one.
func (c orderCase) outages() [][]step {
	put := func(id, service string, from, to int, change ...func(*hugops.Outage)) step {
		o := hugops.Outage{ID: c.name + "-" + id, Service: service, ServiceName: service, Title: "Errors", StartedAt: c.at(from)}
		if to > 0 {
			o.EndedAt = c.at(to)
		}
		for _, f := range change {
			f(&o)
		}
		return func(ctx context.Context, s *store.Store, b *brain) error {
			if err := s.PutOutages(ctx, []hugops.Outage{o}); err != nil {
				return err
			}
			return c.told(ctx, s, b)
		}
	}
	actions := func(o *hugops.Outage) { o.Components = []string{"Actions"} }
	fell := func(o *hugops.Outage) { o.Parent = c.name + "-push" }
	suspected := func(o *hugops.Outage) { o.Suspected = true }
	confirmed := func(o *hugops.Outage) { o.Suspected, o.MergedInto = true, c.name+"-push" }
	return [][]step{
		{put("push", "github", 20, 0), put("push", "github", 0, 0), put("push", "github", 0, 60)}, // its start moves
		{put("actions", "github-actions", 2, 90, actions)},                                        // a part of it, at the same time
		{put("again", "github", 190, 0), put("again", "github", 195, 240)},
		{put("slack", "slack", 60, 0), put("slack", "slack", 50, 62), put("slack", "slack", 50, 62, fell)},                                  // a cascade
		{put("guess", "github", -25, 0, suspected), put("guess", "github", -25, 30, suspected), put("guess", "github", -25, 30, confirmed)}, // suspected first
	}
}

// told is what a worker does every two seconds.
func (c orderCase) told(ctx context.Context, s *store.Store, b *brain) error {
	known, err := s.Outages(ctx)
	if err != nil {
		return err
	}
	b.learn(known)
	if err := b.cascades(ctx, s, known); err != nil {
		return err
	}
	_, err = b.relink(ctx, s, b.Read)
	return err
}

// TestCascadeOrder: it does not matter whether the outage that a provider's update
// speaks of is known before that update or after it.
func TestCascadeOrder(t *testing.T) {
	withStore(t, newData(t), func(s *store.Store, b *brain) error {
		for i, order := range [][]string{{"aws", "slack"}, {"slack", "aws"}} {
			c := orderCase{begin: stormStart.AddDate(0, 0, 7*i)}
			outages := map[string]hugops.Outage{
				"aws": {ID: fmt.Sprint("aws-", i), Service: "aws", ServiceName: "AWS", Title: "Errors", StartedAt: c.at(0), EndedAt: c.at(90)},
				"slack": {ID: fmt.Sprint("slack-", i), Service: "slack", ServiceName: "Slack", Title: "Messages fail", StartedAt: c.at(5), EndedAt: c.at(80),
					Updates: []hugops.Update{{At: c.at(20), Status: "identified", Text: "The cause is an outage at our upstream provider AWS."}}},
			}
			for _, name := range order {
				if err := s.PutOutages(t.Context(), []hugops.Outage{outages[name]}); err != nil {
					return err
				}
				if err := c.told(t.Context(), s, b); err != nil {
					return err
				}
			}
			if o, err := s.Outage(t.Context(), outages["slack"].ID); err != nil || o.Parent != outages["aws"].ID {
				t.Errorf("%v: Slack's fell with %q (%v)", order, o.Parent, err)
			}
		}
		return nil
	})
}

// series is what came of it: every minute of every outage.
func (c orderCase) series(ctx context.Context, s *store.Store) (string, error) {
	var out strings.Builder
	for _, id := range []string{"push", "actions", "again", "slack", "guess"} {
		minutes, err := s.Series(ctx, c.name+"-"+id, time.Minute, time.Time{}, time.Time{})
		if err != nil {
			return "", err
		}
		for _, m := range minutes {
			fmt.Fprintf(&out, "%s %d: %d %d %d %d\n", id, int(m.At.Sub(c.begin).Minutes()), m.Support, m.Venting, m.Neutral, m.Authors)
		}
	}
	return out.String(), nil
}

// shuffle puts steps in some order that keeps the order within each list.
func shuffle(r *rand.Rand, lists [][]step) []step {
	var turns []int
	for i, l := range lists {
		for range l {
			turns = append(turns, i)
		}
	}
	r.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	next, out := make([]int, len(lists)), []step(nil)
	for _, i := range turns {
		out = append(out, lists[i][next[i]])
		next[i]++
	}
	return out
}

// TestOrder lets the same posts and outages arrive in many orders: posts first,
// outages first, and mixed, each shuffled ORDER_RUNS times (3 if it is not set).
// The series are the same every time.
func TestOrder(t *testing.T) {
	runs, err := strconv.Atoi(cmp.Or(os.Getenv("ORDER_RUNS"), "3"))
	if err != nil {
		t.Fatal("ORDER_RUNS:", err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	withStore(t, newData(t), func(s *store.Store, b *brain) error {
		want, n := "", 0
		for range runs {
			for _, kind := range []string{"posts first", "outages first", "mixed"} {
				c := orderCase{stormStart.AddDate(0, 0, 7*(n-3*runs)), "r" + strconv.Itoa(n)}
				n++
				var posts [][]step
				for _, p := range c.posts() {
					posts = append(posts, []step{p})
				}
				steps := shuffle(r, append(posts, c.outages()...))
				switch kind {
				case "posts first":
					steps = append(shuffle(r, posts), shuffle(r, c.outages())...)
				case "outages first":
					steps = append(shuffle(r, c.outages()), shuffle(r, posts)...)
				}
				for _, step := range steps {
					if err := step(t.Context(), s, b); err != nil {
						return err
					}
				}
				got, err := c.series(t.Context(), s)
				if err != nil {
					return err
				}
				if want == "" {
					want = got
					t.Logf("the series:\n%s", want)
				}
				if got != want {
					return fmt.Errorf("run %d, %s: %s", n, kind, firstDifference(got, want))
				}
			}
		}
		if strings.Count(want, "\n") < 6 {
			return fmt.Errorf("only %d minutes: nothing is tested", strings.Count(want, "\n"))
		}
		return nil
	})
}
