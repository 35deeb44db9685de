package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestOutdated says which posts are to be read again when the model is m2, and
// which cannot be: their text is gone.
func TestOutdated(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	model := func(m string) func(*hugops.Reading) { return func(r *hugops.Reading) { r.Model = m } }
	write := func(readings ...hugops.Reading) {
		t.Helper()
		if err := s.Write(ctx, readings, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.now = func() time.Time { return time.Now().Add(-31 * 24 * time.Hour) }
	write(reading("long ago", 0, hugops.Support), reading("long ago, and current", 0, hugops.Support, model("m2")))
	s.now = time.Now
	day := 24. * 60
	write(reading("a", 1, hugops.Support), reading("b", 1.5, hugops.Venting), reading("current", 2, hugops.Support, model("m2")),
		reading("c", 30, hugops.Support), reading("much later", 2*day, hugops.Support), reading("deleted", 3*day, hugops.Support),
		reading("no words", 4, hugops.Neutral, func(r *hugops.Reading) { r.Post.Text = "" }))
	if err := s.Write(ctx, nil, []hugops.Deletion{postOf("deleted")}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Outdated(ctx, "m2")
	if err != nil {
		t.Fatal(err)
	}
	at := func(minutes float64) time.Time { return begin.Add(time.Duration(minutes * float64(time.Minute))) }
	want := Outdated{Posts: 4, Gone: 2, Spans: []Span{{at(1), at(31), 3}, {at(2 * day), at(2*day + 1), 1}}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	var texts []string
	for _, span := range got.Spans {
		err := s.Texts(ctx, span.From, span.To, "m2", func(p hugops.Post) error {
			texts = append(texts, p.ID)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(texts) != "[a b c much later]" && fmt.Sprint(texts) != "[b a c much later]" {
		t.Errorf("texts of %v", texts)
	}
	write(reading("a", 1, hugops.Support, model("m2")), reading("b", 1.5, hugops.Venting, model("m2")),
		reading("c", 30, hugops.Support, model("m2")), reading("much later", 2*day, hugops.Support, model("m2")))
	if got, err := s.Outdated(ctx, "m2"); err != nil || fmt.Sprint(got) != fmt.Sprint(Outdated{Gone: 2}) {
		t.Errorf("in the end %v, %v", got, err)
	}
}

// TestSpans: a span ends when it is full, but never within a minute.
func TestSpans(t *testing.T) {
	var o Outdated
	for i, kept := range []int{1, spanPosts, 7, spanPosts * 3, 0, 1} {
		o.add(begin.Add(time.Duration(i)*time.Minute), kept, 2)
	}
	var sizes []int
	for _, s := range o.Spans {
		sizes = append(sizes, s.Posts)
	}
	if fmt.Sprint(sizes) != fmt.Sprint([]int{spanPosts + 1, spanPosts*3 + 7, 1}) || o.Gone != 12 {
		t.Errorf("spans of %v posts, %d gone", sizes, o.Gone)
	}
}

// TestSettle: what a process left that was killed between readings and series is
// put right, and nothing else is touched.
func TestSettle(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	if err := s.Write(ctx, []hugops.Reading{reading("a", 1, hugops.Support), reading("b", 1, hugops.Support), reading("c", 9, hugops.Neutral)}, nil); err != nil {
		t.Fatal(err)
	}
	cut := []hugops.Reading{reading("a", 1, hugops.Venting), reading("c", 9, hugops.Neutral, about("cirrus-1"))}
	if err := s.put(ctx, rowsOf(cut, time.Now().Unix())); err != nil {
		t.Fatal(err)
	}
	if got := figuresOf(t, s, nimbus.ID); got != "1:2/0/0/2 9:0/0/1/1" {
		t.Errorf("before: %s", got)
	}
	for range 2 {
		if err := s.Settle(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got := figuresOf(t, s, nimbus.ID) + "; " + figuresOf(t, s, cirrus.ID); got != "1:1/1/0/2; 9:0/0/1/1" {
		t.Errorf("after: %s", got)
	}
}
