package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// reading is one about nimbus, minutes after its begin.
func reading(id string, minutes float64, stance hugops.Stance, change ...func(*hugops.Reading)) hugops.Reading {
	r := hugops.Reading{
		Post: hugops.Post{ID: id, Network: hugops.Mastodon, Author: "p1-" + id, Lang: "en",
			PostedAt: begin.Add(time.Duration(minutes * float64(time.Minute))), Text: "text of " + id},
		Verdict: hugops.Verdict{Stance: stance, Lang: "en", Model: "m1", Sarcasm: 0.05, Targets: hugops.Targets{People: .1, Company: .6, Situation: .3}},
		Rules:   "r1", Services: []string{"nimbus"},
		Links: []hugops.Link{{Outage: nimbus.ID, Probability: 0.9, Evidence: []string{"alias:nimbus", "time:during"}}},
	}
	switch stance {
	case hugops.Support:
		r.Probabilities = hugops.Probabilities{Support: .8, Venting: .1, Neutral: .1}
	case hugops.Venting:
		r.Probabilities = hugops.Probabilities{Support: .1, Venting: .8, Neutral: .1}
	default:
		r.Probabilities = hugops.Probabilities{Support: .1, Venting: .1, Neutral: .8}
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

func by(author string) func(*hugops.Reading) {
	return func(r *hugops.Reading) { r.Post.Author = author }
}
func alias(name string) func(*hugops.Reading) { return func(r *hugops.Reading) { r.Post.Alias = name } }
func about(outages ...string) func(*hugops.Reading) {
	return func(r *hugops.Reading) {
		r.Links = nil
		for _, o := range outages {
			r.Links = append(r.Links, hugops.Link{Outage: o, Probability: .7, Evidence: []string{"alias:x"}})
		}
	}
}

// abstaining is a reading of which the model does not say a stance; unread one
// of which it does not know the language.
func abstaining(r *hugops.Reading) { r.Abstained, r.Stance = true, hugops.Neutral }
func unreadIn(lang string) func(*hugops.Reading) {
	return func(r *hugops.Reading) {
		abstaining(r)
		r.Lang, r.Post.Lang, r.Probabilities = lang, lang, hugops.Probabilities{Neutral: 1}
		r.Sarcasm, r.Targets = 0, hugops.Targets{People: 1. / 3, Company: 1. / 3, Situation: 1. / 3}
	}
}
func edited(after time.Duration) func(*hugops.Reading) {
	return func(r *hugops.Reading) { r.Post.EditedAt = r.Post.PostedAt.Add(after) }
}

// step is one call of Write.
type step struct {
	put  []hugops.Reading
	take []hugops.Deletion
}

func put(r ...hugops.Reading) step     { return step{put: r} }
func take(d ...hugops.Deletion) step   { return step{take: d} }
func postOf(id string) hugops.Deletion { return hugops.Deletion{Network: hugops.Mastodon, ID: id} }
func aliasOf(a string) hugops.Deletion { return hugops.Deletion{Network: hugops.Mastodon, Alias: a} }
func authorOf(a string) hugops.Deletion {
	return hugops.Deletion{Network: hugops.Mastodon, Author: a}
}

// figuresOf writes an outage's minutes as "minute:support/venting/neutral/authors".
func figuresOf(t *testing.T, s *Store, outage string) string {
	t.Helper()
	list, err := s.buckets(t.Context(), outage, allBuckets(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, m := range list {
		parts = append(parts, fmt.Sprintf("%d:%d/%d/%d/%d", int(m.At.Sub(begin)/time.Minute), m.Support, m.Venting, m.Neutral, m.Authors))
	}
	return strings.Join(parts, " ")
}

// TestWhatStands says what is stored after some calls of Write; the same in
// every order of the calls, unless the case says otherwise, and after repetition.
func TestWhatStands(t *testing.T) {
	const s, v, n = hugops.Support, hugops.Venting, hugops.Neutral
	tests := []struct {
		name           string
		steps          []step
		inOrder        bool
		nimbus, cirrus string
	}{
		{name: "posts are counted in their minutes by stance and author",
			steps:  []step{put(reading("a", 1, s), reading("b", 1.5, v), reading("c", 1.9, v, by("p1-b")), reading("d", 7, n))},
			nimbus: "1:1/2/0/2 7:0/0/1/1"},
		{name: "a post twice in one batch is one post",
			steps: []step{put(reading("a", 1, s), reading("a", 1, s))}, nimbus: "1:1/0/0/1"},
		{name: "bots and providers do not count",
			steps: []step{put(reading("a", 1, s), reading("b", 1, v, func(r *hugops.Reading) { r.Post.Bot = true }),
				reading("c", 1, v, func(r *hugops.Reading) { r.Post.AuthorService = "cirrus" }))},
			nimbus: "1:1/0/0/1"},
		{name: "a post without a link counts nowhere", steps: []step{put(reading("a", 1, s, about()))}},
		{name: "one post may belong to two outages",
			steps: []step{put(reading("a", 1, s, about("nimbus-1", "cirrus-1")))}, nimbus: "1:1/0/0/1", cirrus: "1:1/0/0/1"},
		{name: "an edit replaces the post and may move it to another outage",
			steps:  []step{put(reading("a", 1, s)), put(reading("a", 1, v, edited(time.Hour), about("cirrus-1")))},
			cirrus: "1:0/1/0/1"},
		{name: "an edit may take the last link away",
			steps: []step{put(reading("a", 1, s)), put(reading("a", 1, s, edited(time.Hour), about()))}},
		{name: "of three versions the latest stands",
			steps: []step{put(reading("a", 1, s, edited(2*time.Hour))), put(reading("a", 1, n)), put(reading("a", 1, v, edited(time.Hour)))}, nimbus: "1:1/0/0/1"},
		{name: "an equal version written later wins: posts are read again by better models", inOrder: true,
			steps:  []step{put(reading("a", 1, s)), put(reading("a", 1, v)), put(reading("a", 1, n, about("cirrus-1"))), put(reading("a", 1, s, about("cirrus-1")))},
			cirrus: "1:1/0/0/1"},
		{name: "deleted by id", steps: []step{put(reading("a", 1, s), reading("b", 1, v)), take(postOf("a"))}, nimbus: "1:0/1/0/1"},
		{name: "deleted with an edit on the way",
			steps: []step{put(reading("a", 1, s)), put(reading("a", 1, v, edited(time.Hour))), take(postOf("a"))}},
		{name: "deleted by alias", steps: []step{put(reading("a", 1, s, alias("one.example/7"))), take(aliasOf("one.example/7"))}},
		{name: "deleted by one of two aliases",
			steps: []step{put(reading("a", 1, s, alias("one.example/7"))), put(reading("a", 1, s, alias("two.example/9"))), take(aliasOf("one.example/7"))}},
		{name: "deleted by the alias of an older version",
			steps: []step{put(reading("a", 1, s, alias("one.example/7"))), put(reading("a", 1, s, alias("two.example/9"), edited(time.Hour))), take(aliasOf("one.example/7"))}},
		{name: "an author who left takes everything along",
			steps:  []step{put(reading("a", 1, s, by("p1-x")), reading("b", 2, v, by("p1-x")), reading("c", 2, v)), put(reading("d", 3, v, by("p1-x"))), take(authorOf("p1-x"))},
			nimbus: "2:0/1/0/1"},
		{name: "names do not reach across networks or kinds",
			steps: []step{put(reading("a", 1, s)), take(hugops.Deletion{Network: hugops.X, ID: "a"}, aliasOf("a"), authorOf("a"))}, nimbus: "1:1/0/0/1"},
		{name: "deleted within one call", steps: []step{{put: []hugops.Reading{reading("a", 1, s)}, take: []hugops.Deletion{postOf("a")}}}},
		{name: "a deletion of what nobody knows", steps: []step{take(postOf("zzz"))}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			orders := permutations(len(test.steps))
			if test.inOrder {
				orders = orders[:1]
			}
			db := fresh(t)
			for _, order := range orders {
				empty(t, db)
				for range 2 {
					for _, i := range order {
						if err := db.Write(t.Context(), test.steps[i].put, test.steps[i].take); err != nil {
							t.Fatal(err)
						}
					}
				}
				if got := figuresOf(t, db, "nimbus-1"); got != test.nimbus {
					t.Errorf("order %v: nimbus-1 has %q, want %q", order, got, test.nimbus)
				}
				if got := figuresOf(t, db, "cirrus-1"); got != test.cirrus {
					t.Errorf("order %v: cirrus-1 has %q, want %q", order, got, test.cirrus)
				}
			}
		})
	}
}

// empty takes everything out of a database.
func empty(t *testing.T, s *Store) {
	t.Helper()
	for _, table := range []string{"readings", "tombstones", "aliases", "series"} {
		if err := s.db.Exec(t.Context(), "TRUNCATE TABLE "+table); err != nil {
			t.Fatal(err)
		}
	}
}

// permutations of 0 … n−1; the first is in order.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, p := range permutations(n - 1) {
		for at := n - 1; at >= 0; at-- {
			all = append(all, slices.Insert(slices.Clone(p), at, n-1))
		}
	}
	return all
}

// happening is a stream of events with all that can happen to posts.
func happening(dice *rand.Rand, posts int) []step {
	stances := []hugops.Stance{hugops.Support, hugops.Venting, hugops.Neutral}
	var events []step
	for i := range posts {
		id := fmt.Sprintf("post-%d", i)
		minutes := dice.Float64() * 90
		author := fmt.Sprintf("p1-author%d", dice.IntN(posts*2/3))
		make := func(change ...func(*hugops.Reading)) hugops.Reading {
			where := [][]string{{"nimbus-1"}, {"cirrus-1"}, {"nimbus-1", "cirrus-1"}, {}}[dice.IntN(4)]
			p := dice.Float64()
			return reading(id, minutes, stances[dice.IntN(3)], append(change, by(author), about(where...), func(r *hugops.Reading) {
				r.Probabilities = hugops.Probabilities{Support: p, Venting: (1 - p) * .7, Neutral: (1 - p) * .3}
				r.Post.Lang = []string{"en", "de", "pt-BR"}[dice.IntN(3)]
				r.Gist = []uint64{0, dice.Uint64(), 0x1122334455667788, 0x1122334455667799, 0x8877665544332211}[dice.IntN(5)]
				r.Post.Alias = "one.example/" + id
			})...)
		}
		events = append(events, put(make()))
		for range dice.IntN(3) {
			events = append(events, put(make(edited(time.Duration(1+dice.IntN(1e6))*time.Millisecond))))
		}
		switch dice.IntN(12) {
		case 0:
			events = append(events, take(postOf(id)))
		case 1:
			events = append(events, take(aliasOf("one.example/"+id)))
		case 2:
			if dice.IntN(4) == 0 {
				events = append(events, take(authorOf(author)))
			}
		}
	}
	return events
}

// exported is all that a database says, as bytes.
func exported(t *testing.T, s *Store) map[string]string {
	t.Helper()
	if err := s.PutOutages(t.Context(), []hugops.Outage{nimbus, cirrus}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := s.Export(t.Context(), dir, hugops.NewPseudonyms([]byte("key")), nil); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range []string{"outages.csv", "series.csv", "readings.csv"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(b)
	}
	return files
}

// writeAll writes events in batches of random sizes.
func writeAll(ctx context.Context, s *Store, dice *rand.Rand, events []step) error {
	for len(events) > 0 {
		n := min(len(events), 1+dice.IntN(200))
		if err := writeOnce(ctx, s, events[:n]); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

// writeOnce writes events in one batch.
func writeOnce(ctx context.Context, s *Store, events []step) error {
	var all step
	for _, e := range events {
		all.put, all.take = append(all.put, e.put...), append(all.take, e.take...)
	}
	return s.Write(ctx, all.put, all.take)
}

// shuffled repeats each event up to five times, in any order.
func shuffled(dice *rand.Rand, events []step) []step {
	var all []step
	for _, e := range events {
		for range 1 + dice.IntN(5) {
			all = append(all, e)
		}
	}
	dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// TestReplay writes the same events in order and once, and then shuffled, in
// other batches, up to five times each: everything comes out the same, to the
// byte.
func TestReplay(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 2))
	events := happening(dice, 250)
	once := fresh(t)
	if err := writeAll(t.Context(), once, dice, events); err != nil {
		t.Fatal(err)
	}
	want := exported(t, once)
	if strings.Count(want["readings.csv"], "\n") < 100 || strings.Contains(want["outages.csv"], "false,0,0") {
		t.Fatalf("too little is stored to compare:\n%s", want["outages.csv"])
	}
	again := fresh(t)
	for range 2 {
		if err := writeAll(t.Context(), again, dice, shuffled(dice, events)); err != nil {
			t.Fatal(err)
		}
		compare(t, exported(t, again), want)
	}
	if err := writeAll(t.Context(), once, dice, events); err != nil {
		t.Fatal(err)
	}
	compare(t, exported(t, once), want)
}

func compare(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			g, w := strings.Split(got[name], "\r\n"), strings.Split(want[name], "\r\n")
			for i := range min(len(g), len(w)) {
				if g[i] != w[i] {
					t.Errorf("%s, line %d:\ngot  %s\nwant %s", name, i+1, g[i], w[i])
					break
				}
			}
			t.Errorf("%s: got %d lines, want %d", name, len(g), len(w))
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.FailNow()
	}
}
