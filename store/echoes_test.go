package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestEchoTimes says which time before and after an update is looked at, in minutes
// after noon.
func TestEchoTimes(t *testing.T) {
	for _, test := range []struct {
		updates []float64
		want    string
	}{
		{nil, ""},
		{[]float64{90}, "30-90-150 "},
		{[]float64{90, 300}, "30-90-150 240-300-360 "},
		{[]float64{90, 130}, "30-90-130 90-130-190 "},
		{[]float64{90, 95, 100}, "30-90-105 80-95-110 85-100-160 "}, // 15 minutes at least
		{[]float64{130, 90}, "30-90-130 90-130-190 "},               // in whatever order they are told
		{[]float64{90.2, 90.9}, "30-90-150 "},                       // one minute has one answer
		{[]float64{90.9}, "30-90-150 "},
	} {
		var updates []hugops.Update
		for _, m := range test.updates {
			updates = append(updates, hugops.Update{At: begin.Add(time.Duration(m * float64(time.Minute))), Status: fmt.Sprint(m)})
		}
		got := ""
		for _, e := range echoesOf(updates) {
			in := func(t time.Time) int { return int(t.Sub(begin) / time.Minute) }
			got += fmt.Sprintf("%d-%d-%d ", in(e.answer.From), in(e.answer.At), in(e.answer.To))
		}
		if got != test.want {
			t.Errorf("updates at %v: %s, want %s", test.updates, got, test.want)
		}
	}
}

// met is n people who write within an hour from a minute on, of whom one in every
// vents.
func met(name string, n int, from float64, every int) (list []hugops.Reading) {
	for i := range n {
		stance := hugops.Support
		if i%every == 0 {
			stance = hugops.Venting
		}
		list = append(list, reading(fmt.Sprintf("%s%d", name, i), from+60*float64(i)/float64(n), stance))
	}
	return list
}

// TestAnswers: the hour before an update and the hour after it are told apart by
// their intervals; an update that nobody can be seen to have answered says so; and
// an update changes the answers though no post comes.
func TestAnswers(t *testing.T) {
	c := config(t)
	c.Stale = time.Hour // answers come from memory
	s := open(t, c)
	ctx := t.Context()
	o := nimbus
	update := func(minutes float64, status string) {
		t.Helper()
		o.Updates = append(o.Updates, hugops.Update{At: begin.Add(time.Duration(minutes * float64(time.Minute))), Status: status, Text: "…"})
		if err := s.PutOutages(ctx, []hugops.Outage{o}); err != nil {
			t.Fatal(err)
		}
	}
	update(60, "identified")
	posts := append(met("early", 200, 0, 2), met("later", 200, 60, 8)...) // kinder
	posts = append(posts, met("third", 200, 120, 8)...)                   // as kind
	if err := s.Write(ctx, append(posts, met("few", 20, 180, 1)...), nil); err != nil {
		t.Fatal(err)
	}
	if d := detailOf(t, s); len(d.Answers) != 1 || d.Answers[0].Change.Direction() != 1 || d.Answers[0].Status != "identified" ||
		d.Answers[0].Before.Authors != 200 || d.Answers[0].After.Authors != 200 {
		t.Fatalf("kinder after it: %+v", d.Answers)
	}
	update(120, "monitoring")
	update(240, "resolved")
	var answers []hugops.Answer
	for range 1000 { // figures rest for ten times as long as they took
		if answers = detailOf(t, s).Answers; len(answers) == 3 {
			break
		}
		s.cache.outages.forget()
		time.Sleep(20 * time.Millisecond)
	}
	if len(answers) != 3 {
		t.Fatalf("after two more updates there are %d answers", len(answers))
	}
	if a := answers[1]; !a.Change.Known || a.Change.Direction() != 0 || a.Change.Lower >= a.Change.Value || a.Change.Value >= a.Change.Upper {
		t.Errorf("as kind as before: %+v", a.Change)
	}
	if a := answers[2]; a.Change != (hugops.Change{}) || a.Change.Direction() != 0 || a.Before.Authors != 20 || a.After.Authors != 0 {
		t.Errorf("too few: %+v", a)
	}
	d, err := s.Detail(ctx, nimbus.ID, begin.Add(119*time.Minute))
	if err != nil || len(d.Answers) != 1 {
		t.Errorf("before the second update there are %d answers, %v", len(d.Answers), err)
	}
}

// TestTrend: the last hour against that before it, as seen at several times.
func TestTrend(t *testing.T) {
	s := fresh(t)
	if err := s.PutOutages(t.Context(), []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	posts := append(met("a", 200, 0, 8), met("b", 200, 60, 2)...)
	if err := s.Write(t.Context(), append(posts, met("c", 200, 120, 2)...), nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		minute    int
		known     bool
		direction int
	}{
		{30, false, 0},  // there was no hour before
		{120, true, -1}, // less kind
		{180, true, 0},  // as it was
		{230, true, 0},  // nobody has written since
		{300, false, 0}, // what was an hour ago is no trend
	} {
		d, err := s.Detail(t.Context(), nimbus.ID, begin.Add(time.Duration(test.minute)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if d.Trend.Known != test.known || d.Trend.Direction() != test.direction {
			t.Errorf("after %d minutes: %+v, last point %s", test.minute, d.Trend, d.Curve[len(d.Curve)-1].At)
		}
	}
}

// TestChangeCovers: where two hours of different sizes have the same true share, a
// difference is claimed in some 5 % of cases at most; and where they differ, the
// interval of the difference holds it.
func TestChangeCovers(t *testing.T) {
	t.Parallel()
	const runs = 400 // their standard error is 1.1 points
	posts := blurred.population(rand.New(rand.NewPCG(4, 4)))
	for _, test := range []struct {
		before, after int
		p, q          float64
	}{
		{300, 300, .5, .5}, {60, 600, .3, .3}, {600, 60, .9, .9}, {60, 60, .1, .1}, {300, 300, .3, .5}, {100, 400, .9, .6},
	} {
		covered, claimed := 0, 0
		for run := range runs {
			sim := &simulation{rand.New(rand.NewPCG(9, uint64(run))), posts}
			e := newEstimator(sim.errorModel(300))
			before, _, _ := sim.outage(test.before, 0.8, test.p)
			after, _, _ := sim.outage(test.after, 0.8, test.q)
			was, is := e.quantify(&before), e.quantify(&after)
			c := e.change(&was, &is)
			if d := 100 * (test.q - test.p); c.Lower <= d && d <= c.Upper {
				covered++
			}
			if c.Direction() != 0 {
				claimed++
			}
		}
		got, said := float64(covered)/runs, float64(claimed)/runs
		t.Logf("%d people at %.1f, %d at %.1f: covered %.3f, a difference claimed in %.3f", test.before, test.p, test.after, test.q, got, said)
		if got < 0.925 || test.p == test.q && said > 0.075 || test.p != test.q && said < 0.5 {
			t.Errorf("%d people at %.1f, %d at %.1f: covered %.3f, a difference claimed in %.3f", test.before, test.p, test.after, test.q, got, said)
		}
	}
}
