package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hugops/hugops"
)

// saying is n posts of the gist g, of an account each, one every so many seconds.
func saying(g uint64, n int, first uint64, from, every int64) []copyable {
	var list []copyable
	for i := range n {
		at := from + int64(i)*every
		list = append(list, copyable{gist: g, author: first + uint64(i), minute: at - at%60})
	}
	return list
}

// differing is g with some of its bytes changed.
func differing(g uint64, bytes ...int) uint64 {
	for _, b := range bytes {
		g ^= 0x5a << (8 * b)
	}
	return g
}

// TestBursts says what is a burst.
func TestBursts(t *testing.T) {
	const g = 0x1122334455667788
	alone := func(list []copyable, author uint64) []copyable {
		for i := range list {
			list[i].author = author
		}
		return list
	}
	tests := []struct {
		name             string
		posts            [][]copyable
		bursts, accounts int
	}{
		{"nothing", nil, 0, 0},
		{"four accounts", [][]copyable{saying(g, 4, 1, 0, 10)}, 0, 0},
		{"five accounts", [][]copyable{saying(g, 5, 1, 0, 10)}, 1, 5},
		{"one account, fifty times", [][]copyable{alone(saying(g, 50, 1, 0, 10), 7)}, 0, 0},
		{"five accounts, an hour between each", [][]copyable{saying(g, 5, 1, 0, 3600)}, 1, 5},
		{"five accounts, more than an hour between each", [][]copyable{saying(g, 5, 1, 0, 3660)}, 0, 0},
		{"two bursts of the same words on two days", [][]copyable{saying(g, 5, 1, 0, 10), saying(g, 6, 4, 86400, 10)}, 2, 9},
		{"a burst, and two who say so the next day", [][]copyable{saying(g, 5, 1, 0, 10), saying(g, 2, 10, 86400, 10)}, 1, 5},
		{"a word or two of difference", [][]copyable{saying(g, 2, 1, 0, 10), saying(differing(g, 3), 2, 10, 0, 10), saying(differing(g, 0, 7), 2, 20, 0, 10)}, 1, 6},
		{"too many words of difference", [][]copyable{saying(g, 4, 1, 0, 10), saying(differing(g, 1, 3, 5), 4, 10, 0, 10)}, 0, 0},
		{"a chain is cut: what is like the middle belongs to it, not what is like that", [][]copyable{saying(g, 5, 1, 0, 10),
			saying(differing(g, 0, 1), 1, 10, 0, 10), saying(differing(g, 0, 1, 2, 3), 1, 20, 0, 10), saying(differing(g, 0, 1, 2, 3, 4, 5), 4, 30, 0, 10)}, 1, 7},
		{"two campaigns", [][]copyable{saying(g, 40, 1, 0, 10), saying(^uint64(g), 30, 100, 0, 10)}, 2, 70},
		{"two campaigns of the same accounts", [][]copyable{saying(g, 40, 1, 0, 10), saying(^uint64(g), 30, 1, 0, 10)}, 2, 40},
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for _, test := range tests {
		posts := slices.Concat(test.posts...)
		b := findBursts(slices.Clone(posts))
		if b.count != test.bursts || len(b.all) != test.accounts {
			t.Errorf("%s: %d bursts of %d accounts, want %d of %d", test.name, b.count, len(b.all), test.bursts, test.accounts)
		}
		people := peopleOf(b, posts)
		for range 5 {
			dice.Shuffle(len(posts), func(i, k int) { posts[i], posts[k] = posts[k], posts[i] })
			if got := peopleOf(findBursts(slices.Clone(posts)), posts); got != people {
				t.Errorf("%s: %d people, and in another order %d", test.name, people, got)
			}
		}
	}
}

// peopleOf counts whose the posts are.
func peopleOf(b *bursts, posts []copyable) int {
	people := map[uint64]bool{}
	for _, p := range posts {
		people[b.person(p)] = true
	}
	return len(people)
}

// TestNear finds by the index what a look at every two finds.
func TestNear(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 5))
	known := map[uint64]bool{}
	for range 300 { // few values a byte, so that many are near
		var g uint64
		for i := range 8 {
			g |= uint64(dice.IntN(3)) << (8 * i)
		}
		known[g] = true
	}
	var gists []uint64
	for g := range known {
		gists = append(gists, g)
	}
	x, pairs := newGistIndex(gists), 0
	for _, g := range gists {
		var got, want []uint64
		x.near(g, func(o uint64) { got = append(got, o) })
		for _, o := range gists {
			if o != g && agreement(g, o) >= alike {
				want = append(want, o)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if pairs += len(got); !slices.Equal(got, want) {
			t.Fatalf("near %x: %x, want %x", g, got, want)
		}
	}
	met := 0
	x.pairs(func(a, b uint64) { met += 2 })
	if met != pairs {
		t.Errorf("%d in pairs, %d near another", met, pairs)
	}
	if pairs == 0 {
		t.Error("no two are near: the test proves nothing")
	}
}

// copies are posts of n accounts with nearly the same words, one a minute.
func copies(n int, stance hugops.Stance, words uint64) []hugops.Reading {
	var list []hugops.Reading
	for i := range n {
		list = append(list, reading(fmt.Sprintf("copy%x-%d", words, i), 10+float64(i%60), stance, func(r *hugops.Reading) {
			if r.Gist = words; i%3 > 0 {
				r.Gist = differing(words, i%8)
			}
		}))
	}
	return list
}

// TestCopiesCountAsOne: an outage with a hundred copies of one text among four
// hundred people has the index that it has with one of them, whatever the order, and
// deletions that leave too few for a burst give those their votes back.
func TestCopiesCountAsOne(t *testing.T) {
	ctx := t.Context()
	index := func(s *Store) hugops.Index {
		t.Helper()
		d, err := s.Detail(ctx, nimbus.ID, later)
		if err != nil {
			t.Fatal(err)
		}
		return d.Index
	}
	write := func(s *Store, posts []hugops.Reading, gone []hugops.Deletion) {
		t.Helper()
		if err := s.Write(ctx, posts, gone); err != nil {
			t.Fatal(err)
		}
	}
	s := fresh(t)
	if err := s.PutOutages(ctx, []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	campaign := copies(100, hugops.Venting, 0x1122334455667788)
	write(s, crowd(400), nil)
	none := index(s)
	write(s, []hugops.Reading{reading("alone", 10, hugops.Venting)}, nil)
	one := index(s)
	write(s, nil, []hugops.Deletion{postOf("alone")})
	for _, part := range [][]hugops.Reading{campaign[60:], campaign[:70]} {
		write(s, part, nil)
	}
	one.Copies, one.Bursts = 100, 1
	if got := index(s); got != one {
		t.Errorf("with 100 copies: %+v\nwith one voice:  %+v", got, one)
	}
	if moved := math.Abs(one.Value - none.Value); moved > none.Influence+0.3 {
		t.Errorf("the copies moved the index by %.2f points; one person's influence is %.2f", moved, none.Influence)
	}
	own := reading("own", 200, hugops.Support, by("p1-"+campaign[0].Post.ID))
	write(s, []hugops.Reading{own}, nil)
	if got := index(s); got.Authors != one.Authors+1 || got.Support != one.Support+1 || got.Copies != 100 {
		t.Errorf("one of them wrote for himself too: %+v", got)
	}
	var gone []hugops.Deletion
	for _, r := range campaign[4:] {
		gone = append(gone, postOf(r.Post.ID))
	}
	write(s, nil, append(gone, postOf("own")))
	if got := index(s); got.Copies != 0 || got.Authors != none.Authors+4 || got.Venting != none.Venting+4 {
		t.Errorf("four are left: %+v", got)
	}
}

// TestWithoutGist: rows from before gists, and short posts, count as they did.
func TestWithoutGist(t *testing.T) {
	s := fresh(t)
	if err := s.PutOutages(t.Context(), []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), copies(300, hugops.Support, 0)[:1], nil); err != nil { // one with gist 0
		t.Fatal(err)
	}
	posts := copies(300, hugops.Support, 1)
	for i := range posts {
		posts[i].Gist = 0
	}
	if err := s.Write(t.Context(), posts, nil); err != nil {
		t.Fatal(err)
	}
	if x := detailOf(t, s).Index; x.Copies != 0 || x.Authors != 301 || x.Support != 301 {
		t.Errorf("without gists: %+v", x)
	}
	// Read again, they get their gists, though nothing else is new.
	if err := s.Write(t.Context(), copies(300, hugops.Support, 1), nil); err != nil {
		t.Fatal(err)
	}
	if x := detailOf(t, s).Index; x.Copies != 300 || x.Authors != 2 {
		t.Errorf("with gists: %+v", x)
	}
}

func detailOf(t *testing.T, s *Store) hugops.Detail {
	t.Helper()
	d, err := s.Detail(t.Context(), nimbus.ID, later)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestLoudestStored: one author with ten thousand posts moves the index as much as
// with one, and by 1/n at most where nothing is corrected, through the database.
func TestLoudestStored(t *testing.T) {
	c := config(t)
	c.Errors = identity
	s := open(t, c)
	if err := s.PutOutages(t.Context(), []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), crowd(100), nil); err != nil {
		t.Fatal(err)
	}
	none := detailOf(t, s).Index
	var posts []hugops.Reading
	for i := range 10_000 {
		r := reading(fmt.Sprintf("loud%d", i), float64(i)/60, hugops.Venting, by("p1-loud"))
		r.Probabilities = hugops.Probabilities{Venting: 1}
		posts = append(posts, r)
	}
	if err := s.Write(t.Context(), posts[:1], nil); err != nil {
		t.Fatal(err)
	}
	one := detailOf(t, s).Index
	if err := s.Write(t.Context(), posts, nil); err != nil {
		t.Fatal(err)
	}
	many := detailOf(t, s)
	if many.Index != one || many.Posts != 10_100 || many.Index.Authors != 101 {
		t.Errorf("10,000 posts give %+v, one gives %+v", many.Index, one)
	}
	if moved := none.Value - one.Value; moved <= 0 || moved > 100./101 {
		t.Errorf("one of 101 people moved the index by %.3f points", moved)
	}
}

// FuzzBursts: whoever says what and when, a post has one person; people of bursts
// are nobody else; and the order does not matter.
func FuzzBursts(f *testing.F) {
	f.Add(uint64(1), 40, 2)
	f.Add(uint64(2), 300, 4)
	f.Fuzz(func(t *testing.T, seed uint64, n, values int) {
		dice := rand.New(rand.NewPCG(seed, 1))
		posts := make([]copyable, min(max(n, 0), 400))
		for i := range posts {
			var g uint64
			for b := range 8 {
				g |= uint64(1+dice.IntN(min(max(values, 1), 255))) << (8 * b)
			}
			posts[i] = copyable{gist: g, author: uint64(dice.IntN(200)), minute: int64(dice.IntN(600)) * 60}
		}
		b := findBursts(slices.Clone(posts))
		people := peopleOf(b, posts)
		slices.Reverse(posts)
		if again := findBursts(slices.Clone(posts)); peopleOf(again, posts) != people || again.count != b.count || len(again.all) != len(b.all) {
			t.Fatal("the order of the posts matters")
		}
		for _, p := range posts {
			if who := b.person(p); who != p.author && (who < 200 || !b.all[p.author]) {
				t.Fatalf("post %+v is %x's", p, who)
			}
		}
	})
}

// BenchmarkFindBursts is an outage of 100,000 long posts: all different, all copies
// with a word of difference, and made so that as many as possible are compared.
func BenchmarkFindBursts(b *testing.B) {
	const n = 100_000
	dice := rand.New(rand.NewPCG(3, 3))
	kinds := map[string]func() uint64{
		"different": dice.Uint64,
		"copies":    func() uint64 { return differing(0x1122334455667788, dice.IntN(8)) },
		"hostile":   func() uint64 { return dice.Uint64() | 0xffffff },
	}
	for _, name := range []string{"different", "copies", "hostile"} {
		posts := make([]copyable, n)
		for i := range posts {
			posts[i] = copyable{gist: kinds[name](), author: uint64(i), minute: int64(dice.IntN(6*60)) * 60}
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				findBursts(slices.Clone(posts))
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "posts/s")
		})
	}
}
