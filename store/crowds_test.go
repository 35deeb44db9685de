package store

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// troubled are posts that say that a service is in trouble: by so many people,
// spread over the minutes from and to, after begin.
func troubled(service string, people int, from, to float64, change ...func(*hugops.Reading)) (list []hugops.Reading) {
	for i := range people {
		at := from + (to-from)*float64(i)/float64(people)
		r := reading(fmt.Sprintf("%s-%g-%d", service, from, i), at, hugops.Venting, change...)
		r.Links, r.Services, r.Troubled = nil, []string{service, "other"}, []string{service}
		list = append(list, r)
	}
	return list
}

// TestCrowds: half an hour of posts about several services, looked at in its end.
func TestCrowds(t *testing.T) {
	s := fresh(t)
	posts := troubled("loud", 40, 20, 30)
	posts = append(posts, troubled("early", 40, 1, 19)...)
	posts = append(posts, troubled("old", 40, -20, -1)...)
	posts = append(posts, troubled("one-person", 40, 20, 30, func(r *hugops.Reading) { r.Post.Author = "p1-loudmouth" })...)
	posts = append(posts, troubled("one-text", 40, 20, 30, func(r *hugops.Reading) { r.Post.Text = "copy and paste: it is down" })...)
	posts = append(posts, troubled("bots", 40, 20, 30, func(r *hugops.Reading) { r.Post.Bot = true })...)
	posts = append(posts, troubled("own", 40, 20, 30, func(r *hugops.Reading) { r.Post.AuthorService = "own" })...)
	posts = append(posts, troubled("late", 3, 2, 3)...) // strays long before its crowd
	posts = append(posts, troubled("late", 97, 25, 29)...)
	if err := s.Write(t.Context(), posts, nil); err != nil {
		t.Fatal(err)
	}
	crowds, err := s.Crowds(t.Context(), begin.Add(30*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, c := range crowds {
		got += fmt.Sprintf("%s %d/%d in %d min from %d to %d\n", c.Service, c.Now, c.Lately, c.Minutes,
			int(c.Began.Sub(begin).Minutes()), int(c.Last.Sub(begin).Minutes()))
	}
	want := "late 97/100 in 4 min from 25 to 28\nloud 36/40 in 9 min from 20 to 29\none-person 1/1 in 9 min from 20 to 29\n" +
		"one-text 1/1 in 9 min from 20 to 29\nearly 0/40 in 0 min from 1 to 18\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestUsual: ten days in which one service is spoken of now and then, one was in an
// outage for an hour, and one for a day.
func TestUsual(t *testing.T) {
	s := fresh(t)
	day := func(n float64) float64 { return n * 24 * 60 }
	var posts []hugops.Reading
	for i := range 40 { // of 1,440 times ten minutes
		posts = append(posts, troubled("chatty", 5, day(0)+float64(i)*300, day(0)+float64(i)*300+9)...)
	}
	posts = append(posts, troubled("outage", 300, day(3), day(3)+60)...)
	posts = append(posts, troubled("long-outage", 1440, day(3), day(4))...)
	posts = append(posts, troubled("first", 1, day(0), day(0)+1)...)
	if err := s.Write(t.Context(), posts, nil); err != nil {
		t.Fatal(err)
	}
	got, err := s.Usual(t.Context(), begin.Add(10*24*time.Hour))
	if want := map[string]int{"chatty": 5, "long-outage": 10}; err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}
