package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

func ids(list []hugops.Summary) string {
	var out []string
	for _, sum := range list {
		out = append(out, sum.Outage.ID)
	}
	return strings.Join(out, " ")
}

// TestOutagePage asks for outages in every way. Those of the future, those that
// turned out to be another and maintenances that nobody wrote about are not listed.
func TestOutagePage(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	hour := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Hour) }
	err := s.PutOutages(ctx, []hugops.Outage{
		{ID: "future", Service: "cirrus", StartedAt: later.Add(time.Second)},
		{ID: "merged", Service: "nimbus", StartedAt: hour(5), Suspected: true, MergedInto: "nimbus-1"},
		{ID: "quiet", Service: "nimbus", StartedAt: hour(4), Impact: "maintenance"},
		{ID: "c", Service: "cirrus", ServiceName: "Cirrus", Title: "Slow", StartedAt: hour(3)},
		{ID: "b", Service: "cirrus", ServiceName: "Cirrus", Title: "Down", StartedAt: hour(1), EndedAt: hour(2)},
		{ID: "a", Service: "stratus", ServiceName: "Stratus Über-Cloud", Title: "API slow", StartedAt: hour(1), EndedAt: hour(2)},
		nimbus, // begins at hour 0
	})
	if err != nil {
		t.Fatal(err)
	}
	posts := crowd(40)
	for i := range posts[:30] {
		posts[i].Post.Network = hugops.Bluesky
		if i < 3 {
			posts[i].Post.Network = hugops.X // of too few people to tell
		}
	}
	if err := s.Write(ctx, posts, nil); err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	for _, c := range []struct {
		name string
		q    hugops.OutageQuery
		want string
		more bool
	}{
		{"all", hugops.OutageQuery{}, "c a b nimbus-1", false},
		{"two", hugops.OutageQuery{Limit: 2}, "c a", true},
		{"four of four", hugops.OutageQuery{Limit: 4}, "c a b nimbus-1", false},
		{"behind a", hugops.OutageQuery{After: &hugops.OutagePlace{StartedAt: hour(1), ID: "a"}}, "b nimbus-1", false},
		{"behind what is gone", hugops.OutageQuery{After: &hugops.OutagePlace{StartedAt: hour(2), ID: "gone"}, Limit: 1}, "a", true},
		{"behind the last", hugops.OutageQuery{After: &hugops.OutagePlace{StartedAt: hour(-9)}}, "", false},
		{"of a service", hugops.OutageQuery{Service: "cirrus"}, "c b", false},
		{"of no service", hugops.OutageQuery{Service: "Cirrus"}, "", false},
		{"open", hugops.OutageQuery{Open: &yes}, "c", false},
		{"over, one", hugops.OutageQuery{Open: &no, Limit: 1}, "a", true},
		{"from", hugops.OutageQuery{From: hour(1)}, "c a b", false},
		{"to", hugops.OutageQuery{To: hour(1)}, "nimbus-1", false},
		{"within", hugops.OutageQuery{From: hour(1), To: hour(3)}, "a b", false},
		{"words of name and title", hugops.OutageQuery{Text: " SLOW über "}, "a", false},
		{"words of a slug", hugops.OutageQuery{Text: "cirrus"}, "c b", false},
		{"words that nothing has", hugops.OutageQuery{Text: "cirrus api"}, "", false},
		{"on Mastodon", hugops.OutageQuery{Network: hugops.Mastodon}, "nimbus-1", false},
		{"on Bluesky, one", hugops.OutageQuery{Network: hugops.Bluesky, Limit: 1}, "nimbus-1", false},
		{"on X, three people", hugops.OutageQuery{Network: hugops.X}, "", false},
		{"all at once", hugops.OutageQuery{Service: "nimbus", Open: &no, From: begin, To: hour(1), Text: "api", Network: hugops.Bluesky, Limit: 9}, "nimbus-1", false},
	} {
		page, err := s.OutagePage(ctx, later, c.q)
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(page.Summaries); got != c.want || (page.Next != nil) != c.more {
			t.Errorf("%s: %q, more %v; want %q, %v", c.name, got, page.Next != nil, c.want, c.more)
		}
	}
}

