package hugops_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func post(change func(*hugops.Post)) hugops.Post {
	p := hugops.Post{ID: "1", Network: hugops.X, Author: "p1-x", PostedAt: noon, Text: "#hugops"}
	if change != nil {
		change(&p)
	}
	return p
}

func TestPostValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*hugops.Post)
		want   string // "" = valid
	}{
		"whole":            {nil, ""},
		"empty text is ok": {func(p *hugops.Post) { p.Text = "" }, ""},
		"no id":            {func(p *hugops.Post) { p.ID = "" }, "id is missing"},
		"long id":          {func(p *hugops.Post) { p.ID = strings.Repeat("i", 1025) }, "longer than 1024"},
		"unknown network":  {func(p *hugops.Post) { p.Network = "icq" }, `network "icq"`},
		"no author":        {func(p *hugops.Post) { p.Author = "" }, "author is missing"},
		"no time":          {func(p *hugops.Post) { p.PostedAt = time.Time{} }, "posted_at is missing"},
		"before Twitter":   {func(p *hugops.Post) { p.PostedAt = noon.AddDate(-30, 0, 0) }, "out of range"},
		"after ClickHouse": {func(p *hugops.Post) { p.PostedAt = noon.AddDate(100, 0, 0) }, "out of range"},
		"invalid UTF-8":    {func(p *hugops.Post) { p.Text = "\xff" }, "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			p := post(c.change)
			err := p.Validate()
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v, want none", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want one with %q", err, c.want)
			case err != nil && !errors.Is(err, hugops.ErrInvalid):
				t.Errorf("%v does not wrap ErrInvalid", err)
			}
		})
	}
}

func TestEventValidateAndKey(t *testing.T) {
	p := post(nil)
	for _, c := range []struct {
		name, key, err string
		event          hugops.Event
	}{
		{"created", "x:1", "", hugops.Event{Kind: hugops.Created, Post: &p}},
		{"edited shares the key", "x:1", "", hugops.Event{Kind: hugops.Edited, Post: &p}},
		{"deleted shares the key", "x:1", "", hugops.Event{Kind: hugops.Deleted, Network: hugops.X, ID: "1"}},
		{"deleted by alias", "mastodon:alias:a.example/7", "", hugops.Event{Kind: hugops.Deleted, Network: hugops.Mastodon, Alias: "a.example/7"}},
		{"author gone", "bluesky:author:p1-x", "", hugops.Event{Kind: hugops.AuthorGone, Network: hugops.Bluesky, Author: "p1-x"}},
		{"created without post", "", "post is missing", hugops.Event{Kind: hugops.Created}},
		{"deleted without a name", "", "id and alias are missing", hugops.Event{Kind: hugops.Deleted, Network: hugops.X}},
		{"author gone without author", "", "author is missing", hugops.Event{Kind: hugops.AuthorGone, Network: hugops.X}},
		{"deleted without network", "", "network", hugops.Event{Kind: hugops.Deleted, ID: "1"}},
		{"unknown kind", "", `kind "liked"`, hugops.Event{Kind: "liked"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.event.Validate()
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || !errors.Is(err, hugops.ErrInvalid) {
					t.Errorf("got %v, want ErrInvalid with %q", err, c.err)
				}
				return
			}
			if err != nil || c.event.Key() != c.key {
				t.Errorf("got key %q, error %v; want %q", c.event.Key(), err, c.key)
			}
		})
	}
}

func TestVersionOrdersEdits(t *testing.T) {
	first := post(nil)
	edit := post(func(p *hugops.Post) { p.EditedAt = noon.Add(time.Second) })
	if first.Version() >= edit.Version() {
		t.Errorf("first %d, edit %d: the edit must be the later version", first.Version(), edit.Version())
	}
}

