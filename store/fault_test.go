package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestCutAnywhere cuts the line at every request of a Write, before the engine
// sees it or after it has done it, and then delivers the events again in other
// batches: nothing is lost, nothing is counted twice.
func TestCutAnywhere(t *testing.T) {
	events := happening(rand.New(rand.NewPCG(4, 4)), 40)
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%v", after), func(t *testing.T) {
			t.Parallel()
			c := config(t)
			line := &failing{RoundTripper: c.Transport, after: after}
			c.Transport = line
			s := open(t, c)
			if err := writeOnce(t.Context(), s, events); err != nil {
				t.Fatal(err)
			}
			want, cuts := state(t, s), 0
			for cutAt(t, s, line, int64(cuts)+1, events) {
				cuts++
				for _, half := range [][]step{events[len(events)/2:], events[:len(events)/2]} {
					if err := writeOnce(t.Context(), s, half); err != nil {
						t.Fatal(err)
					}
				}
				if got := state(t, s); got != want {
					t.Fatalf("cut at request %d:\ngot  %s\nwant %s", cuts, got, want)
				}
			}
			if cuts < 10 {
				t.Errorf("only %d cuts: Write is said to need more requests", cuts)
			}
		})
	}
}

// cutAt writes a part of the events, and then all with the line cut at the k-th
// request. It is false if Write needed fewer.
func cutAt(t *testing.T, s *Store, line *failing, k int64, events []step) bool {
	t.Helper()
	empty(t, s)
	if k%3 == 0 { // most of the cases begin with an empty database
		if err := writeOnce(t.Context(), s, events[:len(events)/3]); err != nil {
			t.Fatal(err)
		}
	}
	line.left.Store(k)
	err := writeOnce(t.Context(), s, events)
	reached := line.left.Load() <= 0
	line.left.Store(0)
	if reached && !errors.Is(err, errCut) {
		t.Fatalf("request %d was cut, and Write said: %v", k, err)
	}
	return reached
}

// state is the series of both outages and a hash of the readings.
func state(t *testing.T, s *Store) string {
	t.Helper()
	var readings, posts uint64
	if err := s.db.QueryRow(t.Context(), "SELECT groupBitXor(cityHash64(post_key, digest)), count() FROM readings FINAL").Scan(&readings, &posts); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s | %s | %d posts, hash %x", figuresOf(t, s, nimbus.ID), figuresOf(t, s, cirrus.ID), posts, readings)
}

