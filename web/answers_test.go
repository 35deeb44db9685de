package web

import (
	"net/url"
	"strings"
	"testing"

	"github.com/hugops/hugops"
)

// TestReplies: what is said beside each notice of the fixtures.
func TestReplies(t *testing.T) {
	d := nimbus()
	var got []string
	for _, u := range tell(numberUpdates(d.Outage.Updates, noon), d, noon) {
		got = append(got, u.When+" "+u.Answer.Words)
		if g := u.Answer.Gauge; g != nil && (!g.HasBefore || !strings.HasPrefix(g.Label, "Before it ")) {
			t.Errorf("%s: the gauge does not say what was before: %q", u.When, g.Label)
		}
	}
	want := []string{
		"11:23 Too few people around it to tell",
		"11:58 46 before, 68 after: kinder after it",
		"12:47 68 before, 72 after: cannot tell them apart",
		"13:40 84 before, 71 so far: less kind after it",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRepliesOfOneMinute: of notices at the same time the last has the answer.
func TestRepliesOfOneMinute(t *testing.T) {
	d := nimbus()
	d.Outage.Updates = []hugops.Update{{At: at("11:58"), Status: "identified", Text: "a"}, {At: at("11:58"), Status: "update", Text: "b"}, {At: at("12:00"), Text: "c"}}
	told := tell(numberUpdates(d.Outage.Updates, noon), d, noon)
	if told[0].Answer != nil || told[1].Answer == nil || told[2].Answer != nil {
		t.Errorf("answers %v, %v, %v: only the second has one", told[0].Answer, told[1].Answer, told[2].Answer)
	}
}

func TestTrend(t *testing.T) {
	for _, c := range []struct {
		known        bool
		lower, upper float64
		want         string
	}{
		{true, 0.1, 9, "kinder now"}, {true, -9, -0.1, "less kind now"}, {true, -4, 6, "steady"}, {true, -10, 10, "steady"},
		{true, -11, 3, "no clear trend"}, {true, -3, 11, "no clear trend"}, {false, 0, 0, "no clear trend"},
	} {
		if got := trend(hugops.Change{Known: c.known, Lower: c.lower, Upper: c.upper}); got != c.want {
			t.Errorf("known %v, %v to %v: %q, want %q", c.known, c.lower, c.upper, got, c.want)
		}
	}
}

// TestAim: the three parts are whole, never more than a hundred, and not shown of a
// crowd that is too small.
func TestAim(t *testing.T) {
	for _, c := range []struct {
		blame   hugops.Blame
		venting int
		want    *aim
	}{
		{hugops.Blame{Posts: 300, People: 0.124, Company: 0.55, Situation: 0.326}, 200, &aim{12, 55, 33}},
		{hugops.Blame{Posts: 300, People: 0.505, Company: 0.495}, 200, &aim{51, 49, 0}},
		{hugops.Blame{Posts: 29, People: 0.5, Company: 0.5}, 200, nil},
		{hugops.Blame{Posts: 300, People: 0.5, Company: 0.5}, 29, nil},
	} {
		got := newAim(hugops.Detail{Blame: c.blame, Summary: hugops.Summary{Index: hugops.Index{Venting: c.venting}}})
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%+v of %d who vented: %+v, want %+v", c.blame, c.venting, got, c.want)
		}
	}
}

func TestCopies(t *testing.T) {
	for _, c := range []struct {
		accounts, bursts int
		want             string
	}{
		{0, 0, ""}, {4, 1, ""}, {5, 1, "5 accounts posted nearly the same words at nearly the same time; they count as one person."},
		{1400, 2, "1,400 accounts posted nearly the same words as others, in 2 bursts; each burst counts as one person."},
	} {
		if got := copies(hugops.Index{Copies: c.accounts, Bursts: c.bursts}); got != c.want {
			t.Errorf("%d in %d: %q, want %q", c.accounts, c.bursts, got, c.want)
		}
	}
}

// TestHug: the message names the company's own account on the network at hand, and
// there alone.
func TestHug(t *testing.T) {
	h := newHug("Nimbus & Söhne", true, map[hugops.Network][]string{hugops.X: {"nimbus", "other"}, hugops.Mastodon: {"ops@nimbus.example"}})
	decoded := func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query().Get("text")
	}
	const rest = " who is fixing things right now. We see you. #HugOps"
	for name, c := range map[string]struct{ got, want string }{
		"shown":    {h.Message, "Thank you to everyone at Nimbus & Söhne" + rest},
		"Mastodon": {h.Mastodon, "Thank you to everyone at Nimbus & Söhne (@ops@nimbus.example)" + rest},
		"X":        {decoded(h.X), "Thank you to everyone at Nimbus & Söhne (@nimbus)" + rest},
		"Bluesky":  {decoded(h.Bluesky), "Thank you to everyone at Nimbus & Söhne" + rest},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	if strings.Contains(h.X, "+") {
		t.Errorf("a space became a plus, which X shows as one: %s", h.X)
	}
}