func TestPseudonyms(t *testing.T) {
	a, b := hugops.NewPseudonyms([]byte("key a")), hugops.NewPseudonyms([]byte("key b"))
	alice := a.Of(hugops.Mastodon, "alice@a.example")
	switch {
	case !hugops.IsPseudonym(alice):
		t.Errorf("%q has not the form of a pseudonym", alice)
	case strings.Contains(alice, "alice"):
		t.Errorf("%q names the author", alice)
	case alice != a.Of(hugops.Mastodon, "alice@a.example"):
		t.Error("the same author got two pseudonyms")
	case alice == b.Of(hugops.Mastodon, "alice@a.example"):
		t.Error("another key gave the same pseudonym")
	case alice == a.Of(hugops.X, "alice@a.example"):
		t.Error("another network gave the same pseudonym")
	case a.Of(hugops.X, alice) != alice:
		t.Error("a pseudonym was made into another one")
	case a.Of(hugops.X, "") != "":
		t.Error("nobody got a pseudonym")
	case a.Rekey("outage 1", alice) == a.Rekey("outage 2", alice):
		t.Error("an author can be followed from outage to outage")
	}
}

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{
		"Nimbus Cloud": "nimbus-cloud", "GitHub": "github", " AT&T ": "at-t", "crates.io": "crates-io", "日本語 1": "日本語-1", "--": "",
	} {
		if got := hugops.Slug(name); got != want {
			t.Errorf("Slug(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestOutageReach(t *testing.T) {
	o := hugops.Outage{ID: "o", Service: "s", StartedAt: noon, EndedAt: noon.Add(time.Hour)}
	open := o
	open.EndedAt = time.Time{}
	for _, c := range []struct {
		outage       hugops.Outage
		at           time.Duration
		isOpen, near bool
	}{
		{o, -61 * time.Minute, false, false},
		{o, -60 * time.Minute, false, true}, // users are faster than status pages
		{o, 0, true, true},
		{o, time.Hour, false, true},
		{o, 7 * time.Hour, false, true}, // and go on talking
		{o, 7*time.Hour + time.Second, false, false},
		{open, 1000 * time.Hour, true, true},
	} {
		at := noon.Add(c.at)
		if c.outage.OpenAt(at) != c.isOpen || c.outage.InReach(at) != c.near {
			t.Errorf("at %v: open %v, in reach %v; want %v, %v", c.at, c.outage.OpenAt(at), c.outage.InReach(at), c.isOpen, c.near)
		}
	}
}

func TestOutageValidate(t *testing.T) {
	whole := hugops.Outage{ID: "github-1", Service: "github", StartedAt: noon}
	for want, change := range map[string]func(*hugops.Outage){
		"":                      func(*hugops.Outage) {},
		"id is missing":         func(o *hugops.Outage) { o.ID = "" },
		"an id has at most 128": func(o *hugops.Outage) { o.ID = "a/b" },
		"service is missing":    func(o *hugops.Outage) { o.Service = "" },
		"started_at is missing": func(o *hugops.Outage) { o.StartedAt = time.Time{} },
		"out of range":          func(o *hugops.Outage) { o.StartedAt = noon.AddDate(-100, 0, 0) },
		"before started_at":     func(o *hugops.Outage) { o.EndedAt = noon.Add(-time.Second) },
	} {
		o := whole
		change(&o)
		err := o.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestIndexJSON: where there are too few people nobody reads a figure, and nobody a 0.
func TestIndexJSON(t *testing.T) {
	for _, c := range []struct {
		in   hugops.Index
		want string
	}{
		{hugops.Index{Enough: true, Value: 0, Upper: 9.5, Raw: 0.1, EMQ: 0.2, Authors: 40, Sided: 31, Support: 1, Venting: 30, Influence: 0.3},
			`{"authors":40,"bursts":0,"copies":0,"emq":0.2,"enough":true,"influence":0.3,"lower":0,"raw":0.1,"sided":31,"support":1,"upper":9.5,"value":0,"venting":30}`},
		{hugops.Index{Value: 50, Authors: 9, Sided: 3, Support: 2, Venting: 1, Copies: 5, Bursts: 1},
			`{"authors":9,"bursts":1,"copies":5,"emq":null,"enough":false,"influence":null,"lower":null,"raw":null,"sided":3,"support":2,"upper":null,"value":null,"venting":1}`},
	} {
		raw, err := json.Marshal(c.in)
		var sorted map[string]any
		if err = errors.Join(err, json.Unmarshal(raw, &sorted)); err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal(sorted); string(got) != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestProbabilitiesStance(t *testing.T) {
	for _, c := range []struct {
		p    hugops.Probabilities
		want hugops.Stance
	}{
		{hugops.Probabilities{Support: .5, Venting: .3, Neutral: .2}, hugops.Support},
		{hugops.Probabilities{Support: .2, Venting: .5, Neutral: .3}, hugops.Venting},
		{hugops.Probabilities{Support: .2, Venting: .3, Neutral: .5}, hugops.Neutral},
		{hugops.Probabilities{Support: .5, Venting: .5}, hugops.Neutral}, // no side without a majority
		{hugops.Probabilities{}, hugops.Neutral},
	} {
		if got := c.p.Stance(); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.p, got, c.want)
		}
	}
}

func TestLeadTime(t *testing.T) {
	start := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		first time.Duration // of the notices, after the start; negative: before it
		want  time.Duration
	}{
		"noticed at the start":          {0, 60 * time.Minute},
		"noticed before":                {-5 * time.Minute, 60 * time.Minute},
		"start set back by 20 minutes":  {20 * time.Minute, 40 * time.Minute},
		"start set back by three hours": {3 * time.Hour, 10 * time.Minute},
	} {
		o := hugops.Outage{StartedAt: start, Updates: []hugops.Update{{At: start.Add(c.first)}}}
		if got := o.LeadTime(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if !o.InReach(start.Add(-c.want)) || o.InReach(start.Add(-c.want-time.Second)) {
			t.Errorf("%s: the reach does not begin with the lead time", name)
		}
	}
}