// TestManyWriters lets several stores write the same posts and the same minutes
// at the same time, deletions among them: it comes out as if one had.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(8, 8))
	events := happening(dice, 200)
	alone := fresh(t)
	if err := writeAll(t.Context(), alone, dice, events); err != nil {
		t.Fatal(err)
	}
	want := exported(t, alone)
	c := config(t)
	writers := []*Store{open(t, c), open(t, c), open(t, c)}
	var wg sync.WaitGroup
	for i, w := range writers {
		dice := rand.New(rand.NewPCG(8, uint64(i)))
		mine := shuffled(dice, events)
		wg.Go(func() {
			if err := writeAll(t.Context(), w, dice, mine); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	compare(t, exported(t, writers[0]), want)
}

// TestErase: what was deleted leaves the disk, and what was not stays.
func TestErase(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	if err := s.Write(ctx, []hugops.Reading{reading("a", 1, hugops.Support), reading("b", 1, hugops.Support)}, nil); err != nil {
		t.Fatal(err)
	}
	s.eraser.next = time.Now().Add(time.Hour)
	if err := s.Write(ctx, nil, []hugops.Deletion{postOf("a")}); err != nil {
		t.Fatal(err)
	}
	if got := figuresOf(t, s, nimbus.ID); got != "1:1/0/0/1" {
		t.Errorf("after the deletion: %s", got)
	}
	s.eraser.next = time.Time{}
	if err := s.Write(ctx, nil, nil); err != nil {
		t.Fatal(err)
	}
	// Mutations run in the background, in order: one that waits comes after.
	if err := s.db.Exec(ctx, "ALTER TABLE readings DELETE WHERE 0 SETTINGS mutations_sync = 2"); err != nil {
		t.Fatal(err)
	}
	var traces, rest uint64
	err := s.db.QueryRow(ctx, "SELECT countIf(id = 'a' OR text LIKE '% a' OR author LIKE '%-a'), countIf(id = 'b') FROM readings").Scan(&traces, &rest)
	if err != nil || traces != 0 || rest != 1 {
		t.Errorf("%d traces of the deleted post, %d of its neighbour, %v", traces, rest, err)
	}
	for range 2 {
		if err := s.Write(ctx, []hugops.Reading{reading("a", 1, hugops.Support)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := figuresOf(t, s, nimbus.ID); got != "1:1/0/0/1" {
		t.Errorf("after a replay: %s", got)
	}
	if err := s.db.QueryRow(ctx, "SELECT count() FROM readings WHERE text != ''").Scan(&traces); err != nil || traces != 1 {
		t.Errorf("after a replay %d texts are on the disk, %v", traces, err)
	}
}

// TestHostileTexts: whatever a text holds, it comes back as it was.
func TestHostileTexts(t *testing.T) {
	s := fresh(t)
	texts := []string{"", "nul\x00inside", `quotes ' " ' \' -- ; DROP TABLE readings`, "lines\r\nand\ttabs", "💚 é e\u0301 \u202eright to left",
		"{param:String} {{keys}} $ON_CLUSTER ?", strings.Repeat("長", hugops.MaxText/3), "\ufeffbom \ufffd"}
	want := map[string]hugops.Post{}
	var readings []hugops.Reading
	for i, text := range texts {
		r := reading(fmt.Sprintf("id'%d\\\"", i), float64(i), hugops.Support, edited(time.Second))
		r.Post.Text, r.Post.URLs, r.Post.ReplyTo = text, []string{"https://x.example/?a='b'", text}, text
		r.Post.Author, r.Post.Lang, r.Post.Source, r.Post.Alias = "p1-"+text, text, text, text
		r.Post.AuthorService, r.Post.Bot = "svc'", i%2 == 0
		r.Post.PostedAt = r.Post.PostedAt.Add(123456 * time.Microsecond)
		r.Post.EditedAt = r.Post.EditedAt.Add(654321 * time.Microsecond)
		r.Links[0].Evidence = []string{text, "'"}
		if text != "" {
			want[r.Post.ID] = r.Post
		}
		readings = append(readings, r)
	}
	if err := s.Write(t.Context(), readings, nil); err != nil {
		t.Fatal(err)
	}
	got := 0
	err := s.Texts(t.Context(), begin, begin.Add(time.Hour), "", func(p hugops.Post) error {
		got++
		if w := want[p.ID]; fmt.Sprintf("%#v", p) != fmt.Sprintf("%#v", w) {
			t.Errorf("got  %#v\nwant %#v", p, w)
		}
		return nil
	})
	if err != nil || got != len(want) {
		t.Errorf("%d posts with texts, want %d: %v", got, len(want), err)
	}
}

// TestTextsAreNotKeptLonger: writing a post again, as linking again does, does
// not renew the time for which its text is kept.
func TestTextsAreNotKeptLonger(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	s.now = func() time.Time { return time.Now().Add(-29 * 24 * time.Hour) }
	if err := s.Write(ctx, []hugops.Reading{reading("a", 1, hugops.Support)}, nil); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		err := s.Texts(ctx, begin, later, "", func(hugops.Post) error { n++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 1 {
		t.Errorf("%d texts after 29 days, want 1", n)
	}
	s.now = time.Now
	if err := s.Write(ctx, []hugops.Reading{reading("a", 1, hugops.Venting)}, nil); err != nil {
		t.Fatal(err)
	}
	var age uint32
	if err := s.db.QueryRow(ctx, "SELECT toUInt32(dateDiff('day', any(collected), now())) FROM readings FINAL").Scan(&age); err != nil || age != 29 {
		t.Errorf("the text counts as %d days old: %v", age, err)
	}
	if got := figuresOf(t, s, nimbus.ID); got != "1:0/1/0/1" {
		t.Errorf("read again: %s", got)
	}
}
