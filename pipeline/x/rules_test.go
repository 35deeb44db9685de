package x

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestQueries lists what services are called, and the queries that find posts about
// them; ABOUT stands for the words that a name needs beside it.
func TestQueries(t *testing.T) {
	cases := []struct {
		name   string
		terms  Terms
		length int
		want   []string
	}{
		{"a name, a handle, a tag", Terms{Names: []string{"github"}, Handles: []string{"GitHubStatus"}, Tags: []string{"ghactions", "githubdown"}}, 500,
			[]string{`("github" OR @githubstatus OR #ghactions) ABOUT -is:retweet`, `(#githubdown OR #githuboutage) -is:retweet`}},
		{"a word of every day needs its place", Terms{Words: []string{"slack"}}, 500,
			[]string{`(#slackdown OR #slackoutage OR "slack is down" OR "slack outage" OR "slack down") -is:retweet`}},
		{"two words", Terms{Names: []string{"amazon web services"}}, 500,
			[]string{`("amazon web services") ABOUT -is:retweet`, `(#amazonwebservicesdown OR #amazonwebservicesoutage) -is:retweet`}},
		{"signs that end a phrase, a group or an operator", Terms{Names: []string{`a"b\ c`, "(", "at&t"}, Handles: []string{"a b", "x)"}, Tags: []string{"a-b", "2024", "störung"}}, 500,
			[]string{`("a b c" OR "at&t" OR #störung) ABOUT -is:retweet`}},
		{"nothing", Terms{}, 500, nil},
		{"more than one query takes", Terms{Words: []string{"aa", "bb"}}, 70, []string{
			`(#aadown OR #aaoutage OR "aa is down" OR "aa outage") -is:retweet`, `("aa down" OR #bbdown OR #bboutage OR "bb is down") -is:retweet`,
			`("bb outage" OR "bb down") -is:retweet`}},
		{"a name that no query takes", Terms{Words: []string{strings.Repeat("x", 80)}}, 70, nil},
	}
	for _, c := range cases {
		got := c.terms.queries(c.length)
		for i, q := range got {
			if runes(q) > c.length {
				t.Errorf("%s: %d characters: %s", c.name, runes(q), q)
			}
			got[i] = strings.ReplaceAll(q, about, "ABOUT")
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestPlan lists outages, and the services that are read.
func TestPlan(t *testing.T) {
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	o := func(service string, start, end time.Duration) hugops.Outage {
		x := hugops.Outage{ID: service + start.String(), Service: service, StartedAt: now.Add(start)}
		if end != 0 {
			x.EndedAt = now.Add(end)
		}
		return x
	}
	demo := o("nimbus", -time.Hour, 0)
	demo.Demo = true
	cases := []struct {
		name  string
		known []hugops.Outage
		rules int
		want  string
	}{
		{"none is open: only #hugops", nil, 100, ""},
		{"one", []hugops.Outage{o("github", -time.Hour, 0)}, 100, " github"},
		{"X has none here, by no name", []hugops.Outage{o("x", -time.Hour, 0), o("twitter", -time.Hour, 0)}, 100, ""},
		{"invented ones have none", []hugops.Outage{demo}, 100, ""},
		{"one that ended keeps its rules for its reach", []hugops.Outage{o("github", -8*time.Hour, -hugops.ReachAfter)}, 100, " github"},
		{"and loses them then", []hugops.Outage{o("github", -8*time.Hour, -hugops.ReachAfter-time.Second)}, 100, ""},
		{"one that is announced for later", []hugops.Outage{o("github", 2*time.Hour, 0)}, 100, ""},
		{"two of one service have the same rules", []hugops.Outage{o("github", -time.Hour, 0), o("github", -2*time.Hour, 0)}, 100, " github"},
		{"the newest first", []hugops.Outage{o("aws", -2*time.Hour, 0), o("slack", -time.Minute, 0), o("github", -time.Hour, 0)}, 100, " slack github aws"},
		{"as many as there are rules", []hugops.Outage{o("aws", -2*time.Hour, 0), o("slack", -time.Minute, 0), o("github", -time.Hour, 0)}, 5, " slack github (without aws)"},
	}
	for _, c := range cases {
		subjects, beyond := plan(c.known, namedOnly, limits{c.rules, 512}, now)
		var got []string
		for _, s := range subjects {
			got = append(got, s.service)
		}
		for _, s := range beyond {
			got = append(got, "(without "+s.service+")")
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
		slices.Reverse(c.known)
		again, _ := plan(c.known, namedOnly, limits{c.rules, 512}, now)
		if fmt.Sprint(rulesOf(again, 100)) != fmt.Sprint(rulesOf(subjects, 100)) {
			t.Errorf("%s: the rules depend on the order of the outages", c.name)
		}
	}
}

// TestDiff: what goes, and what comes.
func TestDiff(t *testing.T) {
	have := []rule{{"1", "a", "hugops:"}, {"2", "b", "hugops:x"}, {"3", "c", ""}, {"4", "d", "theirs"}, {"5", "a", "hugops:"}}
	want := []rule{{Value: "a", Tag: "hugops:"}, {Value: "b", Tag: "hugops:y"}, {Value: "e", Tag: "hugops:y"}}
	remove, missing := diff(have, want)
	if !slices.Equal(remove, []string{"2", "3", "4", "5"}) || !slices.Equal(missing, want[1:]) {
		t.Errorf("remove %v, add %v", remove, missing)
	}
}

// TestExchange: when rules are exchanged those of others go first, and ours only
// when the new ones are there, unless X would take both for the same.
func TestExchange(t *testing.T) {
	const a, b = "hugops:a", "hugops:b"
	for _, c := range []struct {
		name       string
		have, want []rule
		changes    string // the tags after each step
	}{
		{"a sample", []rule{{"1", "q", a}}, []rule{{Value: "q sample:50", Tag: a}}, "hugops:a hugops:a, hugops:a"},
		{"another tag", []rule{{"1", "q", a}}, []rule{{Value: "q", Tag: b}}, ", hugops:b"},
		{"a rule of others", []rule{{"1", "z", "theirs"}, {"2", "q", a}}, []rule{{Value: "r", Tag: b}}, "hugops:a, hugops:a hugops:b, hugops:b"},
		{"nothing to do", []rule{{"1", "q", a}}, []rule{{Value: "q", Tag: a}}, ""},
	} {
		f := newFake(t)
		f.rules = c.have
		api, err := newAPI(f.URL, goodToken)
		if err != nil {
			t.Fatal(err)
		}
		book := rulebook{api: api}
		if _, _, err := book.reconcile(t.Context(), c.want); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := strings.Join(f.changes, ", "); got != c.changes {
			t.Errorf("%s: %q, want %q", c.name, got, c.changes)
		}
		asked := len(f.asked)
		if removed, added, err := book.reconcile(t.Context(), c.want); removed+added != 0 || err != nil || len(f.asked) > asked+1 {
			t.Errorf("%s: once more %d, %d, %v by %d requests", c.name, removed, added, err, len(f.asked)-asked)
		}
	}
}

// TestRulesFollowOutages: rules of others go before the stream is opened, an outage
// that opens gets its rules and is looked back for, and one that closes loses them.
func TestRulesFollowOutages(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for i := range 5 {
		f.rules = append(f.rules, rule{fmt.Sprint(i), fmt.Sprintf("everything %d", i), ""})
	}
	f.addAt(keyGithub, "half an hour ago", time.Now().Add(-30*time.Minute))
	began := time.Now()
	r := start(t, f, nil)
	r.says("the stream is open")
	if got := f.tags(); got != "hugops:" {
		t.Errorf("rules %q", got)
	}
	if first := f.requests("GET", streamPath); len(first) != 1 || len(f.requests("POST", rulesPath)) != 2 {
		t.Errorf("asked %v", f.asked)
	}
	r.says("removed=5")
	r.board.set(outage("g-1", "github", 10*time.Minute))
	r.wants("created half an hour ago")
	f.add(keyGithub, "now")
	r.wants("created now")
	if got := f.tags(); got != "hugops: hugops:github" {
		t.Errorf("rules %q", got)
	}
	if a := r.learns(); a.State != hugops.CoverageReplay || a.From.Before(began) {
		t.Errorf("learnt %+v, and began at %v", a, began)
	}
	searches := len(f.requests("GET", "/2/tweets/search/recent"))
	r.board.set()
	r.until("the rules are gone", func() bool { return f.tags() == "hugops:" })
	if now := len(f.requests("GET", "/2/tweets/search/recent")); now != searches {
		t.Errorf("%d searches more", now-searches)
	}
}

// TestLookBackOnce: after a restart nothing is looked for, and paid, again.
func TestLookBackOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addAt(keyGithub, "before", time.Now().Add(-30*time.Minute))
	cfg := config(f, &board{})
	cfg.StateDir = t.TempDir()
	back := func() (n int) {
		for _, u := range f.requests("GET", "/2/tweets/search/recent") {
			if from, err := time.Parse(time.RFC3339, u.Query().Get("start_time")); err == nil && time.Since(from) > 5*time.Minute {
				n++
			}
		}
		return n
	}
	o := outage("g-1", "github", 10*time.Minute)
	r := startWith(t, f, cfg, nil, o)
	r.wants("created before")
	r.learns()
	r.stop()
	queries := back()
	r = startWith(t, f, cfg, nil, o)
	r.says("missed was read by searches") // the gap between the two
	if again := back(); queries == 0 || again != queries {
		t.Errorf("looked back by %d queries, and by %d after a restart", queries, again-queries)
	}
}

// TestRefusedRules: a rule that X does not take is said, and the others stand.
func TestRefusedRules(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.faulty = func(r rule) *problem {
		if strings.Contains(r.Value, keyGithub) {
			return &problem{Title: "UnprocessableEntity", Detail: "no", Type: "https://api.x.com/2/problems/invalid-rules"}
		}
		return nil
	}
	r := start(t, f, nil, outage("g-1", "github", time.Minute))
	r.says("X refuses rules")
	r.is(hugops.CoverageSample)
	r.until("the other rule is there", func() bool { return f.tags() == "hugops: hugops:github" })
	time.Sleep(100 * time.Millisecond)
	if n := len(f.requests("POST", rulesPath)); n > 3 {
		t.Errorf("asked %d times for the same", n)
	}
}

// TestRulesThatStay: as long as rules of others cannot be removed the stream stays
// closed, since what they bring costs money. X says so with status 200.
func TestRulesThatStay(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.rules = []rule{{"1", "everything", ""}}
	f.refuse["POST "+rulesPath] = answer(200, `{"errors":[{"title":"Invalid Request","detail":"no"}],"title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}`)
	r := start(t, f, nil)
	r.says("removing rules that would cost money")
	if n := len(f.requests("GET", streamPath)); n != 0 {
		t.Errorf("the stream was opened %d times", n)
	}
	f.set(func() { clear(f.refuse) })
	r.is(hugops.CoverageLive)
}