// TestPagesWhileOutagesCome: whoever reads page after page gets each outage that was
// there when he began once, whatever comes meanwhile, and of each network too.
func TestPagesWhileOutagesCome(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	var all []hugops.Outage
	var every []string
	for i := range 30 {
		every = append(every, fmt.Sprintf("o-%02d", i))
		all = append(all, hugops.Outage{ID: every[i], Service: "nimbus", StartedAt: begin.Add(-time.Duration(i/3) * time.Hour), EndedAt: later})
	}
	if err := s.PutOutages(ctx, all); err != nil {
		t.Fatal(err)
	}
	posts := crowd(12)
	for i := range posts {
		posts[i].Links[0].Outage = all[1+i/6*20].ID // o-01 and o-21
	}
	if err := s.Write(ctx, posts, nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		network hugops.Network
		limit   int
		want    string
	}{
		{"", 7, strings.Join(every, " ")},
		{hugops.Mastodon, 1, "o-01 o-21"},
		{hugops.Bluesky, 1, ""},
	} {
		var got []string
		q := hugops.OutageQuery{Limit: c.limit, Network: c.network}
		for n := 0; n == 0 || q.After != nil; n++ {
			page, err := s.OutagePage(ctx, later, q)
			if err != nil || n > 30 {
				t.Fatalf("page %d: %v", n, err)
			}
			if list := ids(page.Summaries); list != "" {
				got = append(got, list)
			}
			q.After = page.Next
			fresh := hugops.Outage{ID: fmt.Sprintf("new-%d%s", n, c.network), Service: "nimbus", StartedAt: begin.Add(time.Minute)}
			if err := s.PutOutages(ctx, []hugops.Outage{fresh}); err != nil {
				t.Fatal(err)
			}
		}
		list := strings.Join(got, " ")
		for strings.HasPrefix(list, "new-") { // came before he began
			_, list, _ = strings.Cut(list, " ")
		}
		if list != c.want {
			t.Errorf("on %q:\n got %s\nwant %s", c.network, list, c.want)
		}
	}
}

// TestServices counts what the list lists, by service.
func TestServices(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	old := nimbus
	old.ID, old.ServiceName, old.StartedAt, old.EndedAt = "nimbus-0", "Nimbus, once", begin.Add(-time.Hour), begin
	quiet, merged := nimbus, nimbus
	quiet.ID, quiet.Impact = "quiet", "maintenance"
	merged.ID, merged.MergedInto = "merged", cirrus.ID
	if err := s.PutOutages(ctx, []hugops.Outage{old, nimbus, cirrus, quiet, merged}); err != nil {
		t.Fatal(err)
	}
	list, err := s.Services(ctx, later)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if c := list[0]; c.Slug != "cirrus" || c.Outages != 1 || c.Open != 1 || c.Last.ID != cirrus.ID {
		t.Errorf("cirrus: %+v", c)
	}
	if n := list[1]; n.Slug != "nimbus" || n.Name != "Nimbus" || n.Outages != 2 || n.Open != 0 || n.Last.ID != nimbus.ID {
		t.Errorf("nimbus: %+v", n)
	}
}

// TestEntriesAreBounded: whoever reads about all outages does not fill the memory.
func TestEntriesAreBounded(t *testing.T) {
	c := newTestCache(t)
	kept := c.entry("0")
	for i := range maxEntries + 100 {
		c.entry(fmt.Sprint(i))
		if c.entry("0") != kept {
			t.Fatalf("what was used just now was dropped at %d", i)
		}
	}
	if n := len(c.entries); n != maxEntries {
		t.Errorf("%d entries, want %d", n, maxEntries)
	}
}
